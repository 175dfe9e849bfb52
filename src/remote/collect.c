/* SPDX-License-Identifier: Apache-2.0 */
#include "remote/collect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "format/condemned.h"
#include "format/oidset.h"
#include "remote/inner.h"

/* G1, G2: nothing younger is condemned. */
#define CONDEMN_AGE (14 * REMOTE_DAY)
/* G2: a pack is deleted so long after it was condemned. */
#define DELETE_FROM  REMOTE_DAY
#define DELETE_UNTIL (7 * REMOTE_DAY)
/* Of manifests in one record; what is more waits for the next collection. */
#define RECORD_TEXT (CONDEMNED_LIMIT / 4)

/* Something on the remote that goes. */
struct doomed {
	const char *name;
	const char *version; /* that was looked at, or NULL */
	struct doomed *next;
};

struct collect {
	struct remote *remote;
	const struct remote_collect *options;
	struct arena arena;
	struct oid_set named;    /* packs that manifests name now */
	struct oid_set kept;     /* that manifests name which stay */
	struct oid_set recent;   /* that manifests named a day ago */
	struct oid_set waiting;  /* condemned packs, not yet to be deleted */
	struct oid_set due;      /* condemned packs, to be deleted */
	struct condemned record; /* what this collection condemns */
	size_t manifest_capacity;
	size_t pack_capacity;
	size_t text; /* bytes of manifests in it */
	struct doomed *manifests;
	struct doomed *packs;
	struct doomed *records;
	struct doomed *pieces;
};

static void collect_release(struct collect *collect)
{
	oid_set_release(&collect->named);
	oid_set_release(&collect->kept);
	oid_set_release(&collect->recent);
	oid_set_release(&collect->waiting);
	oid_set_release(&collect->due);
	free(collect->record.manifests);
	free(collect->record.packs);
	arena_release(&collect->arena);
}

static void doom(struct collect *collect, struct doomed **list,
    const char *name, const struct ops_info *info)
{
	struct doomed *doomed = arena_alloc(&collect->arena, sizeof(*doomed));

	doomed->name = arena_str(&collect->arena, name);
	if (*info->version)
		doomed->version = arena_str(&collect->arena, info->version);
	doomed->next = *list;
	*list = doomed;
}

static void report(const struct collect *collect, enum remote_garbage kind,
    const char *name, uint64_t bytes)
{
	collect->options->visit(collect->options->context, kind, name, bytes);
}

static void add_packs(struct oid_set *set, const struct manifest *manifest)
{
	for (size_t i = 0; i < manifest->count; i++)
		(void)oid_set_add(set, &manifest->packs[i].id);
}

/*
 * G1: is it old enough? And does it fit into the record? 1, or 0 if it stays.
 */
static int may_go(const struct collect *collect, const char *name, size_t len,
    struct ops_info *info, struct mldv_error *err)
{
	struct ops *ops = collect->remote->ops;
	int found = ops->table->head(ops, name, true, info, err);

	if (found <= 0)
		return found;
	if (info->age < CONDEMN_AGE) {
		report(collect, GARBAGE_YOUNG, name, info->size);
		return 0;
	}
	return collect->text + len <= RECORD_TEXT;
}

static void condemn_manifest(struct collect *collect, const char *name,
    const struct ops_info *info, const struct content *content,
    const struct buf *text)
{
	struct condemned *record = &collect->record;

	record->manifests = xgrow(record->manifests, record->manifest_count,
	    &collect->manifest_capacity, sizeof(*record->manifests));
	record->manifests[record->manifest_count++] =
	    (struct condemned_manifest){
	        .oid = content->oid,
	        .kind = content->kind,
	        .text = {arena_copy(&collect->arena, text->data, text->len),
	            text->len},
	    };
	collect->text += text->len;
	doom(collect, &collect->manifests, name, info);
	report(collect, GARBAGE_MANIFEST, name, 0);
}

/* Every manifest, of any project, must be understood. */
static int look_at_manifest(struct collect *collect, const char *name,
    struct mldv_error *err)
{
	struct ops *ops = collect->remote->ops;
	struct arena arena = {0};
	struct buf text = {0};
	struct manifest manifest;
	struct content content;
	struct slice project;
	struct ops_info info = {0};
	int ret = 0;

