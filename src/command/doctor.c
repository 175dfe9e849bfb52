/* SPDX-License-Identifier: Apache-2.0 */

/* mldv doctor: look whether all is as it should be. */

#include "mldv/doctor.h"

#include "command/command.h"
#include "command/listing.h"
#include "command/report.h"

struct values {
	bool json;
};

static const struct option options[] = {
    {0, "json", NULL, "write JSON", FLAG(struct values, json)},
    {0},
};

static const char *const words[] = {
    [MLDV_OK] = "ok",
    [MLDV_WARNING] = "warning",
    [MLDV_FAILURE] = "failure",
};

struct visit {
	struct listing listing;
	uint64_t counts[3];
};

static void visit_finding(void *context, const struct mldv_finding *finding)
{
	struct visit *at = context;
	struct jsonout *json = &at->listing.json;
	struct buf line = {0};

	at->counts[finding->level]++;
	if (at->listing.as_json) {
		jsonout_begin(json, NULL, '{');
		jsonout_text(json, "topic", finding->topic);
		jsonout_text(json, "level", words[finding->level]);
		jsonout_text(json, "text", finding->text);
		jsonout_text(json, "fix", finding->fix);
		jsonout_end(json, '}');
		return;
	}
	buf_printf(&line, "%-8s %s: ", words[finding->level], finding->topic);
	show_text(finding->text, &line);
	if (finding->fix) {
		buf_add_str(&line, "; ");
		show_text(finding->fix, &line);
	}
	buf_add_char(&line, '\n');
	term_write(at->listing.context->term, line.data, line.len);
	buf_release(&line);
}

static int run(const struct context *context, const void *values,
    struct mldv_error *err)
{
	const struct values *given = values;
	const struct strs *names = context->words;
	struct visit at = {0};
	struct buf sum = {0};
	int ret;

	listing_open(&at.listing, context, given->json, 3);
	ret = mldv_doctor(context->project,
	    names->count > 0 ? names->items[0] : NULL, visit_finding, &at, err);
	ret = listing_close(&at.listing, ret);
	if (ret == 0 && at.counts[MLDV_WARNING] + at.counts[MLDV_FAILURE] > 0) {
		show_count(at.counts[MLDV_FAILURE], "failure", &sum);
		buf_add_str(&sum, ", ");
		show_count(at.counts[MLDV_WARNING], "warning", &sum);
		ret = err_set(err, MLDV_NO, "not all is as it should be: %s",
		    buf_str(&sum));
	}
	buf_release(&sum);
	return ret;
}

const struct command command_doctor = {
    .name = "doctor",
    .summary = "look whether all is as it should be",
    .arguments = "[REMOTE]",
    .group = GROUP_OTHER,
    .most = 1,
    .needs_project = true,
    .options = options,
    .size = sizeof(struct values),
    .run = run,
};
