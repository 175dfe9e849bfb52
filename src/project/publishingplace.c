/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "mldv/remote.h"
#include "project/publishing.h"
#include "project/remotes.h"
#include "project/worktree.h"

static const struct {
	const char *end;
	const char *type;
} types[] = {
    {".ipynb", "application/x-ipynb+json"},
    {".json", "application/json"},
    {".csv", "text/csv"},
    {".tsv", "text/tab-separated-values"},
    {".txt", "text/plain; charset=utf-8"},
    {".log", "text/plain; charset=utf-8"},
    {".md", "text/markdown; charset=utf-8"},
    {".html", "text/html; charset=utf-8"},
    {".css", "text/css"},
    {".js", "text/javascript"},
    {".xml", "application/xml"},
    {".yaml", "application/yaml"},
    {".yml", "application/yaml"},
    {".png", "image/png"},
    {".jpg", "image/jpeg"},
    {".jpeg", "image/jpeg"},
    {".gif", "image/gif"},
    {".svg", "image/svg+xml"},
    {".webp", "image/webp"},
    {".pdf", "application/pdf"},
    {".gz", "application/gzip"},
    {".zst", "application/zstd"},
    {".zip", "application/zip"},
    {".tar", "application/x-tar"},
    {".parquet", "application/vnd.apache.parquet"},
};

/* "text/csv", by the end of the name; never NULL. */
static const char *type_of(const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		size_t end = strlen(types[i].end);

		if (len > end && strcmp(name + len - end, types[i].end) == 0)
			return types[i].type;
	}
	return "application/octet-stream";
}

/* The default remote's place has a file 'format'; see mldv-format(5). */
static int find_place(struct publishing *publishing, const char **url,
    struct ops_options *how, struct mldv_error *err)
{
	struct mldv_project *project = publishing->project;
	struct arena *arena = &publishing->arena;
	const char *name;

	*url = config_get(&project->config, "publish.url");
	if (*url) {
		remotes_options_for(project, arena, *url, how);
		return 0;
	}
	if (remotes_choose(project, NULL, arena, &name, err) < 0)
		return -1;
	*url = config_get(&project->config,
	    arena_printf(arena, "remote.%s.url", name));
	remotes_options_of(project, arena, name, how);
	return 1;
}

int publishing_open(struct publishing *publishing, struct mldv_project *project,
    const struct mldv_publish *options, struct mldv_publish_sum *sum,
    struct mldv_error *err)
{
	struct ops_options how = {0};
	struct ops_info info;
	const char *url;
	int is_remote;
	int there = 1;

	*publishing = (struct publishing){
	    .project = project,
	    .options = options,
	    .sum = sum,
	};
	is_remote = find_place(publishing, &url, &how, err);
	if (is_remote < 0 ||
	    ops_open(&publishing->ops, url, "publish", &how, err) < 0)
		return -1;
	publishing->url = str_hide_password(&publishing->arena, url);
	if (publishing->ops->table->read_only)
		return err_set(err, MLDV_USAGE,
		    "cannot publish to '%s', which can only be read",
		    publishing->url);
	if (is_remote)
		there = publishing->ops->table->head(publishing->ops, "format",
		    false, &info, err);
	if (there == 0)
		return err_set(err, MLDV_USAGE,
		    "'%s' is no remote yet; run 'mldv push' first, or set "
		    "publish.url to another place",
		    publishing->url);
	return there < 0 ? -1 : 0;
}

void publishing_close(struct publishing *publishing)
{
	if (publishing->ops)
		publishing->ops->table->close(publishing->ops);
	for (size_t i = 0; i < publishing->folder_count; i++)
		strs_release(&publishing->folders[i].names);
	free(publishing->folders);
	arena_release(&publishing->arena);
}

int publishing_bring(const struct publishing *publishing,
    const struct item *item, struct mldv_error *err)
{
	struct mldv_project *project = publishing->project;
	const struct mldv_transfer how = {.dry_run = false};
	struct mldv_transferred done;
	struct strs paths = {0};
	struct content content;
	int ret;

	if (item->git) {
		ret = worktree_store(project, item->path, &content, NULL, err);
		if (ret == 0 && !content_equal(&content, &item->content))
			ret = err_set(err, MLDV_NO,
			    "'%s' is not what stage '%s' made; run 'mldv "
			    "repro'",
			    item->path, item->stage);
		return ret;
	}
	ret = worktree_complete(project, &item->content, NULL, err);
	if (ret < 0 && err->code == MLDV_MISSING)
		ret = 0;
	if (ret != 0)
		return ret < 0 ? -1 : 0;
	strs_add(&paths, item->path);
	ret = mldv_fetch(project, &paths, &how, &done, err);
	if (ret == 0 && done.missing > 0)
		ret = err_set(err, MLDV_MISSING,
		    "cannot publish '%s': its data is neither here nor on the "
		    "remote",
		    item->path);
	strs_release(&paths);
	return ret;
}

int publishing_put(const struct publishing *publishing,
    struct store_reader *reader, const char *name, const struct content *file,
    struct mldv_error *err)
{
	struct store *store = publishing->project->store;
	struct ops *ops = publishing->ops;
	struct ops_source source = {
	    .name = name,
	    .size = file->size,
	    .oid = &file->oid,
	    .type = type_of(name),
	};
	struct slice bytes = {"", 0};
	int fd = -1;
	int ret = 0;

	if (file->size > OBJECT_WHOLE_MAX)
		ret = store_file_open(store, &file->oid, file->size, &fd, err);
	else if (file->size > 0)
		ret = store_reader_get(reader, &file->oid, &bytes, err);
	if (ret < 0)
		return -1;
	source.data = fd < 0 ? bytes.data : NULL;
	source.fd = fd;
	ret = ops->table->put(ops, name, &source, OPS_REPLACE, err);
	if (fd >= 0)
		(void)close(fd);
	return ret < 0 ? err_prefix(err, "cannot publish '%s'", name) : 0;
}
