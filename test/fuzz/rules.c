/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Rules are read or refused with a line, and a pattern that was read can be
 * held against any name.
 *
 * Covers: format/rules.c format/rulepattern.c
 */

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "format/rules.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void match(const struct rules *rules, const char *text)
{
	struct strs values = {0};

	strs_add(&values, "raw");
	strs_add_n(&values, text, strnlen(text, 20));
	for (size_t i = 0; i < rules->name_count; i++) {
		const char *pattern = rules->names[i].pattern;

		if (rule_pattern_refused(pattern))
			abort();
		(void)rule_name_fits(pattern, pattern, &values);
		(void)rule_name_fits(pattern, text, &values);
		if (strcmp(pattern, "*") == 0 &&
		    !rule_name_fits(pattern, text, &values))
			abort();
	}
	strs_release(&values);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mldv_error err = {0};
	struct arena arena = {0};
	struct rules rules;
	struct ini ini;
	char name[65];
	size_t len = size < 64 ? size : 64;

	if (size > 4096)
		return 0;
	memcpy(name, data, len);
	name[len] = '\0';
	if (ini_parse(&ini, &arena, "x", (const char *)data, size, &err) == 0) {
		if (rules_parse(&rules, &arena, &ini, &err) == 0)
			match(&rules, name);
		else if (err.code != MLDV_USAGE ||
		    strncmp(err.text, "x:", 2) != 0)
			abort();
	}
	arena_release(&arena);
	return 0;
}
