/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/output.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/path.h"
#include "pipeline/logs.h"
#include "store/link.h"

enum { PIECE = 64 * 1024, LINE_MOST = 64 * 1024 };

void output_open(struct output *out, struct mldv_project *project,
    struct arena *arena, const char *stage, const struct oid *key,
    const struct mldv_repro *options)
{
	struct mldv_error ignored;

	*out = (struct output){
	    .options = options,
	    .stage = stage,
	    .fd = -1,
	};
	out->fd = logs_create(project, arena, stage, key, &out->path, &ignored);
	if (out->fd < 0)
		out->path = NULL;
}

static void pass(const struct output *output, const char *data, size_t size)
{
	if (output->options->output && size > 0)
		output->options->output(output->options->context, data, size);
}

static void pass_line(struct output *output, const char *data, size_t size)
{
	struct buf line = {0};

	buf_printf(&line, "%s | ", output->stage);
	buf_add(&line, output->line.data, output->line.len);
	buf_add(&line, data, size);
	buf_add_char(&line, '\n');
	pass(output, line.data, line.len);
	buf_release(&line);
	buf_reset(&output->line);
}

static void pass_lines(struct output *output, const char *data, size_t size)
{
	const char *end = data + size;
	const char *lf;

	while (data < end &&
	    (lf = memchr(data, '\n', (size_t)(end - data))) != NULL) {
		pass_line(output, data, (size_t)(lf - data));
		data = lf + 1;
	}
	buf_add(&output->line, data, (size_t)(end - data));
	if (output->line.len > LINE_MOST)
		pass_line(output, "", 0);
}

/* What is in the log and was not passed on yet. */
static void show_rest(struct output *output)
{
	char *piece = xmalloc(PIECE);

	while (output->shown < output->size) {
		size_t size = output->size - output->shown < PIECE
		    ? (size_t)(output->size - output->shown)
		    : PIECE;
		struct mldv_error ignored;

		if (file_read_at(output->fd, "log", piece, size, output->shown,
		        &ignored) < 0)
			break;
		pass(output, piece, size);
		output->shown += size;
	}
	output->shown = output->size;
	free(piece);
}

void output_set_live(struct output *output, bool live)
{
	if (output->options->live || !output->path || output->live == live)
		return;
	output->live = live;
	if (live)
		show_rest(output);
}

void output_take(void *context, const char *data, size_t size)
{
	struct output *output = context;
	struct mldv_error ignored;

	/* Without a log nothing can be held back. */
	if (output->path &&
	    file_write(output->fd, "log", data, size, &ignored) < 0) {
		show_rest(output);
		output->path = NULL;
	}
	if (output->path)
		output->size += size;
	if (output->options->live)
		pass_lines(output, data, size);
	else if (output->live || !output->path)
		pass(output, data, size);
	if (output->live)
		output->shown = output->size;
}

void output_end(struct output *output)
{
	if (output->options->live) {
		if (output->line.len > 0)
			pass_line(output, "", 0);
	} else if (output->path && output->shown < output->size) {
		if (output->options->block)
			output->options->block(output->options->context,
			    output->stage);
		show_rest(output);
	}
	output->live = false;
}

bool output_copy(const struct output *output, const char *to)
{
	struct arena arena = {0};
	struct mldv_error ignored;
	struct tempfile temp = {0};
	bool done = output->path && file_make_parents(to, &ignored) == 0 &&
	    tempfile_open(&temp, path_parent(&arena, to), 0666, &ignored) ==
	        0 &&
	    link_copy(output->fd, temp.fd, output->size, output->path,
	        &ignored) == 0 &&
	    tempfile_commit_many(&temp, to, &ignored) == 0;

	tempfile_release(&temp);
	arena_release(&arena);
	return done;
}

void output_close(struct output *output)
{
	if (output->fd >= 0)
		(void)close(output->fd);
	output->fd = -1;
	buf_release(&output->line);
}
