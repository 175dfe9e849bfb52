/* SPDX-License-Identifier: Apache-2.0 */
#include "remote/purge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "remote/purgeplan.h"

#define PURGED_NAME (sizeof("purged/") + OID_HEX)

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
			purge_suspect(purge, id);
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
			purge_suspect(purge, &purged.packs[k]);
	}
	return 0;
}

static int plan(struct purge *purge, struct mldv_error *err)
{
	if (read_papers(purge, err) < 0 || read_notes(purge, err) < 0 ||
	    purge_find_needed(purge, err) < 0)
		return -1;
	return purge_plan_packs(purge, err);
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
	if (ret > 0 && purge_read_index(&data, &arena, &index, err) == 0 &&
	    purge_renew(purge, sheet, &index, &data, err) == 0 &&
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
/* What killed pushes left may hold anything, and nobody writes meanwhile. */
static int erase_pieces(struct purge *purge, struct mldv_error *err)
{
	struct ops *ops = purge->remote->ops;
	struct strs names = {0};
	int ret = ops->table->list_pieces
	    ? ops->table->list_pieces(ops, &names, err)
	    : 0;

	for (size_t i = 0; ret == 0 && i < names.count; i++)
		ret = ops->table->erase(ops, names.items[i], err);
	strs_release(&names);
	return ret;
}

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
	return erase_pieces(purge, err) < 0 ? -1 : erase_packs(purge, err);
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
