/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What is YAML becomes JSON within the limit, unless a key is there twice.
 *
 * Covers: format/yaml.c
 */

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "format/json.h"
#include "format/yaml.h"

#define LIMIT 65536

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = {(const char *)data, size};
	struct mldv_error err = {0};
	struct buf out = {0};
	struct json *root;

	if (yaml_to_json(&out, text, LIMIT, &err) < 0) {
		check(err.text[0] != '\0');
	} else {
		check(out.len <= LIMIT);
		if (json_open(&root, (struct slice){out.data, out.len}, LIMIT,
		        JSON_STRICTLY, &err) < 0) {
			check(strstr(err.text, "duplicate") != NULL);
		} else {
			check(json_is_map(root));
			json_close(root);
		}
	}
	buf_release(&out);
	return 0;
}
