/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "store/internal.h"

/* What is read ahead when objects are read in the order of the pack. */
#define WINDOW 262144u

struct store_reader {
	struct store *store;
	struct store *own; /* the same, read again by this reader, or NULL */
	struct pack_decoder *decoder;
	const struct store_pack *pack; /* the open one, or NULL */
	int fd;
	struct buf window; /* len bytes of the pack at offset at */
	uint64_t at;
};

struct store_reader *store_reader_open(struct store *store)
{
	struct store_reader *reader = xcalloc(1, sizeof *reader);

	reader->store = store;
	reader->decoder = pack_decoder_open();
	return reader;
}

static void leave_pack(struct store_reader *reader)
{
	if (reader->pack != NULL)
		(void)close(reader->fd);
	reader->pack = NULL;
	buf_reset(&reader->window);
}

void store_reader_close(struct store_reader *reader)
{
	if (reader == NULL)
		return;
	leave_pack(reader);
	store_close(reader->own);
	pack_decoder_close(reader->decoder);
	buf_release(&reader->window);
	free(reader);
}

static int enter_pack(struct store_reader *reader,
    const struct store_pack *pack, struct mldv_error *err)
{
	if (reader->pack == pack)
		return 0;
	leave_pack(reader);
	reader->fd = open(pack->path, O_RDONLY | O_CLOEXEC);
	if (reader->fd < 0)
		return err_errno(err, "cannot open '%s'", pack->path);
	reader->pack = pack;
	reader->at = 0;
	return 0;
}

/* The record's bytes in the window, read if need be. */
static const char *fetch(struct store_reader *reader,
    const struct pack_record *record, struct mldv_error *err)
{
	const struct store_pack *pack = reader->pack;
	uint64_t end = reader->at + reader->window.len;
	uint64_t size = record->length;

	if (record->offset >= reader->at && record->offset + size <= end)
		return reader->window.data + (record->offset - reader->at);
	/* Just behind what was read last: more of the same is to come. */
	if (record->offset >= reader->at && record->offset <= end + WINDOW &&
	    size < WINDOW)
		size = WINDOW;
	if (size > pack->index.begin - record->offset)
		size = pack->index.begin - record->offset;
	buf_reset(&reader->window);
	if (file_read_at(reader->fd, pack->path,
	        buf_room(&reader->window, (size_t)size), (size_t)size,
	        record->offset, err) < 0)
		return NULL;
	reader->window.len = (size_t)size;
	reader->at = record->offset;
	return reader->window.data;
}

/*
 * Small packs are merged, and garbage is collected, while readers hold the
 * list of packs as it was. So whoever misses something reads the list again,
 * once, before it complains. Others may be using the old one, hence a list of
 * its own.
 */
static int read_list_again(struct store_reader *reader, struct mldv_error *err)
{
	struct store *store = reader->store;

	assert(store != NULL);
	if (reader->own != NULL || store_stamp(store) == store->stamp)
		return 0;
	leave_pack(reader);
	/* It tells frames apart by the list. */
	pack_decoder_close(reader->decoder);
	reader->decoder = pack_decoder_open();
	reader->own = store_open(store_dir(store));
	if (store_load(reader->own, err) < 0)
		return -1;
	reader->store = reader->own;
	return 1;
}

static int fail_missing(const struct store *store, const struct oid *oid,
    struct mldv_error *err)
{
	const char *damaged = store_damaged(store);
	char hex[OID_HEX + 1];

	oid_hex(oid, hex);
	if (damaged != NULL)
		return err_set(err, MLDV_CORRUPT,
		    "object %s may be in the pack '%s', which is damaged; run "
		    "'mldv fsck --repair'",
		    hex, damaged);
	return err_set(err, MLDV_MISSING,
	    "object %s is not in the store; run 'mldv fetch'", hex);
}

/* Finds and opens the pack of an object. */
static int find(struct store_reader *reader, const struct oid *oid,
    const struct pack_record **record, struct mldv_error *err)
{
	const struct store_pack *pack;
	int again;

	do {
		*record = store_find(reader->store, oid, &pack);
		if (*record == NULL) {
			(void)fail_missing(reader->store, oid, err);
			/* Asking costs more than looking, and many may miss. */
			if (atomic_exchange(&reader->store->missed, true))
				return -1;
		} else if (enter_pack(reader, pack, err) == 0) {
			return 0;
		} else if (err->code != MLDV_NOT_FOUND) {
			return -1;
		}
		again = read_list_again(reader, err);
	} while (again > 0);
	return -1;
}

int store_reader_get(struct store_reader *reader, const struct oid *oid,
    struct slice *out, struct mldv_error *err)
{
	const struct pack_record *record;
	const struct store_pack *pack;
	const char *data;
	char hex[OID_HEX + 1];
	uint64_t frame;

	if (oid_equal(oid, &oid_empty)) {
		*out = (struct slice){"", 0};
		return 0;
	}
	if (find(reader, oid, &record, err) < 0)
		return -1;
	pack = reader->pack;
	data = fetch(reader, record, err);
	if (data == NULL)
		return -1;
	frame =
	    (uint64_t)(pack - reader->store->packs + 1) << 32 | record->offset;
	if (pack_decode(reader->decoder, record, data, frame, out, err) < 0) {
		oid_hex(oid, hex);
		return err_prefix(err,
		    "object %s in '%s' is damaged; run 'mldv fsck --repair'",
		    hex, pack->path);
	}
	return 0;
}

int store_read(struct store *store, const struct oid *oid, struct buf *out,
    struct mldv_error *err)
{
	struct store_reader *reader;
	struct slice data;
	int ret;

	if (store_load(store, err) < 0)
		return -1;
	reader = store_reader_open(store);
	ret = store_reader_get(reader, oid, &data, err);
	if (ret == 0)
		buf_add(out, data.data, data.len);
	store_reader_close(reader);
	return ret;
}
