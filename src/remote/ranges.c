/* SPDX-License-Identifier: Apache-2.0 */
#include "remote/ranges.h"

#include <stdlib.h>

#include "base/pool.h"
#include "store/pack.h"

/* Bytes that are read for nothing rather than ask again; and at once. */
enum { GAP = 64 * 1024, LONGEST = 8 * 1024 * 1024 };

static int compare_wants(const void *a, const void *b)
{
	const struct range_want *left = a;
	const struct range_want *right = b;

	if (left->pack != right->pack)
		return left->pack->serial < right->pack->serial ? -1 : 1;
	if (left->record->offset != right->record->offset)
		return left->record->offset < right->record->offset ? -1 : 1;
	return (left->record->inner > right->record->inner) -
	    (left->record->inner < right->record->inner);
}

/* Makes the range longer for one more want, if that is worth it. */
static bool extend(struct range *range, const struct range_want *first,
    const struct range_want *want)
{
	uint32_t end = range->offset + range->length;
	uint32_t new_end = want->record->offset + want->record->length;

	if (first->pack != want->pack)
		return false;
	if (want->record->offset > end && want->record->offset - end > GAP)
		return false;
	if (new_end > end && new_end - range->offset > LONGEST)
		return false;
	if (new_end > end)
		range->length = new_end - range->offset;
	range->count++;
	return true;
}

void ranges_plan(struct ranges *ranges, struct known *known,
    struct range_want *wants, size_t count, const struct range_sink *sink)
{
	struct range *last = NULL;

	*ranges = (struct ranges){.known = known, .wants = wants, .sink = sink};
	if (count == 0)
		return;
	qsort(wants, count, sizeof(*wants), compare_wants);
	ranges->items = xcalloc(count, sizeof(*ranges->items));
	for (size_t i = 0; i < count; i++) {
		if (last && extend(last, &wants[last->first], &wants[i]))
			continue;
		last = &ranges->items[ranges->count++];
		*last = (struct range){
		    .first = i,
		    .count = 1,
		    .offset = wants[i].record->offset,
		    .length = wants[i].record->length,
		};
	}
}

void ranges_release(struct ranges *ranges)
{
	free(ranges->items);
	*ranges = (struct ranges){0};
}

uint64_t ranges_bytes(const struct ranges *ranges)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < ranges->count; i++)
		sum += ranges->items[i].length;
	return sum;
}

static int decode_range(struct ranges *ranges, const struct range *range,
    const char *data, struct pack_decoder *decoder, struct mldv_error *err)
{
	const struct range_sink *sink = ranges->sink;
	struct slice payload;

	for (size_t i = 0; i < range->count; i++) {
		const struct range_want *want =
		    &ranges->wants[range->first + i];
		const struct pack_record *record = want->record;
		uint64_t key =
		    (uint64_t)want->pack->serial << 32 | record->offset;

		if ((sink->verifies ? pack_payload : pack_decode)(decoder,
		        record, data + (record->offset - range->offset), key,
		        &payload, err) < 0) {
			remote_damaged(ranges->known->remote,
			    &want->pack->info.id, want->pack->of, err);
			return -1;
		}
		if (sink->take(sink->context, want, payload, err) < 0)
			return -1;
	}
	return 0;
}

int ranges_read(struct ranges *ranges, size_t i, struct mldv_error *err)
{
	struct remote *remote = ranges->known->remote;
	const struct range *range = &ranges->items[i];
	const struct known_pack *pack = ranges->wants[range->first].pack;
	struct pack_decoder *decoder;
	char name[REMOTE_NAME];
	char *data;
	int ret;

	if (remote_stopped(remote, err) < 0)
		return -1;
	decoder = idle_take(&remote->decoders);
	if (!decoder)
		decoder = pack_decoder_open();
	data = xmalloc(range->length);
	remote_pack_name(&pack->info.id, name);
	ret = remote->ops->table->get_range(remote->ops, name, range->offset,
	    range->length, data, err);
	if (ret < 0)
		remote_damaged(remote, &pack->info.id, pack->of, err);
	else
		ret = decode_range(ranges, range, data, decoder, err);
	free(data);
	idle_give(&remote->decoders, decoder);
	if (ret == 0)
		remote_advance(remote, range->length);
	return ret;
}

static int read_one(void *context, size_t i, struct mldv_error *err)
{
	return ranges_read(context, i, err);
}

int ranges_run(struct known *known, struct range_want *wants, size_t count,
    const struct range_sink *sink, struct mldv_error *err)
{
	struct ranges ranges;
	int ret;

	ranges_plan(&ranges, known, wants, count, sink);
	ret = pool_run(known->remote->threads, ranges.count, read_one, &ranges,
	    err);
	ranges_release(&ranges);
	return ret;
}
