/* SPDX-License-Identifier: Apache-2.0 */
#include "command/runlist.h"

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
