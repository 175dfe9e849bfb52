/* SPDX-License-Identifier: Apache-2.0 */

/* mldv fsck: is everything what its name says? */

#include "command/command.h"
#include "command/listing.h"
#include "command/report.h"

struct values {
	double budget;
	bool repair;
	const char *remote;
	bool json;
};

static const struct option options[] = {
    {0, "budget", "SECONDS", "stop after so long; oldest checks first",
        SECONDS(struct values, budget)},
    {0, "repair", NULL,
        "fetch anew, or put anew on the remote, what is damaged or missing",
        FLAG(struct values, repair)},
    {'r', "remote", "NAME", "check this remote instead of the store",
        TEXT(struct values, remote)},
    {0, "json", NULL, "write JSON", FLAG(struct values, json)},
    {0},
};

struct visit {
	const struct context *context;
	struct jsonout json;
	bool as_json;
	bool any;
};

static void visit_damage(void *context, const struct mldv_damage *damage)
{
	struct visit *visit = context;
	struct buf line = {0};

	visit->any = true;
	if (visit->as_json) {
		jsonout_begin(&visit->json, NULL, '{');
		jsonout_text(&visit->json, "object", damage->object);
		jsonout_text(&visit->json, "what", damage->what);
		jsonout_bool(&visit->json, "repaired", damage->repaired);
		jsonout_end(&visit->json, '}');
		return;
	}
	show_text(damage->object, &line);
	buf_add_str(&line, ": ");
	show_text(damage->what, &line);
	if (damage->repaired)
		buf_add_str(&line, "; repaired");
	buf_add_char(&line, '\n');
	term_write(visit->context->term, line.data, line.len);
	buf_release(&line);
}

static int run(const struct context *context, const void *values,
    struct mldv_error *err)
{
	const struct values *given = values;
	struct visit visit = {.context = context,
	    .as_json = given->json,
	    .json.style = JSONOUT_LINES};
	const struct mldv_fsck how = {.budget = given->budget,
	    .repair = given->repair,
	    .remote = given->remote,
	    .visit = visit_damage,
	    .context = &visit};
	int ret;

	jsonout_begin(&visit.json, NULL, '[');
	ret = given->remote ? mldv_fsck_remote(context->project, &how, err)
	                    : mldv_fsck(context->project, &how, err);
	jsonout_end(&visit.json, ']');
	if (given->json)
		json_print(&visit.json, context->term);
	else if (ret == 0 && !visit.any)
		term_say(context->term, "no damage found");
	jsonout_release(&visit.json);
	return ret;
}

const struct command command_fsck = {
    .name = "fsck",
    .summary = "check that every object is what its name says",
    .arguments = "",
    .group = GROUP_DATA,
    .needs_project = true,
    .options = options,
    .size = sizeof(struct values),
    .run = run,
};
