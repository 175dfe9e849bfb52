/* SPDX-License-Identifier: Apache-2.0 */

/* mldv du: how much room items take, here and on a remote. */

#include "base/str.h"
#include "command/command.h"
#include "command/listing.h"
#include "command/report.h"
#include "mldv/gc.h"

struct values {
	const char *remote;
	bool local;
	bool json;
};

static const struct option options[] = {
    {'r', "remote", "NAME", "ask this remote, not the default",
        TEXT(struct values, remote)},
    {'l', "local", NULL, "ask no remote", FLAG(struct values, local)},
    {0, "json", NULL, "write JSON", FLAG(struct values, json)},
    {0},
};

/* "12 MB", "12 MB, 3 MB shared" */
static void add_bytes(uint64_t bytes, uint64_t shared, const char *where,
    struct buf *out)
{
	str_bytes(bytes, out);
	buf_printf(out, " %s", where);
	if (shared == 0)
		return;
	buf_add_str(out, ", ");
	if (shared < bytes)
		str_bytes(shared, out);
	else
		buf_add_str(out, "all");
	buf_add_str(out, " shared");
}

static void visit_json(struct jsonout *json, const struct mldv_usage *usage)
{
	jsonout_begin(json, NULL, '{');
	jsonout_text(json, "path", usage->path);
	jsonout_count(json, "files", usage->files);
	jsonout_count(json, "bytes", usage->bytes);
	jsonout_count(json, "local", usage->local);
	jsonout_count(json, "local_shared", usage->local_shared);
	if (usage->asked) {
		jsonout_bool(json, "on_remote", usage->on_remote);
		jsonout_count(json, "remote", usage->remote);
		jsonout_count(json, "remote_shared", usage->remote_shared);
	}
	jsonout_end(json, '}');
}

static void visit_usage(void *context, const struct mldv_usage *usage)
{
	struct listing *listing = context;
	struct buf path = {0};
	struct buf size = {0};
	struct buf local = {0};
	struct buf remote = {0};

	if (listing->as_json) {
		if (usage->path != NULL)
			visit_json(&listing->json, usage);
		return;
	}
	if (usage->path != NULL)
		show_path(listing->context, usage->path, &path);
	else
		buf_add_str(&path, "in all");
	show_size(usage->files, usage->bytes, &size);
	add_bytes(usage->local, usage->local_shared, "here", &local);
	if (usage->on_remote || usage->remote > 0)
		add_bytes(usage->remote, usage->remote_shared, "there",
		    &remote);
	else if (usage->asked)
		buf_add_str(&remote, "not there");
	columns_row(&listing->columns,
	    (const char *[]){buf_str(&path), buf_str(&size), buf_str(&local),
	        buf_str(&remote)});
	buf_release(&path);
	buf_release(&size);
	buf_release(&local);
	buf_release(&remote);
}

static int run(const struct context *context, const void *values,
    struct mldv_error *err)
{
	const struct values *given = values;
	struct listing listing;
	const struct mldv_du how = {.remote = given->remote,
	    .local = given->local,
	    .visit = visit_usage,
	    .context = &listing};
	struct strs paths = {0};
	int ret = paths_of(context, 0, &paths, err);

	listing_open(&listing, context, given->json, 4);
	if (ret == 0)
		ret = mldv_du(context->project, &paths, &how, err);
	strs_release(&paths);
	return listing_close(&listing, ret);
}

const struct command command_du = {
    .name = "du",
    .summary = "say how much room items take, here and on a remote",
    .arguments = "[PATH...]",
    .group = GROUP_DATA,
    .most = ANY_NUMBER,
    .needs_project = true,
    .options = options,
    .size = sizeof(struct values),
    .run = run,
};
