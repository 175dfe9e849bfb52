/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "remote/purgeplan.h"

void purge_suspect(struct purge *purge, const struct oid *id)
{
	if (!oid_set_add(&purge->suspects, id))
		return;
	purge->sheets = xgrow(purge->sheets, purge->sheet_count,
	    &purge->sheet_capacity, sizeof(*purge->sheets));
	purge->sheets[purge->sheet_count++] = (struct sheet){.id = *id};
}

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

int purge_renew(struct purge *purge, struct sheet *sheet,
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

int purge_read_index(const struct buf *data, struct arena *arena,
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
	ret = purge_read_index(&data, &arena, &index, &why);
	if (ret == 0 && count_needed(purge, &index) < index.count && kept) {
		sheet->goes = true;
		ret = purge_renew(purge, sheet, &index, &data, &why);
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
	if (ret > 0 && purge_read_index(&data, &arena, &index, &ignored) == 0) {
		for (size_t i = 0; !holds && i < index.count; i++)
			holds =
			    oid_set_has(&purge->gone, &index.records[i].oid);
	}
	if (holds) {
		purge_suspect(purge, &id);
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

int purge_plan_packs(struct purge *purge, struct mldv_error *err)
{
	for (size_t i = 0; i < purge->sheet_count; i++) {
		if (remote_stopped(purge->remote, err) < 0 ||
		    judge(purge, &purge->sheets[i], err) < 0)
			return -1;
	}
	keep_fresh(purge);
	return find_orphans(purge, err);
}
