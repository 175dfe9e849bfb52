/* SPDX-License-Identifier: Apache-2.0 */
#include "remote/purge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "remote/inner.h"
#include "remote/ranges.h"
#include "remote/reach.h"

#define PURGED_NAME (sizeof("purged/") + OID_HEX)

/* A manifest on the remote, of any project. */
struct paper {
	const char *name;
	struct manifest manifest;
	bool goes;
	bool shares; /* names a pack that may go */
	struct paper *next;
};

/* A pack that may go. */
struct sheet {
	struct oid id;
	bool there;
	bool goes;
	bool renewed; /* fresh holds what is kept of it, unless it is empty */
	uint64_t bytes;
	struct manifest_pack fresh;
	struct buf text; /* of the new pack */
};

struct purge {
	struct remote *remote;
	struct store *store;
	const struct remote_purge *options;
	struct arena arena;
	struct paper *papers;
	struct oid_set named; /* packs that any manifest names */
	struct oid_set kept;  /* that a manifest names which stays */
	struct oid_set suspects;
	struct oid_set needed; /* objects that others need of those */
	struct oid_set gone;   /* objects that only the items have */
	struct sheet *sheets;  /* of the suspects, in the same order */
	size_t sheet_count;
	size_t sheet_capacity;
	bool *noted; /* of each item: there is something to be noted of it */
};

static void purge_release(struct purge *purge)
{
	for (size_t i = 0; i < purge->sheet_count; i++)
		buf_release(&purge->sheets[i].text);
	free(purge->sheets);
	oid_set_release(&purge->named);
	oid_set_release(&purge->kept);
	oid_set_release(&purge->suspects);
	oid_set_release(&purge->needed);
	oid_set_release(&purge->gone);
	arena_release(&purge->arena);
}

static void purged_name(const struct oid *oid, char out[PURGED_NAME])
{
	char hex[OID_HEX + 1];

	oid_hex(oid, hex);
	(void)snprintf(out, PURGED_NAME, "purged/%s", hex);
}

int remote_purged(struct remote *remote, const struct content *item,
    struct arena *arena, struct purged *out, struct mldv_error *err)
{
	char name[PURGED_NAME];
	struct buf text = {0};
	int found;

	purged_name(&item->oid, name);
	found = remote->ops->table->get(remote->ops, name, PURGED_LIMIT, &text,
	    err);
	if (found > 0 &&
	    purged_parse(out, arena, buf_str(&text), text.len, err) < 0)
		found = err_prefix(err, "'%s' on remote '%s' is damaged", name,
		    remote->name);
	buf_release(&text);
	return found;
}

int remote_refuse_purged(struct remote *remote, const struct content *item,
    bool missing, struct mldv_error *err)
{
	struct arena arena = {0};
	struct purged purged;
	int found = remote_purged(remote, item, &arena, &purged, err);

	if (found > 0 && (purged.kind == KIND_DIR) == (item->kind == KIND_DIR))
		found = err_set(err, missing ? MLDV_MISSING : MLDV_NO,
		    "it was purged from remote '%s' on %.10s: %s", remote->name,
		    purged.date, purged.why);
	arena_release(&arena);
	return found < 0 ? -1 : 0;
}

static size_t find_item(const struct purge *purge, const struct content *of)
{
	size_t i = 0;

	while (i < purge->options->count &&
	    !((purge->options->items[i].kind == KIND_DIR) ==
	            (of->kind == KIND_DIR) &&
	        oid_equal(&purge->options->items[i].oid, &of->oid)))
		i++;
	return i;
}

static void suspect(struct purge *purge, const struct oid *id)
{
	if (!oid_set_add(&purge->suspects, id))
		return;
	purge->sheets = xgrow(purge->sheets, purge->sheet_count,
	    &purge->sheet_capacity, sizeof(*purge->sheets));
	purge->sheets[purge->sheet_count++] = (struct sheet){.id = *id};
}

/* Every manifest, of any project, must be understood. */
static int read_paper(struct purge *purge, const char *name,
    struct mldv_error *err)
{
	struct remote *remote = purge->remote;
	struct paper *paper = arena_alloc(&purge->arena, sizeof(*paper));
	struct content content;
	struct slice project;
	struct buf text = {0};
	size_t item;
	int found;

