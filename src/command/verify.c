/* SPDX-License-Identifier: Apache-2.0 */

/* mldv verify: is a commit whole, and all its data on the remote? */

#include "mldv/verify.h"

#include <stdlib.h>
#include <string.h>

#include "command/command.h"
#include "command/listing.h"
#include "command/report.h"

struct values {
	const char *rev;
	const char *remote;
	const char *format;
	const char *branch;
	const char *base;
	bool packs;
	bool no_remote;
};

static const struct option options[] = {
    {0, "rev", "REV", "verify this Git revision, not HEAD",
        TEXT(struct values, rev)},
    {'r', "remote", "NAME", "ask this remote, not the default",
        TEXT(struct values, remote)},
    {0, "packs", NULL, "ask for every pack, too", FLAG(struct values, packs)},
    {0, "no-remote", NULL, "leave out what only the remote can say",
        FLAG(struct values, no_remote)},
    {0, "branch", "NAME", "where the commit is, or is to go: see [rules]",
        TEXT(struct values, branch)},
    {0, "base", "REV", "what to compare with: not the commit's first parent",
        TEXT(struct values, base)},
    {0, "format", "FORMAT", "text, json, github or junit",
        TEXT(struct values, format)},
    {0},
};

enum format { FORMAT_TEXT, FORMAT_JSON, FORMAT_GITHUB, FORMAT_JUNIT };

struct visit {
	const struct context *context;
	enum format format;
	struct jsonout json;
	struct buf cases; /* of JUnit */
	size_t case_count;
	size_t failures;
	bool no_remote;
};

static int format_of(const char *name, enum format *out, struct mldv_error *err)
{
	static const char *const names[] = {"text", "json", "github", "junit"};

	*out = FORMAT_TEXT;
	for (unsigned i = 0; name && i < sizeof names / sizeof *names; i++) {
		if (strcmp(name, names[i]) == 0) {
			*out = (enum format)i;
			return 0;
		}
	}
	if (!name)
		return 0;
	return err_set(err, MLDV_USAGE,
	    "there is no format '%s'; there are text, json, github and junit",
	    name);
}

/* "stage train" or "item data/raw" */
static void add_name(const struct mldv_verified *verified, struct buf *out)
{
	buf_printf(out, "%s ", verified->stage ? "stage" : "item");
	show_text(verified->stage ? verified->stage : verified->item, out);
}

/* "mldv.ini:12: stage train: it was not run" */
static void write_text(const struct visit *visit,
    const struct mldv_verified *verified)
{
	struct buf line = {0};

	show_text(verified->file, &line);
	if (verified->line)
		buf_printf(&line, ":%u", verified->line);
	buf_add_str(&line, verified->warning ? ": warning: " : ": ");
	add_name(verified, &line);
	buf_add_str(&line, ": ");
	show_text(verified->what, &line);
	if (verified->rule)
		buf_printf(&line, " ([rules] %s)", verified->rule);
	buf_add_char(&line, '\n');
	term_write(visit->context->term, line.data, line.len);
	buf_release(&line);
}

static void add_json(struct visit *visit, const struct mldv_verified *verified)
{
	struct jsonout *json = &visit->json;

	jsonout_begin(json, NULL, '{');
	jsonout_text(json, "stage", verified->stage);
	jsonout_text(json, "item", verified->item);
	jsonout_text(json, "file", verified->file);
	if (verified->line)
		jsonout_count(json, "line", verified->line);
	jsonout_text(json, "what", verified->what);
	if (verified->rule)
		jsonout_text(json, "rule", verified->rule);
	jsonout_bool(json, "warning", verified->warning);
	jsonout_end(json, '}');
}

/*
 * A workflow command: what would end it is written as %25, %0D, %0A, and in a
 * property also %3A and %2C.
 */
static void add_escaped(const char *text, bool property, struct buf *out)
{
	for (; *text; text++) {
		bool bad = strchr("%\r\n", *text) != NULL ||
		    (property && strchr(":,", *text) != NULL);

		if (bad)
			buf_printf(out, "%%%02X", (unsigned char)*text);
		else
			buf_add_char(out, *text);
	}
}

static void write_github(const struct visit *visit,
    const struct mldv_verified *verified)
{
	struct buf name = {0};
	struct buf what = {0};
	struct buf line = {0};

	add_name(verified, &name);
	show_text(verified->what, &what);
	buf_printf(&line,
	    "::%s file=", verified->warning ? "warning" : "error");
	add_escaped(verified->file, true, &line);
	if (verified->line)
		buf_printf(&line, ",line=%u", verified->line);
	buf_add_str(&line, ",title=mldv verify::");
	add_escaped(buf_str(&name), false, &line);
	buf_add_str(&line, ": ");
	add_escaped(buf_str(&what), false, &line);
	buf_add_char(&line, '\n');
	term_write(visit->context->term, line.data, line.len);
	buf_release(&name);
	buf_release(&what);
	buf_release(&line);
}

static void add_xml(const char *text, struct buf *out)
{
	struct buf shown = {0};

	show_text(text, &shown);
	for (const char *c = buf_str(&shown); *c; c++) {
		if (*c == '<')
			buf_add_str(out, "&lt;");
		else if (*c == '>')
			buf_add_str(out, "&gt;");
		else if (*c == '&')
			buf_add_str(out, "&amp;");
		else if (*c == '"')
			buf_add_str(out, "&quot;");
		else
			buf_add_char(out, *c);
	}
	buf_release(&shown);
}

