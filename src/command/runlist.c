/* SPDX-License-Identifier: Apache-2.0 */
#include "command/runlist.h"

#include <string.h>

#include "command/report.h"

enum {
	SHORT = 10, /* digits of a commit */
	/* Values of a run that a row has; JSON has them all. */
	VALUES_MOST = 6,
};

static void add_values(struct jsonout *json, const char *name,
    const struct mldv_how_value *list, size_t count)
{
	jsonout_begin(json, name, '[');
	for (size_t i = 0; i < count; i++) {
		jsonout_begin(json, NULL, '{');
		jsonout_text(json, "name", list[i].name);
		jsonout_text(json, "value", list[i].value);
		jsonout_end(json, '}');
	}
	jsonout_end(json, ']');
}

static void add_json(struct jsonout *json, const struct mldv_run *run)
{
	struct buf time = {0};

	show_utc((int64_t)run->started, &time);
	jsonout_begin(json, NULL, '{');
	jsonout_text(json, "stage", run->stage);
	jsonout_text(json, "key", run->key);
	jsonout_text(json, "started", buf_str(&time));
	jsonout_number(json, "seconds", run->seconds);
	jsonout_text(json, "host", run->host);
	jsonout_text(json, "who", run->who);
	jsonout_text(json, "commit", run->code_commit);
	jsonout_bool(json, "dirty", run->dirty);
	jsonout_text(json, "branch", run->branch);
	jsonout_text(json, "job", run->job);
	jsonout_text(json, "cost", run->cost);
	jsonout_begin(json, "about", '{');
	for (size_t i = 0; i < run->about_count; i++)
		jsonout_text(json, run->about[i].name, run->about[i].value);
	jsonout_end(json, '}');
	add_values(json, "params", run->params, run->param_count);
	add_values(json, "metrics", run->metrics, run->metric_count);
	if (run->recorded.id != NULL)
		jsonout_text(json, "recorded_in", run->recorded.id);
	jsonout_end(json, '}');
	buf_release(&time);
}

static void show_values(const struct mldv_how_value *list, size_t count,
    struct buf *out)
{
	for (size_t i = 0; i < count; i++) {
		if (out->len > 0)
			buf_add_str(out, ", ");
		if (i == VALUES_MOST) {
			buf_add_str(out, "...");
			break;
		}
		show_text(list[i].name, out);
		buf_add_str(out, " = ");
		show_text(list[i].value, out);
	}
}

void run_list_visit(void *context, const struct mldv_run *run)
{
	struct listing *listing = context;
	const char *commit =
	    run->code_commit != NULL ? run->code_commit : run->recorded.id;
	struct buf time = {0};
	struct buf took = {0};
	struct buf code = {0};
	struct buf values = {0};

	add_json(&listing->json, run);
	show_time((int64_t)run->started, &time);
	show_seconds(run->seconds, &took);
	if (commit != NULL)
		buf_printf(&code, "%.*s%s", SHORT, commit,
		    run->dirty ? "+" : "");
	show_values(run->params, run->param_count, &values);
	show_values(run->metrics, run->metric_count, &values);
	columns_row(&listing->columns,
	    (const char *[]){buf_str(&time), run->stage, buf_str(&took),
	        run->cost != NULL ? run->cost : "", buf_str(&code),
	        buf_str(&values)});
	buf_release(&time);
	buf_release(&took);
	buf_release(&code);
	buf_release(&values);
}

/* What a table in Markdown, or HTML, would take for its own is escaped. */
static void add_cell(const char *text, struct buf *out)
{
	struct buf shown = {0};

	show_text(text, &shown);
	for (const char *c = buf_str(&shown); *c != '\0'; c++) {
		if (strchr("\\|<>[]`*_", *c) != NULL)
			buf_add_char(out, '\\');
		buf_add_char(out, *c);
	}
	buf_add_str(out, " | ");
	buf_release(&shown);
}

/* The job, and where its service shows it. */
static void add_job(const struct mldv_run *run, struct buf *out)
{
	const char *console = NULL;

	for (size_t i = 0; i < run->about_count; i++) {
		const char *value = run->about[i].value;

		if (strcmp(run->about[i].name, "console") == 0 &&
		    strncmp(value, "https://", 8) == 0 &&
		    strpbrk(value, " ()<>|\\\n\r\t\"") == NULL)
			console = value;
	}
	if (console != NULL)
		buf_printf(out, "[job](%s) ", console);
	add_cell(run->job != NULL ? run->job : "", out);
}

void run_table_visit(void *context, const struct mldv_run *run)
{
	struct buf *out = context;
	struct buf text = {0};

	buf_add_str(out, "| ");
	add_cell(run->stage, out);
	show_time((int64_t)run->started, &text);
	add_cell(buf_str(&text), out);
	buf_reset(&text);
	show_seconds(run->seconds, &text);
	add_cell(buf_str(&text), out);
	add_cell(run->cost != NULL ? run->cost : "", out);
	add_job(run, out);
	buf_reset(&text);
	if (run->code_commit != NULL)
		buf_printf(&text, "%.*s%s", SHORT, run->code_commit,
		    run->dirty ? "+" : "");
	add_cell(buf_str(&text), out);
	buf_reset(&text);
	show_values(run->params, run->param_count, &text);
	show_values(run->metrics, run->metric_count, &text);
	add_cell(buf_str(&text), out);
	/* Without the space behind the last bar. */
	out->len--;
	buf_add_char(out, '\n');
	buf_release(&text);
}