	if (!remote_parse_manifest_name(name, &project, &content))
		return 0;
	found = remote->ops->table->get(remote->ops, name, MANIFEST_LIMIT,
	    &text, err);
	if (found > 0 &&
	    manifest_parse(&paper->manifest, &purge->arena, buf_str(&text),
	        text.len, err) < 0)
		found = err_prefix(err,
		    "'%s' on remote '%s' is damaged, so that it cannot be told "
		    "which packs it needs; run 'mldv fsck --remote %s "
		    "--repair'",
		    name, remote->name, remote->name);
	buf_release(&text);
	if (found <= 0)
		return found;
	paper->name = arena_str(&purge->arena, name);
	item = find_item(purge, &content);
	paper->goes =
	    item < purge->options->count && slice_is(project, remote->project);
	if (paper->goes)
		purge->noted[item] = true;
	paper->next = purge->papers;
	purge->papers = paper;
	for (size_t i = 0; i < paper->manifest.count; i++) {
		const struct oid *id = &paper->manifest.packs[i].id;

		(void)oid_set_add(&purge->named, id);
		if (paper->goes)
			suspect(purge, id);
		else
			(void)oid_set_add(&purge->kept, id);
	}
	return 0;
}

static int read_papers(struct purge *purge, struct mldv_error *err)
{
	struct ops *ops = purge->remote->ops;
	struct strs names = {0};
	int ret = ops->table->list(ops, "manifests", &names, err);

	for (size_t i = 0; ret == 0 && i < names.count; i++) {
		ret = remote_stopped(purge->remote, err);
		if (ret == 0)
			ret = read_paper(purge, names.items[i], err);
	}
	strs_release(&names);
	return ret;
}

/* Packs that a purge was about to delete when it was killed. */
static int read_notes(struct purge *purge, struct mldv_error *err)
{
	for (size_t i = 0; i < purge->options->count; i++) {
		struct purged purged;
		int found = remote_purged(purge->remote,
		    &purge->options->items[i], &purge->arena, &purged, err);

		if (found < 0)
			return -1;
		for (size_t k = 0; found > 0 && k < purged.count; k++)
			suspect(purge, &purged.packs[k]);
	}
	return 0;
}

/* --- What others need --- */

static int take_tree(void *context, const struct range_want *want,
    struct slice payload, struct mldv_error *err)
{
	return reach_take(context, want->object, payload, err);
}

static int read_trees(void *context, struct reach *reach,
    struct reach_object *const *trees, size_t count, struct mldv_error *err)
{
	const struct range_sink sink = {.context = reach, .take = take_tree};
	struct known *known = context;
	struct range_want *wants = xcalloc(count + 1, sizeof(*wants));
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < count; i++) {
		const struct known_place *place =
		    known_find(known, &trees[i]->oid, true);

		if (!place || place->record->chunk_list)
			ret = err_set(err, MLDV_CORRUPT,
			    "a tree that it needs is in none of its packs");
		else
			wants[i] = (struct range_want){
			    .pack = place->pack,
			    .record = place->record,
			    .object = trees[i],
			};
	}
	if (ret == 0)
		ret = ranges_run(known, wants, count, &sink, err);
	free(wants);
	return ret;
}

struct lists {
	struct purge *purge;
	pthread_mutex_t mutex;
};

static int take_list(void *context, const struct range_want *want,
    struct slice payload, struct mldv_error *err)
{
	struct lists *lists = context;
	struct arena arena = {0};
	struct chunks chunks;
	int ret = chunks_parse(&chunks, &arena, payload.data, payload.len, err);

	(void)want;
	(void)pthread_mutex_lock(&lists->mutex);
	for (size_t i = 0; ret == 0 && i < chunks.count; i++)
		(void)oid_set_add(&lists->purge->needed, &chunks.items[i].oid);
	(void)pthread_mutex_unlock(&lists->mutex);
	arena_release(&arena);
	return ret;
}

static int need_files(struct purge *purge, struct known *known,
    const struct map *files, struct mldv_error *err)
{
	struct lists lists = {.purge = purge};
	const struct range_sink sink = {.context = &lists, .take = take_list};
	struct range_want *wants = xcalloc(files->count + 1, sizeof(*wants));
	size_t count = 0;
	int ret;

	for (size_t i = 0; i < files->count; i++) {
		const struct reach_object *file = files->entries[i].value;
		const struct known_place *list;

		(void)oid_set_add(&purge->needed, &file->oid);
		list = known_find_list(known, &file->oid);
		if (list && file->size > OBJECT_WHOLE_MAX)
			wants[count++] = (struct range_want){
			    .pack = list->pack,
			    .record = list->record,
			};
	}
	(void)pthread_mutex_init(&lists.mutex, NULL);
	ret = ranges_run(known, wants, count, &sink, err);
	(void)pthread_mutex_destroy(&lists.mutex);
	free(wants);
	return ret;
}

