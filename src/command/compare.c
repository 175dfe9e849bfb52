/* SPDX-License-Identifier: Apache-2.0 */

/* mldv metrics diff, mldv params diff: values side by side. */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/str.h"
#include "command/command.h"
#include "command/listing.h"
#include "command/report.h"
#include "mldv/metrics.h"

struct values {
	const char *tol;
	bool md;
	bool csv;
	bool json;
};

static const struct option options[] = {
    {0, "json", NULL, "write JSON", FLAG(struct values, json)},
    {0, "tol", "N", "leave out numbers that differ by no more than N",
        TEXT(struct values, tol)},
    {0, "md", NULL, "write a table in Markdown", FLAG(struct values, md)},
    {0, "csv", NULL, "write comma-separated values", FLAG(struct values, csv)},
    {0},
};

/* A value before and after; text NULL: there is none. */
struct row {
	const char *file;
	const char *name;
	struct side {
		const char *text;
		bool number;
		double value;
	} sides[2];
};

struct table {
	struct arena arena;
	struct map rows; /* by file and name */
	size_t first;    /* column: parameters have no file */
	unsigned side;   /* that is being read */
};

static void visit(void *context, const struct mldv_metric *metric)
{
	struct table *table = context;
	char *key =
	    arena_printf(&table->arena, "%s\n%s", metric->file, metric->name);
	struct row *row = map_get_str(&table->rows, key);

	if (row == NULL) {
		row = arena_alloc(&table->arena, sizeof *row);
		row->file = arena_str(&table->arena, metric->file);
		row->name = arena_str(&table->arena, metric->name);
		(void)map_add_str(&table->rows, key, row);
	}
	row->sides[table->side] = (struct side){
	    .text = arena_str(&table->arena, metric->text),
	    .number = metric->number,
	    .value = metric->value,
	};
}

static bool differs(const struct row *row, double tolerance)
{
	const struct side *a = &row->sides[0];
	const struct side *b = &row->sides[1];

	if (a->text == NULL || b->text == NULL)
		return true;
	if (a->number && b->number)
		return fabs(b->value - a->value) > tolerance;
	return strcmp(a->text, b->text) != 0;
}

/* "+0.01", or "" */
static void add_change(const struct row *row, struct buf *out)
{
	const struct side *a = &row->sides[0];
	const struct side *b = &row->sides[1];

	if (a->text != NULL && b->text != NULL && a->number && b->number)
		buf_printf(out, "%+.6g", b->value - a->value);
}

static void add_json(struct jsonout *json, const struct row *row)
{
	static const char *const names[] = {"before", "after"};

	jsonout_begin(json, NULL, '{');
	if (row->file[0] != '\0')
		jsonout_text(json, "file", row->file);
	jsonout_text(json, "name", row->name);
	for (size_t i = 0; i < 2; i++) {
		if (row->sides[i].text != NULL && row->sides[i].number)
			jsonout_number(json, names[i], row->sides[i].value);
		else
			jsonout_text(json, names[i], row->sides[i].text);
	}
	jsonout_end(json, '}');
}

/* A cell of CSV (RFC 4180), or of a table in Markdown. */
static void add_cell(const char *text, bool csv, struct buf *out)
{
	struct buf shown = {0};
	bool quoted;

	show_text(text, &shown);
	quoted = csv && strpbrk(buf_str(&shown), ",\"") != NULL;
	if (quoted)
		buf_add_char(out, '"');
	for (const char *c = buf_str(&shown); *c != '\0'; c++) {
		if (csv && *c == '"')
			buf_add_char(out, '"');
		if (!csv && *c == '|')
			buf_add_char(out, '\\');
		buf_add_char(out, *c);
	}
	if (quoted)
		buf_add_char(out, '"');
	buf_release(&shown);
}

static void add_row(const char *const *cells, size_t first, bool csv,
    struct buf *out)
{
	buf_add_str(out, csv ? "" : "| ");
	for (size_t i = first; i < 5; i++) {
		if (i > first)
			buf_add_str(out, csv ? "," : " | ");
		add_cell(cells[i], csv, out);
	}
	buf_add_str(out, csv ? "\n" : " |\n");
}

