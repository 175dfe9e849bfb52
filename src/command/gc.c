/* SPDX-License-Identifier: Apache-2.0 */

/* mldv gc: delete what nothing needs any more. */

#include "mldv/gc.h"
#include "base/str.h"
#include "command/command.h"
#include "command/listing.h"
#include "command/report.h"

struct values {
	bool delete;
	const char *remote;
	bool undo;
	bool exclusive;
	bool json;
};

static const struct option options[] = {
    {0, "delete", NULL, "do it; else only say what would be done",
        FLAG(struct values, delete)},
    {'r', "remote", "NAME", "of this remote instead of the store",
        TEXT(struct values, remote)},
    {0, "exclusive", NULL,
        "nobody pushes meanwhile: for a bucket without versions",
        FLAG(struct values, exclusive)},
    {0, "undo", NULL, "put back what the last one took off the remote",
        FLAG(struct values, undo)},
    {0, "json", NULL, "write JSON", FLAG(struct values, json)},
    {0},
};

struct kind {
	const char *word; /* in JSON */
	const char *noun;
	const char *why;
	bool goes;
};

static const struct kind kinds[] = {
    [MLDV_GARBAGE_PACK] = {"pack", "pack", "not needed", true},
    [MLDV_GARBAGE_REWRITE] = {"rewrite", "pack",
        "not needed, half or more of each: what is needed is written anew",
        true},
    [MLDV_GARBAGE_FILE] = {"file", "file", "not needed", true},
    [MLDV_GARBAGE_RUN] = {"run", "run record", "older than gc.runs", true},
    [MLDV_GARBAGE_CACHE] = {"cache", "cache", "of what is gone or unused",
        true},
    [MLDV_GARBAGE_MANIFEST] = {"manifest", "item", "not needed", true},
    [MLDV_GARBAGE_PIECE] = {"piece", "file", "left by a push that was killed",
        true},
    [MLDV_GARBAGE_YOUNG] = {"young", "thing", "not needed, but too young",
        false},
    [MLDV_GARBAGE_ASIDE] = {"aside", "thing",
        "put aside more than 30 days ago: for you to delete", false},
    [MLDV_GARBAGE_LATER] = {"later", "pack",
        "not needed: to be deleted by a gc 1 to 7 days from its first", false},
};

enum { KINDS = sizeof(kinds) / sizeof(*kinds) };

struct visit {
	const struct context *context;
	const struct values *given;
	struct jsonout json;
	struct strs aside;
	uint64_t count[KINDS];
	uint64_t bytes[KINDS];
};

static void visit_garbage(void *context, const struct mldv_garbage *garbage)
{
	struct visit *visit = context;
	const struct kind *kind = &kinds[garbage->kind];

	visit->count[garbage->kind]++;
	visit->bytes[garbage->kind] += garbage->bytes;
	if (garbage->kind == MLDV_GARBAGE_ASIDE)
		strs_add(&visit->aside, garbage->path);
	if (!visit->given->json)
		return;
	jsonout_begin(&visit->json, NULL, '{');
	jsonout_text(&visit->json, "what", kind->word);
	jsonout_text(&visit->json, "path", garbage->path);
	jsonout_count(&visit->json, "bytes", garbage->bytes);
	jsonout_bool(&visit->json, "deleted",
	    kind->goes && visit->given->delete);
	jsonout_end(&visit->json, '}');
}

static void list(const struct visit *visit)
{
	struct columns columns = {.count = 3};
	struct buf shown = {0};

	for (size_t i = 0; i < KINDS; i++) {
		struct buf count = {0};
		struct buf bytes = {0};

		if (visit->count[i] == 0)
			continue;
		show_count(visit->count[i], kinds[i].noun, &count);
		str_bytes(visit->bytes[i], &bytes);
		columns_row(&columns,
		    (const char *[]){buf_str(&count), buf_str(&bytes),
		        kinds[i].why});
		buf_release(&count);
		buf_release(&bytes);
	}
	columns_write(&columns, visit->context->term);
	for (size_t i = 0; i < visit->aside.count; i++) {
		buf_add_str(&shown, "  ");
		show_text(visit->aside.items[i], &shown);
		buf_add_char(&shown, '\n');
	}
	term_write(visit->context->term, buf_str(&shown), shown.len);
	buf_release(&shown);
}

static void conclude(const struct visit *visit)
{
	struct buf bytes = {0};
	uint64_t count = 0;
	uint64_t sum = 0;

	for (size_t i = 0; i < KINDS; i++) {
		if (!kinds[i].goes)
			continue;
		count += visit->count[i];
		sum += visit->bytes[i];
	}
	str_bytes(sum, &bytes);
	if (count == 0)
		term_say(visit->context->term, "nothing to delete");
	else if (visit->given->delete)
		term_say(visit->context->term, "deleted %s", buf_str(&bytes));
	else
		term_say(visit->context->term,
		    "nothing was deleted; with --delete it would be %s",
		    buf_str(&bytes));
	buf_release(&bytes);
}

static void say_put_back(const struct visit *visit)
{
	struct buf count = {0};

	show_count(visit->count[MLDV_GARBAGE_MANIFEST], "item", &count);
	term_say(visit->context->term, "put back %s", buf_str(&count));
	buf_release(&count);
}

static int check(const struct values *given, struct mldv_error *err)
{
	if (given->undo && given->remote == NULL)
		return err_set(err, MLDV_USAGE,
		    "--undo is for a remote; name it with --remote");
	if (given->exclusive && given->remote == NULL)
		return err_set(err, MLDV_USAGE,
		    "--exclusive is for a remote; name it with --remote");
	if (given->undo && given->delete)
		return err_set(err, MLDV_USAGE,
		    "--undo and --delete exclude each other");
	return 0;
}

static int run(const struct context *context, const void *values,
    struct mldv_error *err)
{
	const struct values *given = values;
	struct visit visit = {.context = context,
	    .given = given,
	    .json.style = JSONOUT_LINES};
	const struct mldv_gc how = {.delete = given->delete,
	    .exclusive = given->exclusive,
	    .visit = visit_garbage,
	    .context = &visit};
	int ret = check(given, err);

	jsonout_begin(&visit.json, NULL, '[');
	if (ret == 0 && given->undo)
		ret = mldv_gc_undo(context->project, given->remote, &how, err);
	else if (ret == 0 && given->remote != NULL)
		ret =
		    mldv_gc_remote(context->project, given->remote, &how, err);
	else if (ret == 0)
		ret = mldv_gc(context->project, &how, err);
	jsonout_end(&visit.json, ']');
	if (ret == 0 && given->json) {
		json_print(&visit.json, context->term);
	} else if (ret == 0 && given->undo) {
		say_put_back(&visit);
	} else if (ret == 0) {
		list(&visit);
		conclude(&visit);
	}
	strs_release(&visit.aside);
	jsonout_release(&visit.json);
	return ret;
}

const struct command command_gc = {
    .name = "gc",
    .summary = "delete what nothing needs any more",
    .arguments = "",
    .group = GROUP_DATA,
    .needs_project = true,
    .options = options,
    .size = sizeof(struct values),
    .run = run,
};
