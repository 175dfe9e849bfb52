/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/map.h"
#include "format/manifest.h"
#include "pipeline/verify.h"
#include "remote/confirm.h"
#include "remote/purge.h"

/* A pack is asked for once, however many manifests name it. */
struct packs {
	struct map known;
	struct arena arena;
	char there[2]; /* what known points to */
};

static struct mldv_verified at_item(struct verify *verify,
    const struct item *item)
{
	return (struct mldv_verified){
	    .item = item->path,
	    .file = item->stage
	        ? PROJECT_LOCK
	        : arena_printf(&verify->arena, "%s" POINTER_SUFFIX, item->path),
	};
}

CHECKED static int has_pack(struct verify *verify, struct packs *packs,
    const struct manifest_pack *pack, struct mldv_error *err)
{
	char *known = map_get(&packs->known, &pack->id, sizeof pack->id);
	int found;

	if (known)
		return known == &packs->there[1];
	found = remote_has_pack(verify->remote, pack, err);
	if (found >= 0)
		(void)map_add(&packs->known,
		    arena_copy(&packs->arena, &pack->id, sizeof pack->id),
		    sizeof pack->id, &packs->there[found]);
	return found;
}

CHECKED static int check_packs(struct verify *verify, struct packs *packs,
    const struct item *item, struct mldv_error *err)
{
	const struct mldv_verified here = at_item(verify, item);
	struct arena arena = {0};
	struct manifest manifest;
	struct mldv_error why;
	int ret = remote_manifest(verify->remote, &item->content, &arena,
	    &manifest, &why);

	if (ret < 0 && why.code == MLDV_CORRUPT)
		verify_find(verify, &here, "%s", why.text);
	else if (ret < 0)
		*err = why;
	if (ret == 0 || (ret < 0 && why.code == MLDV_CORRUPT)) {
		arena_release(&arena);
		return 0;
	}
	for (size_t i = 0; ret > 0 && i < manifest.count; i++) {
		char hex[OID_HEX + 1];

		ret = has_pack(verify, packs, &manifest.packs[i], err);
		if (ret != 0)
			continue;
		oid_hex(&manifest.packs[i].id, hex);
		verify_find(verify, &here,
		    "pack %s is not on the remote, or not as long as it should "
		    "be; push the item again from a clone that has it",
		    hex);
		ret = 1;
	}
	arena_release(&arena);
	return ret < 0 ? -1 : 0;
}

/* Purged, or only not there? */
static void find_absent(struct verify *verify, const struct mldv_verified *here,
    const struct item *item)
{
	struct mldv_error why;

	if (remote_refuse_purged(verify->remote, &item->content, true, &why) ==
	        0 ||
	    why.code != MLDV_MISSING)
		verify_find(verify, here,
		    "it is not on the remote; run 'mldv push' in a clone that "
		    "has it");
	else
		verify_find(verify, here, "%s", why.text);
}

CHECKED static int check_item(struct verify *verify, struct packs *packs,
    const struct item *item, bool there, struct mldv_error *err)
{
	const struct mldv_verified here = at_item(verify, item);

	if (project_check(verify->project, err) < 0)
		return -1;
	verify->found = false;
	if (!there)
		find_absent(verify, &here, item);
	else if (verify->options->packs &&
	    check_packs(verify, packs, item, err) < 0)
		return err_prefix(err, "'%s'", item->path);
	if (!verify->found && verify->options->visit)
		verify->options->visit(verify->options->context, &here);
	verify->sum->items++;
	return 0;
}

int verify_items(struct verify *verify, struct mldv_error *err)
{
	const struct items *items = &verify->committed.items;
	struct arena arena = {0};
	struct packs packs = {0};
	struct content *contents =
	    arena_array(&arena, items->count + 1, sizeof *contents);
	const struct item **asked =
	    arena_array(&arena, items->count + 1, sizeof(struct item *));
	bool *there = arena_array(&arena, items->count + 1, sizeof *there);
	size_t count = 0;
	int ret = 0;

	for (size_t i = 0; i < items->count; i++) {
		if (items->list[i].git)
			continue;
		asked[count] = &items->list[i];
		contents[count++] = items->list[i].content;
	}
	if (count > 0)
		ret = remote_has_each(verify->remote, contents, count, there,
		    err);
	for (size_t i = 0; ret == 0 && i < count; i++)
		ret = check_item(verify, &packs, asked[i], there[i], err);
	map_release(&packs.known);
	arena_release(&packs.arena);
	arena_release(&arena);
	return ret;
}
