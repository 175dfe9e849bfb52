/* SPDX-License-Identifier: Apache-2.0 */

/* mldv purge: delete items from remotes for good. */

#include "base/str.h"
#include "command/command.h"
#include "command/listing.h"
#include "command/report.h"
#include "mldv/gc.h"

struct values {
	const char *why;
	bool delete;
	const char *remote;
	bool exclusive;
	bool json;
};

static const struct option options[] = {
    {0, "why", "TEXT", "the reason, which is noted on the remote",
        TEXT(struct values, why)},
    {0, "delete", NULL, "do it; else only say what would be done",
        FLAG(struct values, delete)},
    {'r', "remote", "NAME", "from this remote only, not from all",
        TEXT(struct values, remote)},
    {0, "exclusive", NULL, "nobody pushes meanwhile: for a bucket",
        FLAG(struct values, exclusive)},
    {0, "json", NULL, "write JSON", FLAG(struct values, json)},
    {0},
};

enum { KINDS = 3 };

struct visit {
	const struct values *given;
	struct jsonout json;
	uint64_t count[KINDS];
	uint64_t bytes;
};

static void visit_purged(void *context, const char *remote,
    enum mldv_purged kind, const char *name, uint64_t bytes)
{
	static const char *const words[KINDS] = {
	    [MLDV_PURGED_ITEM] = "item",
	    [MLDV_PURGED_PACK] = "pack",
	    [MLDV_PURGED_REWRITE] = "rewrite",
	};
	struct visit *visit = context;

	visit->count[kind]++;
	visit->bytes += bytes;
	if (!visit->given->json)
		return;
	jsonout_begin(&visit->json, NULL, '{');
	jsonout_text(&visit->json, "remote", remote);
	jsonout_text(&visit->json, "what", words[kind]);
	jsonout_text(&visit->json, "path", name);
	jsonout_count(&visit->json, "bytes", bytes);
	jsonout_bool(&visit->json, "deleted", visit->given->delete);
	jsonout_end(&visit->json, '}');
}

static void conclude(const struct context *context, const struct visit *visit)
{
	struct buf line = {0};

	if (visit->count[MLDV_PURGED_ITEM] + visit->count[MLDV_PURGED_PACK] +
	        visit->count[MLDV_PURGED_REWRITE] ==
	    0) {
		term_say(context->term, "nothing to purge");
		return;
	}
	buf_add_str(&line,
	    visit->given->delete
	        ? "purged "
	        : "nothing was deleted; with --delete it would be ");
	show_count(visit->count[MLDV_PURGED_ITEM], "revision", &line);
	buf_add_str(&line, ", ");
	show_count(visit->count[MLDV_PURGED_PACK], "pack", &line);
	buf_add_str(&line, ", ");
	str_bytes(visit->bytes, &line);
	buf_add_str(&line, "; packs written anew: ");
	show_count(visit->count[MLDV_PURGED_REWRITE], "pack", &line);
	term_say(context->term, "%s", buf_str(&line));
	if (visit->given->delete)
		term_say(context->term,
		    "clones may have it still: there, 'mldv rm' and 'mldv gc "
		    "--delete'");
	buf_release(&line);
}

static int run(const struct context *context, const void *values,
    struct mldv_error *err)
{
	const struct values *given = values;
	struct visit visit = {.given = given, .json.style = JSONOUT_LINES};
	const struct mldv_purge how = {
	    .why = given->why,
	    .remote = given->remote,
	    .delete = given->delete,
	    .exclusive = given->exclusive,
	    .visit = visit_purged,
	    .context = &visit,
	};
	struct strs paths = {0};
	int ret = paths_of(context, 0, &paths, err);

	jsonout_begin(&visit.json, NULL, '[');
	if (ret == 0)
		ret = mldv_purge(context->project, &paths, &how, err);
	jsonout_end(&visit.json, ']');
	if (ret == 0 && given->json)
		json_print(&visit.json, context->term);
	else if (ret == 0)
		conclude(context, &visit);
	strs_release(&paths);
	jsonout_release(&visit.json);
	return ret;
}

const struct command command_purge = {
    .name = "purge",
    .summary = "delete items from remotes for good",
    .arguments = "ITEM...",
    .group = GROUP_DATA,
    .least = 1,
    .most = ANY_NUMBER,
    .needs_project = true,
    .options = options,
    .size = sizeof(struct values),
    .run = run,
};
