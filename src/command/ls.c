/* SPDX-License-Identifier: Apache-2.0 */

/* mldv ls: list items, and what is in them, without having them here. */

#include "base/str.h"
#include "command/command.h"
#include "command/listing.h"
#include "command/report.h"
#include "mldv/look.h"

struct values {
	bool recursive;
	bool ask;
	const char *remote;
	const char *revision;
	bool json;
};

static const struct option options[] = {
    {'R', "recursive", NULL, "list the files below, too",
        FLAG(struct values, recursive)},
    {0, "remote", NULL, "ask the default remote for what is not here",
        FLAG(struct values, ask)},
    {'r', "from", "NAME", "ask this remote, not the default",
        TEXT(struct values, remote)},
    {0, "revision", "REV", "list the items of this Git revision",
        TEXT(struct values, revision)},
    {0, "json", NULL, "write JSON", FLAG(struct values, json)},
    {0},
};

static void entry_json(struct jsonout *json, const struct mldv_entry *entry)
{
	jsonout_begin(json, NULL, '{');
	jsonout_text(json, "path", entry->path);
	jsonout_text(json, "kind", entry->kind);
	jsonout_count(json, "files", entry->files);
	jsonout_count(json, "bytes", entry->bytes);
	jsonout_bool(json, "item", entry->item);
	if (entry->stage != NULL)
		jsonout_text(json, "stage", entry->stage);
	if (entry->asked)
		jsonout_bool(json, "on_remote", entry->there);
	jsonout_end(json, '}');
}

static void visit_entry(void *context, const struct mldv_entry *entry)
{
	struct listing *listing = context;
	struct buf files = {0};
	struct buf size = {0};
	struct buf path = {0};

	if (listing->as_json) {
		entry_json(&listing->json, entry);
		return;
	}
	show_count(entry->files, "file", &files);
	str_bytes(entry->bytes, &size);
	show_path(listing->context, entry->path, &path);
	columns_row(&listing->columns,
	    (const char *[]){entry->kind, buf_str(&files), buf_str(&size),
	        buf_str(&path),
	        entry->asked && !entry->there ? "not on the remote" : ""});
	buf_release(&files);
	buf_release(&size);
	buf_release(&path);
}

static int run(const struct context *context, const void *values,
    struct mldv_error *err)
{
	const struct values *given = values;
	struct listing listing;
	const struct mldv_list how = {.recursive = given->recursive,
	    .ask = given->ask,
	    .remote = given->remote,
	    .revision = given->revision,
	    .visit = visit_entry,
	    .context = &listing};
	struct strs paths = {0};
	int ret = -1;

	listing_open(&listing, context, given->json, 5);
	if (paths_of(context, 0, &paths, err) == 0)
		ret = mldv_list(context->project, &paths, &how, err);
	strs_release(&paths);
	return listing_close(&listing, ret);
}

const struct command command_ls = {
    .name = "ls",
    .summary = "list items and what is in them, here or not",
    .arguments = "[PATH...]",
    .group = GROUP_DATA,
    .most = ANY_NUMBER,
    .needs_project = true,
    .options = options,
    .size = sizeof(struct values),
    .run = run,
};