	if (!remote_parse_manifest_name(name, &project, &content))
		return 0;
	ret = ops->table->get(ops, name, MANIFEST_LIMIT, &text, err);
	if (ret <= 0)
		goto out;
	ret = manifest_parse(&manifest, &arena, buf_str(&text), text.len, err);
	if (ret < 0) {
		(void)err_prefix(err,
		    "'%s' on remote '%s' is damaged, so that it cannot be told "
		    "which packs it needs",
		    name, collect->remote->name);
		goto out;
	}
	add_packs(&collect->named, &manifest);
	if (slice_is(project, collect->remote->project) &&
	    !collect->options->needed(collect->options->context, &content))
		ret = may_go(collect, name, text.len, &info, err);
	if (ret > 0)
		condemn_manifest(collect, name, &info, &content, &text);
	else if (ret == 0)
		add_packs(&collect->kept, &manifest);
out:
	buf_release(&text);
	arena_release(&arena);
	return ret < 0 ? -1 : 0;
}

int collect_read_record(const struct remote *remote, struct arena *arena,
    const char *name, struct condemned *out, struct mldv_error *err)
{
	struct ops *ops = remote->ops;
	struct buf text = {0};
	int ret = ops->table->get(ops, name, CONDEMNED_LIMIT, &text, err);

	if (ret > 0 &&
	    condemned_parse(out, arena, buf_str(&text), text.len, err) < 0)
		ret = err_prefix(err,
		    "'%s' on remote '%s' is damaged; remove it there", name,
		    remote->name);
	buf_release(&text);
	return ret;
}

/*
 * For a day after a manifest was condemned a push that has seen it may still
 * name its packs (P1b). Whether it was deleted then or later, when a
 * collection was killed in between, its record tells.
 */
static int note_recent(struct collect *collect, const struct condemned *record,
    struct mldv_error *err)
{
	for (size_t i = 0; i < record->manifest_count; i++) {
		const struct condemned_manifest *from = &record->manifests[i];
		struct arena arena = {0};
		struct manifest manifest;
		int ret = manifest_parse(&manifest, &arena, from->text.data,
		    from->text.len, err);

		if (ret == 0)
			add_packs(&collect->recent, &manifest);
		arena_release(&arena);
		if (ret < 0)
			return -1;
	}
	return 0;
}

static int look_at_record(struct collect *collect, const char *name,
    struct mldv_error *err)
{
	struct ops *ops = collect->remote->ops;
	struct arena arena = {0};
	struct condemned record;
	struct oid_set *set = &collect->due;
	struct ops_info info;
	int ret = ops->table->head(ops, name, true, &info, err);

	if (ret > 0 && info.age > DELETE_UNTIL) {
		doom(collect, &collect->records, name, &info);
		return 0;
	}
	if (ret > 0)
		ret = collect_read_record(collect->remote, &arena, name,
		    &record, err);
	if (ret <= 0)
		goto out;
	ret = 0;
	if (info.age < DELETE_FROM) {
		set = &collect->waiting;
		ret = note_recent(collect, &record, err);
	}
	for (size_t i = 0; ret == 0 && i < record.pack_count; i++)
		(void)oid_set_add(set, &record.packs[i].id);
out:
	arena_release(&arena);
	return ret < 0 ? -1 : 0;
}

static void condemn_pack(struct collect *collect, const struct oid *id,
    uint64_t bytes)
{
	struct condemned *record = &collect->record;

	record->packs = xgrow(record->packs, record->pack_count,
	    &collect->pack_capacity, sizeof(*record->packs));
	record->packs[record->pack_count++] =
	    (struct condemned_pack){*id, bytes};
}

/* G2. What a push has renewed since it was condemned is young again. */
static int look_at_pack(struct collect *collect, const char *name,
    struct mldv_error *err)
{
	struct ops *ops = collect->remote->ops;
	struct ops_info info;
	struct oid id;
	int found;

	if (!remote_parse_pack_name(name, &id) ||
	    oid_set_has(&collect->kept, &id))
		return 0;
	found = ops->table->head(ops, name, true, &info, err);
	if (found <= 0)
		return found;
	if (info.age < CONDEMN_AGE) {
		report(collect, GARBAGE_YOUNG, name, info.size);
	} else if (oid_set_has(&collect->due, &id) &&
	    !oid_set_has(&collect->named, &id) &&
	    !oid_set_has(&collect->recent, &id)) {
		doom(collect, &collect->packs, name, &info);
		report(collect, GARBAGE_PACK, name, info.size);
	} else {
		if (!oid_set_has(&collect->waiting, &id))
			condemn_pack(collect, &id, info.size);
		report(collect, GARBAGE_LATER, name, info.size);
	}
	return 0;
}

