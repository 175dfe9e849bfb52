/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_NOTEBOOK_H
#define FORMAT_NOTEBOOK_H

/*
 * A Jupyter notebook: format 4 of nbformat, as jupyter and papermill write it.
 *
 * Two forms of it are compared instead of its bytes, in which saving it or
 * running it once more would show. Both are JSON without white space, names
 * sorted. The source is what a run depends on: of each cell its type, source,
 * attachments and sorted tags, and the kernel and language; without the cells
 * that papermill adds. The result is what a reader of an executed notebook
 * sees: the source with those cells, and the outputs, but not when or how
 * often something ran, and of addresses (0x7f…), terminal colours and
 * ipykernel's file names only that they were there.
 */

#include "base/strs.h"
#include "format/json.h"

/* An executed notebook holds its images. */
#define NOTEBOOK_LIMIT ((size_t)128 << 20)

struct notebook {
	struct json *root;
	struct json *cells;
	/* What runs it, and its language, if the notebook says; or NULL. */
	const char *kernel;
	const char *language;
	/* How many cells are tagged "parameters". */
	unsigned parameters;
	/* There is a cell that papermill put in when it ran it. */
	bool injected;
};

/* Keeps nothing of text; release it. Messages do not name the notebook. */
CHECKED int notebook_parse(struct notebook *out, struct slice text,
    struct mldv_error *err);
void notebook_release(struct notebook *notebook);

void notebook_add_source(const struct notebook *notebook, struct buf *out);
void notebook_add_result(const struct notebook *notebook, struct buf *out);

bool notebook_is_python(const struct notebook *notebook);
/* Sorted, each once: what the cells tagged "parameters" assign. */
void notebook_names(const struct notebook *notebook, struct strs *out);

/*
 * How running it went, by what papermill and nbclient left in it. Cells are
 * code cells, counted from 1 without the one that papermill put in, which
 * has the number 0.
 */
struct notebook_outcome {
	/* No exception, and each cell that holds any code ran. */
	bool complete;
	bool stopped;   /* an exception is recorded, in cell */
	unsigned cell;  /* or the first that should have run and did not */
	unsigned begun; /* the last cell that began; 0: none */
	/* Of the exception: "ValueError", "x must be positive"; or NULL. */
	const char *name;
	const char *text;
};
void notebook_outcome(const struct notebook *notebook,
    struct notebook_outcome *out);
/* Is it sys.exit() or sys.exit(0), for which papermill reports success? */
bool notebook_left_early(const struct notebook_outcome *outcome);

#endif