/* All that the item of a manifest that stays consists of. */
static int need_item(struct purge *purge, const struct paper *paper,
    struct mldv_error *err)
{
	const struct manifest *manifest = &paper->manifest;
	struct known known;
	struct reach reach;
	const struct reach_source source = {
	    .context = &known,
	    .read = read_trees,
	};
	int ret;

	known_init(&known, purge->remote);
	reach_init(&reach);
	for (size_t i = 0; i < manifest->count; i++)
		(void)known_add(&known, &manifest->packs[i],
		    &manifest->content);
	ret = known_load(&known, purge->store, err);
	if (ret == 0)
		ret = reach_walk(&reach, &manifest->content, 1, &source, err);
	for (size_t i = 0; ret == 0 && i < reach.trees.count; i++)
		(void)oid_set_add(&purge->needed, reach.trees.entries[i].key);
	if (ret == 0)
		ret = need_files(purge, &known, &reach.files, err);
	if (ret < 0)
		(void)err_prefix(err, "cannot tell what '%s' needs",
		    paper->name);
	reach_release(&reach);
	known_release(&known);
	return ret;
}

static int find_needed(struct purge *purge, struct mldv_error *err)
{
	for (struct paper *paper = purge->papers; paper; paper = paper->next) {
		for (size_t i = 0; !paper->goes && i < paper->manifest.count;
		     i++)
			paper->shares |= oid_set_has(&purge->suspects,
			    &paper->manifest.packs[i].id);
		if (!paper->shares)
			continue;
		if (remote_stopped(purge->remote, err) < 0 ||
		    need_item(purge, paper, err) < 0)
			return -1;
	}
	return 0;
}

/* --- Packs --- */

static int add_bytes(void *context, const void *data, size_t size,
    struct mldv_error *err)
{
	(void)err;
	buf_add(context, data, size);
	return 0;
}

static int compare_places(const void *a, const void *b)
{
	const struct pack_record *const *left = a;
	const struct pack_record *const *right = b;

	if ((*left)->offset != (*right)->offset)
		return (*left)->offset < (*right)->offset ? -1 : 1;
	return ((*left)->inner > (*right)->inner) -
	    ((*left)->inner < (*right)->inner);
}

static int copy_records(struct pack_writer *writer, const struct buf *data,
    const struct pack_record *const *records, size_t count,
    struct mldv_error *err)
{
	struct pack_decoder *decoder = pack_decoder_open();
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < count; i++) {
		const struct pack_record *record = records[i];
		struct slice payload;

		ret = pack_decode(decoder, record, data->data + record->offset,
		    (uint64_t)record->offset + 1, &payload, err);
		if (ret < 0)
			break;
		memcpy(pack_writer_room(writer, payload.len), payload.data,
		    payload.len);
		ret = pack_writer_add(writer, &record->oid, payload.len,
		    record->chunk_list, err);
	}
	pack_decoder_close(decoder);
	return ret;
}

/* A pack of just what is needed of another one. */
static int renew(struct purge *purge, struct sheet *sheet,
    const struct pack_index *index, const struct buf *data,
    struct mldv_error *err)
{
	const struct pack_record **records =
	    xcalloc(index->count + 1, sizeof(struct pack_record *));
	const struct pack_sink sink = {&sheet->text, add_bytes};
	struct pack_writer *writer = pack_writer_open();
	struct pack_info info = {0};
	size_t count = 0;
	int ret = 0;

	for (size_t i = 0; i < index->count; i++) {
		if (oid_set_has(&purge->needed, &index->records[i].oid))
			records[count++] = &index->records[i];
	}
	if (count > 1)
		qsort(records, count, sizeof(struct pack_record *),
		    compare_places);
	pack_writer_start(writer, &sink);
	if (count > 0)
		ret = copy_records(writer, data, records, count, err);
	if (ret == 0 && count > 0)
		ret = pack_writer_end(writer, &info, err);
	pack_writer_close(writer);
	free(records);
	sheet->renewed = true;
	sheet->fresh = (struct manifest_pack){
	    .id = info.id,
	    .bytes = info.bytes,
	    .index = info.index,
	    .objects = info.objects,
	};
	return ret;
}