static int look_at_all(struct collect *collect, const char *dir,
    int (*look)(struct collect *collect, const char *name,
        struct mldv_error *err),
    struct mldv_error *err)
{
	struct ops *ops = collect->remote->ops;
	struct strs names = {0};
	int ret = ops->table->list(ops, dir, &names, err);

	for (size_t i = 0; ret == 0 && i < names.count; i++) {
		ret = remote_stopped(collect->remote, err);
		if (ret == 0)
			ret = look(collect, names.items[i], err);
	}
	strs_release(&names);
	return ret;
}

/*
 * Whoever still writes is kept away by the lock, where there are locks, and
 * else takes no day over one file.
 */
static int look_at_pieces(struct collect *collect, struct mldv_error *err)
{
	struct ops *ops = collect->remote->ops;
	struct strs names = {0};
	int ret = ops->table->list_pieces
	    ? ops->table->list_pieces(ops, &names, err)
	    : 0;

	for (size_t i = 0; ret >= 0 && i < names.count; i++) {
		const char *name = names.items[i];
		struct ops_info info;

		ret = ops->table->head(ops, name, true, &info, err);
		if (ret <= 0)
			continue;
		if (info.age < REMOTE_DAY) {
			report(collect, GARBAGE_YOUNG, name, info.size);
			continue;
		}
		doom(collect, &collect->pieces, name, &info);
		report(collect, GARBAGE_PIECE, name, info.size);
	}
	strs_release(&names);
	return ret < 0 ? -1 : 0;
}

static int put_record(struct collect *collect, struct mldv_error *err)
{
	struct ops *ops = collect->remote->ops;
	struct ops_source source = {0};
	struct buf text = {0};
	char stamp[32] = "0";
	char random[TEMP_NAME];
	time_t now = time(NULL);
	struct tm utc;
	const char *name;
	int ret;

	if (collect->record.manifest_count == 0 &&
	    collect->record.pack_count == 0)
		return 0;
	if (gmtime_r(&now, &utc))
		(void)strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", &utc);
	temp_name(random);
	name = arena_printf(&collect->arena, "gc/%s-%s", stamp,
	    random + sizeof(TEMP_PREFIX) - 1);
	condemned_format(&collect->record, &text);
	source.data = text.data;
	source.size = text.len;
	ret = ops->table->put(ops, name, &source, OPS_NEW, err);
	buf_release(&text);
	return ret < 0 ? -1 : ops->table->sync(ops, err);
}

static int remove_all(struct collect *collect, const struct doomed *list,
    struct mldv_error *err)
{
	struct ops *ops = collect->remote->ops;

	for (; list != NULL; list = list->next) {
		if (ops->table->drop(ops, list->name, list->version, err) < 0)
			return -1;
	}
	return ops->table->sync(ops, err);
}

/* Each step is durable before the next one relies on it. */
static int carry_out(struct collect *collect, struct mldv_error *err)
{
	if (put_record(collect, err) < 0 ||
	    remove_all(collect, collect->manifests, err) < 0 ||
	    remove_all(collect, collect->packs, err) < 0 ||
	    remove_all(collect, collect->pieces, err) < 0)
		return -1;
	return remove_all(collect, collect->records, err);
}

int collect_enter(struct remote *remote, const struct remote_collect *options,
    bool alone, struct mldv_error *err)
{
	const struct ops_alone how = {options->no_wait, options->exclusive};
	struct ops *ops = remote->ops;
	int found = remote_check_format(remote, err);

	if (found == 0)
		return err_set(err, MLDV_MISSING,
		    "there is no mldv remote at '%s' ('%s'); check the address",
		    remote->url, remote->name);
	if (found < 0)
		return -1;
	return alone ? ops->table->lock_all(ops, &how, err)
	             : ops->table->lock(ops, err);
}

int remote_collect(struct remote *remote, const struct remote_collect *options,
    struct mldv_error *err)
{
	struct collect collect = {
	    .remote = remote,
	    .options = options,
	    .record = {.project = remote->project},
	};
	int ret = -1;

	if (collect_enter(remote, options, options->delete, err) < 0)
		return -1;
	if (look_at_all(&collect, "manifests", look_at_manifest, err) == 0 &&
	    look_at_all(&collect, "gc", look_at_record, err) == 0 &&
	    look_at_all(&collect, "packs", look_at_pack, err) == 0 &&
	    look_at_pieces(&collect, err) == 0)
		ret = options->delete ? carry_out(&collect, err) : 0;
	remote->ops->table->unlock(remote->ops);
	collect_release(&collect);
	return ret;
}
