/* SPDX-License-Identifier: Apache-2.0 */
#include "command/howtext.h"

#include <string.h>

#include "base/str.h"
#include "base/utf8.h"
#include "command/report.h"

enum {
	LABEL = 13, /* columns of a label, with what stands before it */
	SHORT = 10, /* digits of an id */
	/* Lines of a list; JSON has them all. */
	LINES_MOST = 20,
};

void how_text_begin(const struct context *context, const char *path,
    enum mldv_how_state state, struct buf *out)
{
	struct buf name = {0};

	show_path(context, path, &name);
	if (state == MLDV_HOW_ABSENT)
		buf_printf(out, "(%s is not here; 'mldv pull %s' gets it)\n",
		    buf_str(&name), buf_str(&name));
	if (state == MLDV_HOW_CHANGED)
		buf_printf(out,
		    "(%s was changed since: what follows is about what it "
		    "was)\n",
		    buf_str(&name));
	buf_release(&name);
}

static void add_label(const char *label, struct buf *out)
{
	buf_printf(out, "  %-*s", LABEL - 2, label);
}

static void add_line(const char *label, const char *text, struct buf *out)
{
	add_label(label, out);
	show_text(text, out);
	buf_add_char(out, '\n');
}

/* Each line of the text on one of its own. */
static void add_lines(const char *label, const char *text, struct buf *out)
{
	struct slice rest = slice_of(text);
	struct slice line;
	size_t count = 0;

	while (rest.len > 0) {
		struct buf shown = {0};

		(void)slice_cut(&rest, '\n', &line);
		buf_add(&shown, line.data, line.len);
		if (count++ == LINES_MOST) {
			add_line("", "...", out);
			buf_release(&shown);
			break;
		}
		add_line(count == 1 ? label : "", buf_str(&shown), out);
		buf_release(&shown);
	}
}

/* --- the heading --- */

static void add_size(const struct mldv_how_file *file, struct buf *out)
{
	buf_add_str(out, ", ");
	if (file->kind == 'd')
		show_size(file->files, file->bytes, out);
	else
		str_bytes(file->bytes, out);
	buf_printf(out, ", %.*s", SHORT, file->oid);
}

static void add_heading(const struct context *context,
    const struct mldv_how_step *step, struct buf *out)
{
	for (size_t i = 0; i < step->out_count; i++) {
		if (i == LINES_MOST) {
			buf_printf(out, "and %zu more\n",
			    step->out_count - LINES_MOST);
			break;
		}
		show_path(context, step->outs[i].path, out);
		/* Of something older its size may not be known. */
		if (step->outs[i].files > 0)
			add_size(&step->outs[i], out);
		else
			buf_printf(out, ", %.*s", SHORT, step->outs[i].oid);
		if (step->earlier)
			buf_add_str(out, " (an earlier version)");
		buf_add_char(out, '\n');
	}
	if (step->out_count == 0)
		buf_printf(out, "stage %s, which makes nothing\n",
		    step->stage ? step->stage : "");
}

/* --- a run --- */

static void add_made_by(const struct mldv_how_step *step, struct buf *out)
{
	add_label("made by", out);
	buf_add_str(out, "stage ");
	show_text(step->stage, out);
	if (step->known) {
		buf_add_str(out, ", ");
		show_time((int64_t)step->started, out);
		buf_add_str(out, ", in ");
		show_seconds(step->seconds, out);
	}
	buf_add_char(out, '\n');
	if (step->claim != NULL) {
		add_label(step->claim, out);
		buf_add_str(out,
		    strcmp(step->claim, "accepted") == 0
		        ? "though it would run anew now: "
		        : "somebody made this, not the command: ");
		show_text(step->claim_why, out);
		buf_add_char(out, '\n');
	}
	if (!step->known && (step->claim == NULL || step->claim[1] == 'c'))
		add_line("run",
		    "when, where and by whom is not known: no record of it is "
		    "here or on the remote",
		    out);
}

static void add_commit_of(const struct mldv_how_step *step, struct buf *out)
{
	buf_printf(out, "commit %.*s", SHORT, step->code_commit);
	if (step->branch != NULL) {
		buf_add_str(out, " on ");
		show_text(step->branch, out);
	}
}

static void add_code(const struct mldv_how_step *step, struct buf *out)
{
	if (step->code_commit == NULL && !step->code_committed)
		return;
	add_label("code", out);
	if (step->code_committed &&
	    (step->code_commit == NULL || step->diff != NULL)) {
		buf_printf(out, "commit %.*s", SHORT, step->recorded.id);
		if (step->code_commit != NULL) {
			buf_add_str(out, " (committed after it was run upon ");
			add_commit_of(step, out);
			buf_add_char(out, ')');
		}
		buf_add_char(out, '\n');
		return;
	}
	add_commit_of(step, out);
	if (step->diff != NULL) {
		buf_add_str(out, ", with changes that were not committed\n");
		add_label("", out);
		buf_add_str(out,
		    step->diff_here
		        ? "('mldv how --diff' shows them)"
		        : "(which only the clone where it ran has)");
	}
	buf_add_char(out, '\n');
}