/* How many of its objects others need; notes the rest. */
static size_t count_needed(struct purge *purge, const struct pack_index *index)
{
	size_t needed = 0;

	for (size_t i = 0; i < index->count; i++) {
		const struct oid *oid = &index->records[i].oid;

		if (oid_set_has(&purge->needed, oid))
			needed++;
		else
			(void)oid_set_add(&purge->gone, oid);
	}
	return needed;
}

static int read_index(const struct buf *data, struct arena *arena,
    struct pack_index *out, struct mldv_error *err)
{
	const uint8_t *bytes = (const uint8_t *)data->data;
	uint32_t begin;
	uint32_t count;

	if (data->len < PACK_FOOTER_SIZE)
		return err_set(err, MLDV_CORRUPT, "it is too short");
	if (pack_footer_parse(bytes + data->len - PACK_FOOTER_SIZE, data->len,
	        &begin, &count, err) < 0)
		return -1;
	return pack_index_parse(out, arena, bytes + begin, data->len - begin,
	    data->len, err);
}

/* Decides about a pack that a manifest which goes names. */
static int judge(struct purge *purge, struct sheet *sheet,
    struct mldv_error *err)
{
	struct ops *ops = purge->remote->ops;
	bool kept = oid_set_has(&purge->kept, &sheet->id);
	char name[REMOTE_NAME];
	struct arena arena = {0};
	struct pack_index index;
	struct buf data = {0};
	struct mldv_error why;
	int ret;

	remote_pack_name(&sheet->id, name);
	ret = ops->table->get(ops, name, PACK_LIMIT, &data, err);
	sheet->there = ret > 0;
	sheet->goes = !kept;
	sheet->bytes = data.len;
	if (ret <= 0)
		goto out;
	ret = read_index(&data, &arena, &index, &why);
	if (ret == 0 && count_needed(purge, &index) < index.count && kept) {
		sheet->goes = true;
		ret = renew(purge, sheet, &index, &data, &why);
		sheet->bytes -= ret == 0 ? sheet->fresh.bytes : 0;
	}
	/* What is damaged can go, but others cannot be given what it held. */
	if (ret < 0 && kept) {
		*err = why;
		ret = err_prefix(err, "'%s' on remote '%s' is damaged", name,
		    purge->remote->name);
	} else {
		ret = 0;
	}
	/* It is made once more when it is sent: all would be too much. */
	buf_release(&sheet->text);
out:
	buf_release(&data);
	arena_release(&arena);
	return ret < 0 ? -1 : 0;
}

/* A pack that no manifest names may hold the same objects. */
static int look_at_orphan(struct purge *purge, const char *name,
    struct mldv_error *err)
{
	struct ops *ops = purge->remote->ops;
	struct arena arena = {0};
	struct pack_index index;
	struct mldv_error ignored;
	struct buf data = {0};
	struct oid id;
	bool holds = false;
	int ret;

	if (!remote_parse_pack_name(name, &id) ||
	    oid_set_has(&purge->named, &id) ||
	    oid_set_has(&purge->suspects, &id))
		return 0;
	ret = ops->table->get(ops, name, PACK_LIMIT, &data, err);
	if (ret > 0 && read_index(&data, &arena, &index, &ignored) == 0) {
		for (size_t i = 0; !holds && i < index.count; i++)
			holds =
			    oid_set_has(&purge->gone, &index.records[i].oid);
	}
	if (holds) {
		suspect(purge, &id);
		purge->sheets[purge->sheet_count - 1].goes = true;
		purge->sheets[purge->sheet_count - 1].there = true;
		purge->sheets[purge->sheet_count - 1].bytes = data.len;
	}
	buf_release(&data);
	arena_release(&arena);
	return ret < 0 ? -1 : 0;
}

static int find_orphans(struct purge *purge, struct mldv_error *err)
{
	struct ops *ops = purge->remote->ops;
	struct strs names = {0};
	int ret = purge->gone.count > 0
	    ? ops->table->list(ops, "packs", &names, err)
	    : 0;

	for (size_t i = 0; ret == 0 && i < names.count; i++) {
		ret = remote_stopped(purge->remote, err);
		if (ret == 0)
			ret = look_at_orphan(purge, names.items[i], err);
	}
	strs_release(&names);
	return ret;
}

