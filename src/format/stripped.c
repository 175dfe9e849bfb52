/* SPDX-License-Identifier: Apache-2.0 */
#include "format/stripped.h"

#include <string.h>

#include "format/json.h"

static bool was_run(const struct json *cell)
{
	const char *type = json_str(json_member(cell, "cell_type"));
	int64_t number;

	return type && strcmp(type, "code") == 0 &&
	    (json_len(json_member(cell, "outputs")) > 0 ||
	        json_whole(json_member(cell, "execution_count"), &number));
}

size_t notebook_outputs(struct slice text)
{
	struct mldv_error ignored;
	struct json *root;
	struct json *cells;
	size_t found = 0;

	if (json_open(&root, text, STRIPPED_LIMIT, JSON_OF_PYTHON, &ignored) <
	    0)
		return 0;
	cells = json_member(root, "cells");
	for (size_t i = 0; i < json_len(cells); i++)
		found += was_run(json_item(cells, i));
	json_close(root);
	return found;
}
