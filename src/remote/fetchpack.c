/* SPDX-License-Identifier: Apache-2.0 */
#include "remote/fetch.h"

#include <stdlib.h>
#include <string.h>

static int check_name(const char *data, size_t size, const struct oid *id,
    struct mldv_error *err)
{
	struct oid oid;

	oid_of(data, size, &oid);
	if (!oid_equal(&oid, id))
		return err_set(err, MLDV_CORRUPT,
		    "its bytes do not have its name");
	return 0;
}

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

static int check_objects(struct remote *remote, const struct known_pack *pack,
    const struct pack_index *index, const char *data, struct mldv_error *err)
{
	struct pack_decoder *decoder = idle_take(&remote->decoders);
	const struct pack_record **records =
	    xcalloc(index->count, sizeof(struct pack_record *));
	struct slice payload;
	int ret = 0;

	if (!decoder)
		decoder = pack_decoder_open();
	/* By place, so that each frame is decoded once. */
	for (size_t i = 0; i < index->count; i++)
		records[i] = &index->records[i];
	qsort(records, index->count, sizeof(struct pack_record *),
	    compare_places);
	for (size_t i = 0; ret == 0 && i < index->count; i++)
		ret =
		    pack_decode(decoder, records[i], data + records[i]->offset,
		        (uint64_t)pack->serial << 32 | records[i]->offset,
		        &payload, err);
	free(records);
	idle_give(&remote->decoders, decoder);
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
	    check_name(data, size, &pack->info.id, err) < 0 ||
	    parse_index(pack, data, &arena, &index, err) < 0 ||
	    check_objects(remote, pack, &index, data, err) < 0)
		remote_damaged(remote, &pack->info.id, fetch->item, err);
	else
		ret = put_pack(fetch, pack, data, err);
	if (ret == 0)
		remote_advance(remote, size);
	free(data);
	arena_release(&arena);
	return ret;
}
