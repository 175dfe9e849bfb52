/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "format/condemned.h"
#include "remote/collect.h"
#include "remote/inner.h"

struct putting {
	struct remote *remote;
	const struct remote_collect *options;
	struct arena arena;
};

/* The name of the youngest record that has manifests to put back, or NULL. */
static int find_last(struct putting *putting, const char **name,
    struct condemned *record, struct mldv_error *err)
{
	struct ops *ops = putting->remote->ops;
	struct strs names = {0};
	uint64_t youngest = UINT64_MAX;
	int ret = ops->table->list(ops, "gc", &names, err);

	*name = NULL;
	/* Of the same age the last by name, which begins with the time. */
	for (size_t i = 0; ret >= 0 && i < names.count; i++) {
		struct condemned one;
		struct ops_info info;

		ret = ops->table->head(ops, names.items[i], true, &info, err);
		if (ret > 0 && info.age <= youngest)
			ret = collect_read_record(putting->remote,
			    &putting->arena, names.items[i], &one, err);
		else
			continue;
		if (ret <= 0 || one.manifest_count == 0 ||
		    strcmp(one.project, putting->remote->project) != 0)
			continue;
		youngest = info.age;
		*name = arena_str(&putting->arena, names.items[i]);
		*record = one;
	}
	strs_release(&names);
	return ret < 0 ? -1 : 0;
}

/* Are all the packs there, and whole? 1, or 0. */
static int is_whole(const struct putting *putting,
    const struct condemned_manifest *from, struct manifest *manifest,
    struct arena *arena, struct mldv_error *err)
{
	struct ops *ops = putting->remote->ops;

	if (manifest_parse(manifest, arena, from->text.data, from->text.len,
	        err) < 0)
		return -1;
	for (size_t i = 0; i < manifest->count; i++) {
		const struct manifest_pack *pack = &manifest->packs[i];
		char name[REMOTE_NAME];
		struct ops_info info;
		int found;

		remote_pack_name(&pack->id, name);
		found = ops->table->head(ops, name, false, &info, err);
		if (found <= 0 || info.size != pack->bytes)
			return found < 0 ? -1 : 0;
	}
	return 1;
}

/* 1 if the manifest is there again, 0 if a pack is lacking. */
static int put_back(const struct putting *putting,
    const struct condemned_manifest *from, struct mldv_error *err)
{
	struct ops *ops = putting->remote->ops;
	const struct ops_source source = {
	    .data = from->text.data,
	    .size = from->text.len,
	};
	char name[REMOTE_NAME + 64];
	struct arena arena = {0};
	struct manifest manifest;
	int ret = is_whole(putting, from, &manifest, &arena, err);

	if (ret > 0) {
		remote_manifest_name(putting->remote, &manifest.content, name);
		/* Somebody may have pushed it again: that one is as good. */
		ret = ops->table->put(ops, name, &source, OPS_NEW, err) < 0 ? -1
		                                                            : 1;
	}
	if (ret > 0)
		putting->options->visit(putting->options->context,
		    GARBAGE_MANIFEST, name, 0);
	arena_release(&arena);
	return ret;
}

static int put_all_back(struct putting *putting, struct mldv_error *err)
{
	struct ops *ops = putting->remote->ops;
	struct condemned record = {0};
	const char *name;
	size_t lost = 0;
	int ret = find_last(putting, &name, &record, err);

	if (ret == 0 && name == NULL)
		return err_set(err, MLDV_NO,
		    "there is nothing to put back on remote '%s'",
		    putting->remote->name);
	for (size_t i = 0; ret >= 0 && i < record.manifest_count; i++) {
		ret = put_back(putting, &record.manifests[i], err);
		lost += ret == 0;
	}
	if (ret >= 0)
		ret = ops->table->sync(ops, err);
	if (ret == 0 && lost > 0)
		return err_set(err, MLDV_MISSING,
		    "%zu items could not be put back: packs that they need are "
		    "gone",
		    lost);
	/* The packs that it condemns have to be condemned anew. */
	if (ret == 0)
		ret = ops->table->drop(ops, name, NULL, err);
	return ret == 0 ? ops->table->sync(ops, err) : -1;
}

int remote_put_back(struct remote *remote, const struct remote_collect *options,
    struct mldv_error *err)
{
	struct putting putting = {.remote = remote, .options = options};
	int ret;

	if (collect_enter(remote, options, true, err) < 0)
		return -1;
	ret = put_all_back(&putting, err);
	remote->ops->table->unlock(remote->ops);
	arena_release(&putting.arena);
	return ret;
}
