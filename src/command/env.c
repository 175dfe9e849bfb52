/* SPDX-License-Identifier: Apache-2.0 */

/* mldv env: what a stage's command finds in its environment. */

#include "base/str.h"
#include "command/command.h"
#include "command/listing.h"
#include "command/report.h"
#include "mldv/pipeline.h"

struct values {
	struct strs set;
	bool json;
};

static const struct option options[] = {
    {'S', "set", "NAME=VALUE", "use this value of a parameter",
        LIST(struct values, set)},
    {0, "json", NULL, "write JSON", FLAG(struct values, json)},
    {0},
};

struct visit {
	bool as_json;
	struct jsonout json;
	struct buf out;
};

static void visit_variable(void *context, const char *name, const char *value)
{
	struct visit *visit = context;

	if (visit->as_json) {
		jsonout_text(&visit->json, name, value);
		return;
	}
	buf_printf(&visit->out, "export %s=", name);
	str_quote(value, &visit->out);
	buf_add_char(&visit->out, '\n');
}

static int run(const struct context *context, const void *values,
    struct mldv_error *err)
{
	const struct values *given = values;
	struct visit visit = {.as_json = given->json,
	    .json.style = JSONOUT_LINES};
	int ret;

	jsonout_begin(&visit.json, NULL, '{');
	ret = mldv_stage_env(context->project, context->words->items[0],
	    &given->set, visit_variable, &visit, err);
	jsonout_end(&visit.json, '}');
	if (ret == 0 && given->json)
		json_print(&visit.json, context->term);
	else if (ret == 0)
		term_write(context->term, buf_str(&visit.out), visit.out.len);
	jsonout_release(&visit.json);
	buf_release(&visit.out);
	return ret;
}

const struct command command_env = {
    .name = "env",
    .summary = "print what a stage finds in its environment",
    .arguments = "STAGE",
    .group = GROUP_PIPELINE,
    .least = 1,
    .most = 1,
    .needs_project = true,
    .options = options,
    .size = sizeof(struct values),
    .run = run,
};
