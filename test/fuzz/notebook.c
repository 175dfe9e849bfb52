/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What is said of a notebook is the same each time it is read, and a name that
 * its code assigns stands in it.
 *
 * Covers: format/notebook.c format/assigned.c
 */

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "format/assigned.h"
#include "format/notebook.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_twice(const struct notebook *notebook, struct slice text)
{
	struct mldv_error err = {0};
	struct notebook again;
	struct buf a = {0};
	struct buf b = {0};

	notebook_add_source(notebook, &a);
	notebook_add_result(notebook, &a);
	if (notebook_parse(&again, text, &err) < 0)
		abort();
	notebook_add_source(&again, &b);
	notebook_add_result(&again, &b);
	if (a.len != b.len || memcmp(a.data, b.data, a.len) != 0)
		abort();
	notebook_release(&again);
	buf_release(&a);
	buf_release(&b);
}

/* Every name is one that stands in the text. */
static void check_names(struct slice text, bool python)
{
	struct strs names = {0};

	assigned_names(text, python, &names);
	for (size_t i = 0; i < names.count; i++) {
		if (!memmem(text.data, text.len, names.items[i],
		        strlen(names.items[i])))
			abort();
	}
	strs_release(&names);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = {(const char *)data, size};
	struct mldv_error err = {0};
	struct notebook_outcome outcome;
	struct notebook notebook;
	struct strs names = {0};

	check_names(text, true);
	check_names(text, false);
	if (notebook_parse(&notebook, text, &err) < 0) {
		if (err.text[0] == '\0')
			abort();
		return 0;
	}
	check_twice(&notebook, text);
	notebook_names(&notebook, &names);
	notebook_outcome(&notebook, &outcome);
	if (outcome.complete && (outcome.stopped || outcome.cell != 0))
		abort();
	if (notebook_left_early(&outcome) && !outcome.stopped)
		abort();
	strs_release(&names);
	notebook_release(&notebook);
	return 0;
}