static void add_where(const struct mldv_how_step *step, struct buf *out)
{
	if (!step->known)
		return;
	if (step->who != NULL)
		add_line("who", step->who, out);
	add_label("where", out);
	show_text(step->host, out);
	buf_add_str(out, " (");
	show_text(step->platform, out);
	if (step->interpreter != NULL) {
		buf_add_str(out, ", ");
		show_text(step->interpreter, out);
	}
	buf_add_str(out, ")\n");
	if (step->job != NULL)
		add_line("job", step->job, out);
	if (step->cost != NULL)
		add_line("cost", step->cost, out);
	for (size_t i = 0; i < step->about_count; i++) {
		/* The image is in the key, and the address has the region. */
		if (strcmp(step->about[i].name, "arn") != 0 &&
		    strcmp(step->about[i].name, "image") != 0)
			add_line(step->about[i].name, step->about[i].value,
			    out);
	}
}

static void add_params(const struct mldv_how_step *step, struct buf *out)
{
	struct buf text = {0};

	for (size_t i = 0; i < step->value_count; i++) {
		const struct mldv_how_value *value = &step->values[i];

		if (strcmp(value->word, "param") != 0)
			continue;
		buf_printf(&text, "%s%s = %s", text.len > 0 ? ", " : "",
		    value->name, value->value);
	}
	if (text.len > 0)
		add_line("parameters", buf_str(&text), out);
	buf_release(&text);
	for (size_t i = 0; i < step->value_count; i++) {
		const struct mldv_how_value *value = &step->values[i];

		if (strcmp(value->word, "param") == 0)
			continue;
		buf_printf(&text, "%s%s%s", value->name,
		    value->name[0] ? " = " : "", value->value);
		add_line(value->word, buf_str(&text), out);
		buf_release(&text);
	}
}

/* --- lists in two columns --- */

static void add_padded(const struct buf *text, size_t width, struct buf *out)
{
	buf_add_str(out, buf_str(text));
	for (size_t i = utf8_width(buf_str(text)); i < width + 2; i++)
		buf_add_char(out, ' ');
}

static void add_source(const struct mldv_how_file *input, struct buf *out)
{
	if (input->stage != NULL) {
		buf_add_str(out, "made by ");
		show_text(input->stage, out);
	} else if (input->item != NULL) {
		buf_add_str(out, "data");
	} else {
		buf_add_str(out, "code");
	}
	buf_printf(out, ", %.*s", SHORT, input->oid);
}

static void add_inputs(const struct context *context,
    const struct mldv_how_step *step, struct buf *out)
{
	size_t count =
	    step->input_count < LINES_MOST ? step->input_count : LINES_MOST;
	size_t width = 0;

	for (size_t i = 0; i < count; i++) {
		struct buf name = {0};

		show_path(context, step->inputs[i].path, &name);
		if (utf8_width(buf_str(&name)) > width)
			width = utf8_width(buf_str(&name));
		buf_release(&name);
	}
	for (size_t i = 0; i < count; i++) {
		struct buf name = {0};

		add_label(i == 0 ? "read" : "", out);
		show_path(context, step->inputs[i].path, &name);
		add_padded(&name, width, out);
		add_source(&step->inputs[i], out);
		buf_add_char(out, '\n');
		buf_release(&name);
	}
	if (count < step->input_count) {
		add_label("", out);
		buf_printf(out, "and %zu more\n", step->input_count - count);
	}
}

static void add_metrics(const struct mldv_how_step *step, struct buf *out)
{
	struct buf text = {0};

	for (size_t i = 0; i < step->metric_count; i++) {
		if (i == LINES_MOST) {
			buf_add_str(&text, ", ...");
			break;
		}
		buf_printf(&text, "%s%s = %s", i > 0 ? ", " : "",
		    step->metrics[i].name, step->metrics[i].value);
	}
	if (text.len > 0)
		add_line("metrics", buf_str(&text), out);
	buf_release(&text);
}

/* --- all of it --- */

static void add_commit(const struct mldv_how_step *step, struct buf *out)
{
	const struct mldv_commit *commit = &step->recorded;
	const char *label = step->stage != NULL ? "recorded" : "added";

	if (commit->id == NULL) {
		add_line(label, "not committed yet", out);
		return;
	}
	add_label(label, out);
	buf_printf(out, "commit %.*s, ", SHORT, commit->id);
	show_time(commit->time, out);
	buf_add_str(out, ", ");
	show_text(commit->who, out);
	buf_add_str(out, ": ");
	show_text(commit->subject, out);
	buf_add_char(out, '\n');
}

static void add_item(const struct mldv_how_step *step, struct buf *out)
{
	if (step->from_address != NULL) {
		add_label("from", out);
		show_text(step->from_address, out);
		buf_add_str(out, " (");
		show_text(step->from_version, out);
		buf_add_str(out, ")\n");
	}
	if (step->note != NULL)
		add_lines("note", step->note, out);
	if (step->from_address == NULL && step->note == NULL)
		add_line("origin",
		    "not noted; 'mldv add --note TEXT' says where data is "
		    "from",
		    out);
	if (step->path_then != NULL)
		add_line("named then", step->path_then, out);
}

void how_text_step(const struct context *context,
    const struct mldv_how_step *step, struct buf *out)
{
	add_heading(context, step, out);
	if (step->stage == NULL) {
		add_item(step, out);
	} else {
		add_made_by(step, out);
		if (step->command != NULL)
			add_lines("command", step->command, out);
		add_params(step, out);
		add_code(step, out);
		add_inputs(context, step, out);
		add_metrics(step, out);
		add_where(step, out);
	}
	add_commit(step, out);
}