static void write_table(const struct context *context, struct table *table,
    const struct values *given, double tolerance)
{
	static const char *const heads[] = {"file", "name", "before", "after",
	    "change"};
	bool plain = !given->csv && !given->md;
	struct columns columns = {.count = 5 - table->first};
	const char *cells[5];
	struct buf out = {0};

	if (!plain)
		add_row(heads, table->first, given->csv, &out);
	if (given->md)
		buf_add_str(&out,
		    table->first > 0 ? "|---|---|---|---|\n"
		                     : "|---|---|---|---|---|\n");
	for (size_t i = 0; i < table->rows.count; i++) {
		const struct row *row = table->rows.entries[i].value;
		const char *old = row->sides[0].text;
		const char *now = row->sides[1].text;
		struct buf change = {0};

		if (!differs(row, tolerance))
			continue;
		add_change(row, &change);
		cells[0] = row->file;
		cells[1] = row->name;
		cells[2] = old ? old : "-";
		cells[3] = now ? now : "-";
		cells[4] = buf_str(&change);
		if (plain)
			columns_row(&columns, cells + table->first);
		else
			add_row(cells, table->first, given->csv, &out);
		buf_release(&change);
	}
	if (plain)
		columns_write(&columns, context->term);
	else
		term_write(context->term, buf_str(&out), out.len);
	columns_release(&columns);
	buf_release(&out);
}

static void write_json(const struct context *context, struct table *table,
    double tolerance)
{
	struct jsonout json = {.style = JSONOUT_LINES};

	jsonout_begin(&json, NULL, '[');
	for (size_t i = 0; i < table->rows.count; i++) {
		const struct row *row = table->rows.entries[i].value;

		if (differs(row, tolerance))
			add_json(&json, row);
	}
	jsonout_end(&json, ']');
	json_print(&json, context->term);
	jsonout_release(&json);
}

/* What reads one side: mldv_metrics or mldv_params. */
typedef int reader(struct mldv_project *project, const char *revision,
    void (*visit)(void *context, const struct mldv_metric *metric),
    void *context, struct mldv_error *err);

CHECKED static int compare(const struct context *context,
    const struct values *given, reader *read, struct mldv_error *err)
{
	const struct strs *words = context->words;
	struct table table = {.first = read == mldv_params};
	double tolerance = 0;
	char empty[] = "";
	char *end = empty;
	int ret;

	if (given->tol != NULL)
		tolerance = strtod(given->tol, &end);
	if (*end != '\0' || !(tolerance >= 0) ||
	    given->md + given->csv + given->json > 1)
		return err_set(err, MLDV_USAGE,
		    "--tol takes a number, and only one of --md, --csv and "
		    "--json can be had");
	ret = read(context->project,
	    words->count > 0 ? words->items[0] : "HEAD", visit, &table, err);
	table.side = 1;
	if (ret == 0)
		ret = read(context->project,
		    words->count > 1 ? words->items[1] : NULL, visit, &table,
		    err);
	if (ret == 0 && given->json)
		write_json(context, &table, tolerance);
	else if (ret == 0)
		write_table(context, &table, given, tolerance);
	map_release(&table.rows);
	arena_release(&table.arena);
	return ret;
}

static int run_metrics(const struct context *context, const void *values,
    struct mldv_error *err)
{
	return compare(context, values, mldv_metrics, err);
}

static int run_params(const struct context *context, const void *values,
    struct mldv_error *err)
{
	return compare(context, values, mldv_params, err);
}

const struct command command_metrics_diff = {
    .name = "metrics diff",
    .summary = "list the metrics that differ between revisions",
    .arguments = "[REV [REV]]",
    .group = GROUP_PIPELINE,
    .most = 2,
    .needs_project = true,
    .options = options,
    .size = sizeof(struct values),
    .run = run_metrics,
};

const struct command command_params_diff = {
    .name = "params diff",
    .summary = "list the parameters that differ between revisions",
    .arguments = "[REV [REV]]",
    .group = GROUP_PIPELINE,
    .most = 2,
    .needs_project = true,
    .options = options,
    .size = sizeof(struct values),
    .run = run_params,
};
