/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "store/internal.h"

struct store_packer {
	struct store *store;
	struct pack_writer *writer;
	struct tempfile temp;
	bool started;
	/* Something was not written whole: what it has may be lost. */
	bool broken;
};

struct store_packer *store_packer_open(struct store *store)
{
	struct store_packer *packer = xcalloc(1, sizeof *packer);

	packer->store = store;
	packer->writer = pack_writer_open();
	return packer;
}

void store_packer_close(struct store_packer *packer)
{
	if (packer == NULL)
		return;
	tempfile_release(&packer->temp);
	pack_writer_close(packer->writer);
	free(packer);
}

static int write_temp(void *context, const void *data, size_t size,
    struct mldv_error *err)
{
	struct store_packer *packer = context;

	return file_write(packer->temp.fd, packer->temp.path, data, size, err);
}

static int start(struct store_packer *packer, struct mldv_error *err)
{
	struct pack_sink sink = {packer, write_temp};

	if (packer->started)
		return 0;
	if (store_pack_start(packer->store, &packer->temp, err) < 0)
		return -1;
	pack_writer_start(packer->writer, &sink);
	packer->started = true;
	return 0;
}

char *store_packer_room(struct store_packer *packer, size_t size)
{
	return pack_writer_room(packer->writer, size);
}

CHECKED static int fail_broken(struct mldv_error *err)
{
	return err_set(err, MLDV_FAILED,
	    "a pack could not be written, so what was to be in it is lost");
}

int store_packer_add(struct store_packer *packer, const struct oid *oid,
    size_t size, struct mldv_error *err)
{
	struct buf kept = {0};
	int ret = -1;

	if (packer->broken)
		return fail_broken(err);
	if (size == 0 || store_find(packer->store, oid, NULL) != NULL ||
	    (packer->started && pack_writer_has(packer->writer, oid)))
		return 0;
	if (packer->started && pack_writer_full(packer->writer, size)) {
		/* Ending the pack takes the room away. */
		buf_add(&kept, pack_writer_room(packer->writer, size), size);
		if (store_packer_end(packer, err) < 0)
			goto out;
	}
	if (kept.len == 0 && !packer->started)
		buf_add(&kept, pack_writer_room(packer->writer, size), size);
	if (start(packer, err) < 0)
		goto out;
	if (kept.len > 0)
		memcpy(pack_writer_room(packer->writer, size), kept.data, size);
	ret = pack_writer_add(packer->writer, oid, size, false, err);
out:
	packer->broken = ret < 0;
	buf_release(&kept);
	return ret;
}

int store_packer_put(struct store_packer *packer, const struct oid *oid,
    const void *data, size_t size, struct mldv_error *err)
{
	if (size == 0 || store_find(packer->store, oid, NULL) != NULL)
		return 0;
	memcpy(store_packer_room(packer, size), data, size);
	return store_packer_add(packer, oid, size, err);
}

int store_packer_end(struct store_packer *packer, struct mldv_error *err)
{
	struct pack_info info;
	int ret;

	if (packer->broken)
		return fail_broken(err);
	if (!packer->started)
		return 0;
	packer->started = false;
	ret = pack_writer_end(packer->writer, &info, err);
	if (ret == 0)
		ret =
		    store_pack_end(packer->store, &packer->temp, &info.id, err);
	packer->broken = ret < 0;
	return ret;
}