/* What is kept of one pack may be just another one. */
static void keep_fresh(struct purge *purge)
{
	size_t at;

	for (size_t i = 0; i < purge->sheet_count; i++) {
		const struct sheet *sheet = &purge->sheets[i];

		if (sheet->renewed && sheet->fresh.objects > 0 &&
		    oid_set_find(&purge->suspects, &sheet->fresh.id, &at))
			purge->sheets[at].goes = false;
	}
}

static int plan(struct purge *purge, struct mldv_error *err)
{
	if (read_papers(purge, err) < 0 || read_notes(purge, err) < 0 ||
	    find_needed(purge, err) < 0)
		return -1;
	for (size_t i = 0; i < purge->sheet_count; i++) {
		if (remote_stopped(purge->remote, err) < 0 ||
		    judge(purge, &purge->sheets[i], err) < 0)
			return -1;
	}
	keep_fresh(purge);
	return find_orphans(purge, err);
}

static void report(const struct purge *purge)
{
	const struct remote_purge *options = purge->options;
	char name[REMOTE_NAME];

	for (const struct paper *paper = purge->papers; paper;
	     paper = paper->next) {
		if (paper->goes)
			options->visit(options->context, PURGED_MANIFEST,
			    paper->name, 0);
	}
	for (size_t i = 0; i < purge->sheet_count; i++) {
		const struct sheet *sheet = &purge->sheets[i];

		if (!sheet->goes || !sheet->there)
			continue;
		remote_pack_name(&sheet->id, name);
		options->visit(options->context,
		    sheet->renewed ? PURGED_REWRITE : PURGED_PACK, name,
		    sheet->bytes);
	}
}

/* --- Carrying it out --- */

static int put_note(struct purge *purge, size_t i, struct mldv_error *err)
{
	struct ops *ops = purge->remote->ops;
	const struct remote_purge *options = purge->options;
	const struct content *item = &options->items[i];
	struct purged note = {
	    .project = purge->remote->project,
	    .kind = item->kind == KIND_DIR ? KIND_DIR : KIND_FILE,
	    .date = options->date,
	    .why = options->why,
	    .packs = arena_array(&purge->arena, purge->sheet_count + 1,
	        sizeof(*note.packs)),
	};
	struct buf text = {0};
	struct ops_source source = {0};
	char name[PURGED_NAME];
	int ret;

	for (size_t k = 0; k < purge->sheet_count; k++) {
		if (purge->sheets[k].goes)
			note.packs[note.count++] = purge->sheets[k].id;
	}
	purged_format(&note, &text);
	purged_name(&item->oid, name);
	source.data = text.data;
	source.size = text.len;
	ret = ops->table->put(ops, name, &source, OPS_REPLACE, err);
	buf_release(&text);
	return ret < 0 ? -1 : 0;
}

static int put_notes(struct purge *purge, struct mldv_error *err)
{
	for (size_t i = 0; i < purge->options->count; i++) {
		if (purge->noted[i] && put_note(purge, i, err) < 0)
			return -1;
	}
	return purge->remote->ops->table->sync(purge->remote->ops, err);
}

static int put_pack(struct purge *purge, struct sheet *sheet,
    struct mldv_error *err)
{
	struct ops *ops = purge->remote->ops;
	struct ops_source source = {0};
	const struct oid id = sheet->fresh.id;
	char name[REMOTE_NAME];
	struct arena arena = {0};
	struct pack_index index;
	struct buf data = {0};
	int ret;

	remote_pack_name(&sheet->id, name);
	ret = ops->table->get(ops, name, PACK_LIMIT, &data, err);
	if (ret > 0 && read_index(&data, &arena, &index, err) == 0 &&
	    renew(purge, sheet, &index, &data, err) == 0 &&
	    oid_equal(&id, &sheet->fresh.id)) {
		remote_pack_name(&id, name);
		source.data = sheet->text.data;
		source.size = sheet->text.len;
		ret = ops->table->put(ops, name, &source, OPS_REPLACE, err);
	} else if (ret >= 0) {
		ret = err_set(err, MLDV_FAILED,
		    "remote '%s' was changed meanwhile; run it again",
		    purge->remote->name);
	}
	buf_release(&sheet->text);
	buf_release(&data);
	arena_release(&arena);
	return ret < 0 ? -1 : 0;
}

static int put_packs(struct purge *purge, struct mldv_error *err)
{
	struct ops *ops = purge->remote->ops;

	for (size_t i = 0; i < purge->sheet_count; i++) {
		struct sheet *sheet = &purge->sheets[i];

		if (!sheet->renewed || sheet->fresh.objects == 0)
			continue;
		if (remote_stopped(purge->remote, err) < 0 ||
		    put_pack(purge, sheet, err) < 0)
			return -1;
	}
	return ops->table->sync(ops, err);
}

