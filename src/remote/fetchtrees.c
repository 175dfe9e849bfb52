/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "remote/fetch.h"
#include "remote/kept.h"
#include "remote/ranges.h"

int fetch_lacks(const struct fetch *fetch, const struct oid *oid,
    struct mldv_error *err)
{
	char name[REMOTE_NAME + 64];
	char hex[OID_HEX + 1];

	remote_manifest_name(fetch->remote, fetch->item, name);
	oid_hex(oid, hex);
	return err_set(err, MLDV_CORRUPT,
	    "no pack that '%s' on remote '%s' names holds object %s; remove "
	    "this manifest there and push the item again from a clone that "
	    "has it",
	    name, fetch->remote->name, hex);
}

static int take_tree(void *context, const struct range_want *want,
    struct slice payload, struct mldv_error *err)
{
	struct fetch *fetch = context;
	struct reach_object *tree = want->object;
	int ret;

	/* One packer, so that few trees do not make many packs. */
	(void)pthread_mutex_lock(&fetch->trees);
	ret = fetch_put(fetch, &tree->oid, payload, err);
	(void)pthread_mutex_unlock(&fetch->trees);
	if (fetch->known.kept)
		kept_put_tree(fetch->remote, &tree->oid, payload);
	return ret < 0 ? -1 : reach_take(&fetch->reach, tree, payload, err);
}

static int read_here(struct fetch *fetch, struct reach_object *tree,
    struct store_reader *reader, struct mldv_error *err)
{
	struct slice text;

	tree->settled = true;
	if (store_reader_get(reader, &tree->oid, &text, err) < 0)
		return -1;
	return reach_take(&fetch->reach, tree, text, err);
}

/* 1, or 0 if it was not kept. */
static int read_kept(struct fetch *fetch, struct reach_object *tree,
    struct mldv_error *err)
{
	struct buf text = {0};
	int ret = 0;

	if (fetch->known.kept && kept_tree(fetch->remote, &tree->oid, &text)) {
		const struct slice payload = {buf_str(&text), text.len};

		ret = fetch_put(fetch, &tree->oid, payload, err) < 0 ||
		        reach_take(&fetch->reach, tree, payload, err) < 0
		    ? -1
		    : 1;
	}
	buf_release(&text);
	return ret;
}

int fetch_read_trees(void *context, struct reach *reach,
    struct reach_object *const *trees, size_t count, struct mldv_error *err)
{
	struct fetch *fetch = context;
	const struct range_sink sink = {.context = fetch, .take = take_tree};
	struct store_reader *reader = store_reader_open(fetch->store);
	struct range_want *wants = xcalloc(count + 1, sizeof(*wants));
	size_t wanted = 0;
	int ret = 0;

	(void)reach;
	for (size_t i = 0; ret >= 0 && i < count; i++) {
		const struct known_place *place;

		if (store_find(fetch->store, &trees[i]->oid, NULL)) {
			ret = read_here(fetch, trees[i], reader, err);
			continue;
		}
		ret = read_kept(fetch, trees[i], err);
		if (ret != 0)
			continue;
		place = known_find(&fetch->known, &trees[i]->oid, true);
		if (!place || place->record->chunk_list) {
			ret = fetch_lacks(fetch, &trees[i]->oid, err);
			continue;
		}
		place->pack->used = true;
		wants[wanted++] = (struct range_want){
		    .pack = place->pack,
		    .record = place->record,
		    .object = trees[i],
		};
	}
	if (ret >= 0)
		ret = ranges_run(&fetch->known, wants, wanted, &sink, err);
	free(wants);
	store_reader_close(reader);
	return ret;
}
