/* SPDX-License-Identifier: Apache-2.0 */
#include "project/packcheck.h"

#include "base/file.h"
#include "store/pack.h"

bool packcheck_index(struct arena *arena, const struct buf *pack,
    struct pack_index *out)
{
	const uint8_t *data = (const uint8_t *)pack->data;
	struct mldv_error ignored;
	uint32_t begin;
	uint32_t count;

	return pack->len >= PACK_FOOTER_SIZE &&
	    pack_footer_parse(data + pack->len - PACK_FOOTER_SIZE, pack->len,
	        &begin, &count, &ignored) == 0 &&
	    pack_index_parse(out, arena, data + begin, pack->len - begin,
	        pack->len, &ignored) == 0;
}

int packcheck_each(const struct buf *pack, const struct pack_index *index,
    int (*visit)(void *context, const struct pack_record *record,
        const struct slice *payload, struct mldv_error *err),
    void *context, struct mldv_error *err)
{
	struct pack_decoder *decoder = pack_decoder_open();
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < index->count; i++) {
		const struct pack_record *record = &index->records[i];
		struct mldv_error ignored;
		struct slice payload;
		bool good =
		    pack_decode(decoder, record, pack->data + record->offset,
		        (uint64_t)record->offset + 1, &payload, &ignored) == 0;

		ret = visit(context, record, good ? &payload : NULL, err);
	}
	pack_decoder_close(decoder);
	return ret;
}

static int count_bad(void *context, const struct pack_record *record,
    const struct slice *payload, struct mldv_error *err)
{
	size_t *bad = context;

	(void)record;
	(void)err;
	*bad += payload == NULL;
	return 0;
}

int packcheck_file(const char *path, uint64_t size, const struct oid *id,
    const char **what, struct mldv_error *err)
{
	struct arena arena = {0};
	struct pack_index index = {0};
	struct buf pack = {0};
	struct oid oid;
	size_t bad = 0;
	int ret = -1;

	if (size > PACK_LIMIT) {
		*what = "it is larger than any pack";
		return 0;
	}
	if (file_read(path, PACK_LIMIT, &pack, err) < 0)
		goto out;
	oid_of(buf_str(&pack), pack.len, &oid);
	if (!oid_equal(&oid, id))
		*what = "its bytes do not hash to its name";
	else if (!packcheck_index(&arena, &pack, &index))
		*what = "its index cannot be read";
	else if (packcheck_each(&pack, &index, count_bad, &bad, err) < 0)
		goto out;
	if (bad > 0)
		*what = "it holds objects that do not hash to their names";
	ret = 0;
out:
	buf_release(&pack);
	arena_release(&arena);
	return ret;
}