static bool names(const struct manifest_pack *packs, size_t count,
    const struct oid *id)
{
	for (size_t i = 0; i < count; i++) {
		if (oid_equal(&packs[i].id, id))
			return true;
	}
	return false;
}

/* Puts the new packs in the place of the old ones: true if that changed it. */
static bool exchange(const struct purge *purge, struct manifest *manifest)
{
	bool changed = false;
	size_t count = 0;

	for (size_t i = 0; i < manifest->count; i++) {
		struct manifest_pack pack = manifest->packs[i];
		size_t at;

		if (oid_set_find(&purge->suspects, &pack.id, &at) &&
		    purge->sheets[at].renewed) {
			bool trees = pack.trees;

			changed = true;
			pack = purge->sheets[at].fresh;
			pack.trees = trees;
			if (pack.objects == 0 ||
			    names(manifest->packs, count, &pack.id))
				continue;
		}
		manifest->packs[count++] = pack;
	}
	manifest->count = count;
	return changed;
}

static int put_papers(struct purge *purge, struct mldv_error *err)
{
	struct ops *ops = purge->remote->ops;

	for (struct paper *paper = purge->papers; paper; paper = paper->next) {
		struct ops_source source = {0};
		struct buf text = {0};
		int ret;

		if (paper->goes || !exchange(purge, &paper->manifest))
			continue;
		manifest_format(&paper->manifest, &text);
		source.data = text.data;
		source.size = text.len;
		ret = ops->table->put(ops, paper->name, &source, OPS_REPLACE,
		    err);
		buf_release(&text);
		if (ret < 0)
			return -1;
	}
	return ops->table->sync(ops, err);
}

static int erase_papers(struct purge *purge, struct mldv_error *err)
{
	struct ops *ops = purge->remote->ops;

	for (const struct paper *paper = purge->papers; paper;
	     paper = paper->next) {
		if (paper->goes && ops->table->erase(ops, paper->name, err) < 0)
			return -1;
	}
	return ops->table->sync(ops, err);
}

/* Also what is not there: earlier versions of it may be. */
static int erase_packs(struct purge *purge, struct mldv_error *err)
{
	struct ops *ops = purge->remote->ops;
	char name[REMOTE_NAME];

	for (size_t i = 0; i < purge->sheet_count; i++) {
		if (!purge->sheets[i].goes)
			continue;
		remote_pack_name(&purge->sheets[i].id, name);
		if (remote_stopped(purge->remote, err) < 0 ||
		    ops->table->erase(ops, name, err) < 0)
			return -1;
	}
	return ops->table->sync(ops, err);
}

/*
 * Each step is durable before the next one relies on it: what is to be deleted
 * is noted while the manifests still tell it, and others have what they need
 * elsewhere before anything goes.
 */
static int carry_out(struct purge *purge, struct mldv_error *err)
{
	if (put_notes(purge, err) < 0 || put_packs(purge, err) < 0 ||
	    put_papers(purge, err) < 0 || erase_papers(purge, err) < 0)
		return -1;
	return erase_packs(purge, err);
}

static int enter(struct remote *remote, const struct remote_purge *options,
    struct mldv_error *err)
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
	if (!options->delete)
		return ops->table->lock(ops, err);
	if (ops->table->lockless && !options->exclusive)
		return err_set(err, MLDV_USAGE,
		    "cannot purge from remote '%s': what is pushed just now "
		    "could come to lack packs; see to it that nobody pushes "
		    "within the hour, and give --exclusive",
		    remote->name);
	return ops->table->lock_all(ops, &how, err);
}

int remote_purge(struct remote *remote, struct store *store,
    const struct remote_purge *options, struct mldv_error *err)
{
	struct purge purge = {
	    .remote = remote,
	    .store = store,
	    .options = options,
	};
	int ret = enter(remote, options, err);

	if (ret < 0)
		return -1;
	purge.noted =
	    arena_array(&purge.arena, options->count + 1, sizeof(*purge.noted));
	memset(purge.noted, 0, (options->count + 1) * sizeof(*purge.noted));
	ret = plan(&purge, err);
	if (ret == 0) {
		report(&purge);
		ret = options->delete ? carry_out(&purge, err) : 0;
	}
	remote->ops->table->unlock(remote->ops);
	purge_release(&purge);
	return ret;
}
