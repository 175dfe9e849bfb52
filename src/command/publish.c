/* SPDX-License-Identifier: Apache-2.0 */

/* mldv publish: plain copies, for those who have no mldv. */

#include "mldv/publish.h"

#include "base/str.h"
#include "command/command.h"
#include "command/listing.h"
#include "command/report.h"

struct values {
	bool dry_run;
	bool json;
};

static const struct option options[] = {
    {'n', "dry-run", NULL, "only say what would be written",
        FLAG(struct values, dry_run)},
    {0, "json", NULL, "write JSON", FLAG(struct values, json)},
    {0},
};

struct visit {
	const struct context *context;
	bool as_json;
	struct jsonout json;
};

static void visit_one(void *context, const struct mldv_published *published)
{
	struct visit *visit = context;
	struct jsonout *json = &visit->json;
	struct buf line = {0};

	if (visit->as_json) {
		jsonout_begin(json, NULL, '{');
		jsonout_text(json, "path", published->path);
		jsonout_text(json, "to", published->to);
		jsonout_count(json, "files", published->files);
		jsonout_count(json, "bytes", published->bytes);
		jsonout_count(json, "removed", published->removed);
		jsonout_end(json, '}');
		return;
	}
	show_text(published->to, &line);
	buf_add_str(&line, ": ");
	show_size(published->files, published->bytes, &line);
	if (published->removed > 0) {
		buf_add_str(&line, ", ");
		show_count(published->removed, "file", &line);
		buf_add_str(&line, " removed");
	}
	if (published->links > 0) {
		buf_add_str(&line, "; left out ");
		show_count(published->links, "link", &line);
	}
	term_say(visit->context->term, "%s", buf_str(&line));
	buf_release(&line);
}

static void conclude(const struct visit *visit, bool dry_run,
    const struct mldv_publish_sum *sum)
{
	struct buf line = {0};

	if (sum->items == 0) {
		term_say(visit->context->term,
		    sum->up_to_date > 0 ? "everything is published"
		                        : "there is nothing to be published");
		return;
	}
	show_size(sum->files, sum->bytes, &line);
	term_say(visit->context->term, "%s %s",
	    dry_run ? "would publish" : "published", buf_str(&line));
	buf_release(&line);
}

static int run(const struct context *context, const void *values,
    struct mldv_error *err)
{
	const struct values *given = values;
	struct visit visit = {.context = context,
	    .as_json = given->json,
	    .json.style = JSONOUT_LINES};
	const struct mldv_publish how = {
	    .dry_run = given->dry_run,
	    .visit = visit_one,
	    .context = &visit,
	};
	struct mldv_publish_sum sum;
	struct strs paths = {0};
	int ret = paths_of(context, 0, &paths, err);

	jsonout_begin(&visit.json, NULL, '[');
	if (ret == 0)
		ret = mldv_publish(context->project, &paths, &how, &sum, err);
	jsonout_end(&visit.json, ']');
	if (ret == 0 && given->json)
		json_print(&visit.json, context->term);
	else if (ret == 0)
		conclude(&visit, given->dry_run, &sum);
	jsonout_release(&visit.json);
	strs_release(&paths);
	return ret;
}

const struct command command_publish = {
    .name = "publish",
    .summary = "put plain copies where people without mldv find them",
    .arguments = "[PATH...]",
    .group = GROUP_DATA,
    .most = ANY_NUMBER,
    .needs_project = true,
    .options = options,
    .size = sizeof(struct values),
    .run = run,
};