static void add_case(struct visit *visit, const struct mldv_verified *verified)
{
	struct buf *out = &visit->cases;

	buf_printf(out, "  <testcase classname=\"mldv.%s\" name=\"",
	    verified->stage ? "stage" : "item");
	add_xml(verified->stage ? verified->stage : verified->item, out);
	buf_add_str(out, "\" file=\"");
	add_xml(verified->file, out);
	visit->case_count++;
	if (!verified->what || verified->warning) {
		buf_add_str(out, "\"/>\n");
		return;
	}
	visit->failures++;
	buf_add_str(out, "\">\n    <failure message=\"");
	add_xml(verified->what, out);
	buf_add_str(out, "\"/>\n  </testcase>\n");
}

static void visit_one(void *context, const struct mldv_verified *verified)
{
	struct visit *visit = context;

	if (visit->format == FORMAT_JUNIT)
		add_case(visit, verified);
	else if (!verified->what)
		return;
	else if (visit->format == FORMAT_JSON)
		add_json(visit, verified);
	else if (visit->format == FORMAT_GITHUB)
		write_github(visit, verified);
	else
		write_text(visit, verified);
}

static void write_junit(struct visit *visit)
{
	struct term *term = visit->context->term;
	struct buf head = {0};

	buf_printf(&head,
	    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	    "<testsuite name=\"mldv verify\" tests=\"%zu\" failures=\"%zu\">\n",
	    visit->case_count, visit->failures);
	buf_add(&head, buf_str(&visit->cases), visit->cases.len);
	buf_add_str(&head, "</testsuite>\n");
	term_write(term, head.data, head.len);
	buf_release(&head);
}

/* What is said besides of a commit that is whole. */
static void add_rest(const struct mldv_verify_sum *sum, struct buf *line)
{
	if (sum->warnings > 0) {
		buf_add_str(line, ", ");
		show_count(sum->warnings, "warning", line);
	}
	if (sum->unchecked > 0) {
		buf_add_str(line, ", ");
		show_count(sum->unchecked, "dep", line);
		buf_add_str(line, " not checked");
	}
}

/* Of a pull request it is where it is to go that counts. */
static const char *branch_of(const struct values *given)
{
	static const char *const names[] = {"GITHUB_BASE_REF",
	    "GITHUB_REF_NAME"};

	if (given->branch)
		return given->branch;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		/* NOLINTNEXTLINE(concurrency-mt-unsafe): nothing sets it */
		const char *value = getenv(names[i]);

		if (value && value[0])
			return value;
	}
	return NULL;
}

static int conclude(struct visit *visit, const struct mldv_verify_sum *sum,
    struct mldv_error *err)
{
	struct buf line = {0};

	if (sum->findings > 0) {
		show_count(sum->findings, "finding", &line);
		(void)err_set(err, MLDV_NO, "commit %.10s is not whole: %s",
		    sum->commit, buf_str(&line));
		buf_release(&line);
		return -1;
	}
	if (visit->format == FORMAT_TEXT) {
		show_count(sum->stages, "stage", &line);
		buf_add_str(&line, ", ");
		show_count(sum->items, "item", &line);
		add_rest(sum, &line);
		term_say(visit->context->term, "commit %.10s is whole: %s",
		    sum->commit, buf_str(&line));
		buf_release(&line);
	}
	if (visit->no_remote &&
	    (visit->format == FORMAT_TEXT || visit->format == FORMAT_GITHUB))
		term_say(visit->context->term,
		    "the remote was not asked: whether it has the data is not "
		    "checked");
	return 0;
}

static int run(const struct context *context, const void *values,
    struct mldv_error *err)
{
	const struct values *given = values;
	struct visit visit = {
	    .context = context,
	    .no_remote = given->no_remote,
	    .json.style = JSONOUT_LINES,
	};
	const struct mldv_verify how = {
	    .revision = given->rev,
	    .remote = given->remote,
	    .packs = given->packs,
	    .no_remote = given->no_remote,
	    .branch = branch_of(given),
	    .base = given->base,
	    .visit = visit_one,
	    .context = &visit,
	};
	struct mldv_verify_sum sum;
	int ret;

	if (format_of(given->format, &visit.format, err) < 0)
		return -1;
	jsonout_begin(&visit.json, NULL, '[');
	ret = mldv_verify(context->project, &how, &sum, err);
	jsonout_end(&visit.json, ']');
	if (ret == 0 && visit.format == FORMAT_JSON)
		json_print(&visit.json, context->term);
	else if (ret == 0 && visit.format == FORMAT_JUNIT)
		write_junit(&visit);
	if (ret == 0)
		ret = conclude(&visit, &sum, err);
	jsonout_release(&visit.json);
	buf_release(&visit.cases);
	return ret;
}

const struct command command_verify = {
    .name = "verify",
    .summary = "say whether a commit is whole, and all its data pushed",
    .arguments = "",
    .group = GROUP_PIPELINE,
    .needs_project = true,
    .options = options,
    .size = sizeof(struct values),
    .run = run,
};
