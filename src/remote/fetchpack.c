/* SPDX-License-Identifier: Apache-2.0 */
#include "remote/fetch.h"

#include <stdlib.h>
#include <string.h>

/*
 * The index that decided to take the pack whole may have come from elsewhere
 * than the pack: what counts is the one in it.
 */
static int parse_index(const struct known_pack *pack, const char *data,
    struct arena *arena, struct pack_index *out, struct mldv_error *err)
{
	const struct manifest_pack *info = &pack->info;

	if (pack_index_parse(out, arena, (const uint8_t *)data + info->index,
	        info->bytes - info->index, info->bytes, err) < 0)
		return -1;
	if (out->count != pack->index.count)
		return err_set(err, MLDV_CORRUPT, "it has another index");
	for (size_t i = 0; i < out->count; i++) {
		const struct pack_record *record = &out->records[i];

		if (!oid_equal(&record->oid, &pack->index.records[i].oid) ||
		    record->size != pack->index.records[i].size ||
		    record->chunk_list)
			return err_set(err, MLDV_CORRUPT,
			    "it has another index");
	}
	return 0;
}

static int compare_places(const void *a, const void *b)
{
	const struct pack_record *const *left = a;
	const struct pack_record *const *right = b;

	return ((*left)->offset > (*right)->offset) -
	    ((*left)->offset < (*right)->offset);
}

/* By place, so that each frame is decoded once. */
static const struct pack_record **by_place(const struct pack_index *index)
{
	const struct pack_record **records =
	    xcalloc(index->count, sizeof(struct pack_record *));

	for (size_t i = 0; i < index->count; i++)
		records[i] = &index->records[i];
	qsort(records, index->count, sizeof(struct pack_record *),
	    compare_places);
	return records;
}

/* A pack, and the objects in it one after the other. */
struct checking {
	const struct known_pack *pack;
	const char *data;
	size_t at; /* how much of the pack was hashed */
	struct hasher *whole;
	struct hasher *object;
	struct pack_decoder *decoder;
};

/* Hashes the payload, and as much of the pack beside it. */
static int check_object(struct checking *checking,
    const struct pack_record *record, struct mldv_error *err)
{
	uint64_t key = (uint64_t)checking->pack->serial << 32 | record->offset;
	size_t n = checking->pack->info.bytes - checking->at;
	struct slice payload;
	struct oid oid;

	if (pack_payload(checking->decoder, record,
	        checking->data + record->offset, key, &payload, err) < 0)
		return -1;
	if (n > payload.len)
		n = payload.len;
	hasher_start(checking->object);
	hasher_add_two(checking->object, payload.data, checking->whole,
	    checking->data + checking->at, n);
	hasher_add(checking->object, payload.data + n, payload.len - n);
	hasher_end(checking->object, &oid);
	checking->at += n;
	if (!oid_equal(&oid, &record->oid))
		return err_set(err, MLDV_CORRUPT,
		    "the bytes do not hash to the name");
	return 0;
}

static int check_bytes(struct remote *remote, const struct known_pack *pack,
    const struct pack_index *index, const char *data, struct mldv_error *err)
{
	struct checking checking = {
	    .pack = pack,
	    .data = data,
	    .whole = hasher_open_lane(),
	    .object = hasher_open_lane(),
	    .decoder = idle_take(&remote->decoders),
	};
	const struct pack_record **records = by_place(index);
	struct oid id;
	int ret = 0;

	if (!checking.decoder)
		checking.decoder = pack_decoder_open();
	hasher_start(checking.whole);
	for (size_t i = 0; ret == 0 && i < index->count; i++)
		ret = check_object(&checking, records[i], err);
	hasher_add(checking.whole, data + checking.at,
	    pack->info.bytes - checking.at);
	hasher_end(checking.whole, &id);
	if (ret == 0 && !oid_equal(&id, &pack->info.id))
		ret = err_set(err, MLDV_CORRUPT,
		    "its bytes do not have its name");
	free(records);
	hasher_close(checking.whole);
	hasher_close(checking.object);
	idle_give(&remote->decoders, checking.decoder);
	return ret;
}

static int put_pack(struct fetch *fetch, const struct known_pack *pack,
    const char *data, struct mldv_error *err)
{
	struct tempfile temp = {0};
	int ret = -1;

	if (store_pack_start(fetch->store, &temp, err) == 0 &&
	    file_write(temp.fd, temp.path, data, pack->info.bytes, err) == 0 &&
	    store_pack_end(fetch->store, &temp, &pack->info.id, err) == 0)
		ret = 0;
	tempfile_release(&temp);
	return ret;
}

int fetch_pack(struct fetch *fetch, const struct known_pack *pack,
    struct mldv_error *err)
{
	struct remote *remote = fetch->remote;
	size_t size = pack->info.bytes;
	struct arena arena = {0};
	struct pack_index index;
	char name[REMOTE_NAME];
	char *data;
	int ret = -1;

	if (remote_stopped(remote, err) < 0)
		return -1;
	data = xmalloc(size);
	remote_pack_name(&pack->info.id, name);
	if (remote->ops->table->get_range(remote->ops, name, 0, size, data,
	        err) < 0 ||
	    parse_index(pack, data, &arena, &index, err) < 0 ||
	    check_bytes(remote, pack, &index, data, err) < 0)
		remote_damaged(remote, &pack->info.id, fetch->item, err);
	else
		ret = put_pack(fetch, pack, data, err);
	if (ret == 0)
		remote_advance(remote, size);
	free(data);
	arena_release(&arena);
	return ret;
}
