/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/map.h"
#include "base/path.h"
#include "mldv/data.h"
#include "project/item.h"
#include "project/remotes.h"
#include "project/roots.h"
#include "remote/inspect.h"

struct checking {
	struct mldv_project *project;
	const struct mldv_fsck *options;
	const char *name; /* of the remote */
	struct remote *remote;
	struct inspection inspection;
	struct items items; /* of the work tree, for their paths */
	struct roots roots; /* of all commits, for their sizes */
	size_t left;        /* damages */
};

static void report(struct checking *checking, const char *object,
    const char *what, bool repaired)
{
	const struct mldv_damage damage = {object, what, repaired};

	checking->left += !repaired;
	checking->options->visit(checking->options->context, &damage);
}

static bool is_same(const struct content *a, const struct content *b)
{
	return (a->kind == KIND_DIR) == (b->kind == KIND_DIR) &&
	    oid_equal(&a->oid, &b->oid);
}

/* What people call it. */
static void add_name(const struct checking *checking,
    const struct content *content, struct buf *out)
{
	const char *kind = content->kind == KIND_DIR ? "directory" : "file";
	char hex[OID_HEX + 1];

	for (size_t i = 0; i < checking->items.count; i++) {
		const struct item *item = &checking->items.list[i];

		if (is_same(&item->content, content)) {
			buf_printf(out, "'%s'", item->path);
			return;
		}
	}
	oid_hex(&content->oid, hex);
	buf_printf(out, "the %s %.12s of another commit", kind, hex);
}

/* Who needs a pack: at most a few of them. */
static void add_needy(const struct checking *checking, const struct oid *pack,
    struct buf *out)
{
	const struct inspection *inspection = &checking->inspection;
	size_t count = 0;

	for (size_t i = 0; i < inspection->manifest_count; i++) {
		const struct inspect_manifest *of = &inspection->manifests[i];

		for (size_t k = 0; k < of->manifest.count; k++) {
			if (!oid_equal(&of->manifest.packs[k].id, pack))
				continue;
			count++;
			if (count > 3)
				break;
			buf_add_str(out, count > 1 ? ", " : "; needed by ");
			add_name(checking, &of->content, out);
		}
	}
	if (count > 3)
		buf_printf(out, " and %zu more", count - 3);
}

/* The sizes of an item of which only the name of its manifest is left. */
static bool find_content(const struct checking *checking,
    const struct inspect_manifest *manifest, struct content *out)
{
	*out = manifest->content;
	if (manifest->manifest.count > 0)
		return true;
	for (size_t i = 0; i < checking->roots.count; i++) {
		if (is_same(&checking->roots.list[i], out)) {
			*out = checking->roots.list[i];
			return true;
		}
	}
	return false;
}

/* 1 if the item is complete there, now at least; else 0, and why. */
static int mend(struct checking *checking,
    const struct inspect_manifest *manifest, struct buf *why,
    struct mldv_error *err)
{
	struct remote_count count = {0};
	struct mldv_error cause;
	struct content content;

	if (!find_content(checking, manifest, &content)) {
		buf_add_str(why, "no commit here knows the item");
		return 0;
	}
	if (inspection_mend(&checking->inspection, checking->project->store,
	        &content, false, &count, &cause) == 0)
		return 1;
	if (cause.code != MLDV_MISSING && cause.code != MLDV_CORRUPT) {
		*err = cause;
		return -1;
	}
	buf_add_str(why, cause.text);
	return 0;
}

/*
 * A manifest that reads may lack a pack that its item needs. 1 if it does;
 * that this could not be found out is told by the damage of a pack.
 */
static int is_incomplete(struct checking *checking,
    const struct inspect_manifest *manifest, struct buf *what,
    struct mldv_error *err)
{
	struct remote_count count = {0};
	struct mldv_error cause;

	if (inspection_mend(&checking->inspection, checking->project->store,
	        &manifest->content, true, &count, &cause) == 0) {
		if (count.objects > 0)
			buf_printf(what,
			    "the packs that it names lack %llu of its objects",
			    (unsigned long long)count.objects);
		return count.objects > 0;
	}
	if (cause.code != MLDV_MISSING && cause.code != MLDV_CORRUPT) {
		*err = cause;
		return -1;
	}
	buf_printf(what, "it is not complete: %s", cause.text);
	return 1;
}

static int check_manifest(struct checking *checking, size_t i,
    struct mldv_error *err)
{
	const struct inspection *inspection = &checking->inspection;
	const struct inspect_manifest *manifest = &inspection->manifests[i];
	bool bad = inspection_is_bad(inspection, manifest);
	struct buf object = {0};
	struct buf what = {0};
	int mended = 0;
	int ret = project_check(checking->project, err);

	if (ret == 0 && !bad)
		ret = is_incomplete(checking, manifest, &what, err);
	if (ret < 0 || (ret == 0 && !bad))
		goto out;
	buf_add_str(&object, "item ");
	add_name(checking, &manifest->content, &object);
	if (manifest->what)
		buf_printf(&what, "its manifest '%s' is damaged: %s",
		    manifest->name, manifest->what);
	else if (bad)
		buf_add_str(&what, "packs that it needs are damaged");
	if (checking->options->repair) {
		struct buf why = {0};

		mended = mend(checking, manifest, &why, err);
		if (mended == 0)
			buf_printf(&what,
			    "; it cannot be repaired from here: %s; whoever "
			    "has it can run 'mldv push --repair'",
			    buf_str(&why));
		buf_release(&why);
	}
	if (mended >= 0)
		report(checking, buf_str(&object), buf_str(&what), mended > 0);
	ret = mended < 0 ? -1 : 0;
out:
	buf_release(&object);
	buf_release(&what);
	return ret;
}

/* A pack that all who named it have done without is nobody's damage. */
static int report_packs(struct checking *checking,
    const struct inspection *after)
{
	const struct inspection *before = &checking->inspection;

	for (size_t i = 0; i < before->pack_count; i++) {
		const struct inspect_pack *pack = &before->packs[i];
		struct arena arena = {0};
		struct buf what = {0};
		char hex[OID_HEX + 1];

		if (!pack->what)
			continue;
		oid_hex(&pack->info.id, hex);
		buf_add_str(&what, pack->what);
		add_needy(checking, &pack->info.id, &what);
		report(checking, arena_printf(&arena, "pack %s", hex),
		    buf_str(&what),
		    after && !oid_set_has(&after->damaged, &pack->info.id));
		buf_release(&what);
		arena_release(&arena);
	}
	return 0;
}

/* What was repaired is looked at again. */
static int check_all(struct checking *checking, struct mldv_error *err)
{
	const struct inspect_options options = {
	    .budget = checking->options->budget,
	};
	const struct inspect_options again = {.budget = 1};
	struct inspection after = {0};
	bool any;
	int ret = remote_inspect(checking->remote, &options,
	    &checking->inspection, err);

	for (size_t i = 0; ret == 0 && i < checking->inspection.manifest_count;
	     i++)
		ret = check_manifest(checking, i, err);
	any = ret == 0 && checking->options->repair &&
	    checking->inspection.damaged.count > 0;
	if (any)
		ret = remote_inspect(checking->remote, &again, &after, err);
	if (ret == 0 && any)
		ret = inspection_sweep(&checking->inspection, &after, err);
	if (ret == 0)
		ret = report_packs(checking, any ? &after : NULL);
	inspection_release(&after);
	return ret;
}

static int check_format(struct checking *checking, struct mldv_error *err)
{
	int lost = remote_lost_format(checking->remote, err);

	if (lost <= 0)
		return lost;
	if (checking->options->repair &&
	    remote_mend_format(checking->remote, err) < 0)
		return -1;
	report(checking, "format", "the file is missing",
	    checking->options->repair);
	if (!checking->options->repair)
		return err_set(err, MLDV_CORRUPT,
		    "remote '%s' has lost its file 'format'; run 'mldv fsck "
		    "--remote %s --repair'",
		    checking->name, checking->name);
	return 0;
}

static int conclude(const struct checking *checking, struct mldv_error *err)
{
	if (checking->inspection.left > 0)
		project_warn(checking->project,
		    "%zu packs were not read within the budget; the next run "
		    "reads others",
		    checking->inspection.left);
	if (checking->left == 0)
		return 0;
	if (checking->options->repair)
		return err_set(err, MLDV_CORRUPT,
		    "damage is left on remote '%s' in %zu places; run 'mldv "
		    "push --repair' in a clone that has these items",
		    checking->name, checking->left);
	return err_set(err, MLDV_CORRUPT,
	    "remote '%s' is damaged in %zu places; run 'mldv fsck --remote %s "
	    "--repair'",
	    checking->name, checking->left, checking->name);
}

int mldv_fsck_remote(struct mldv_project *project,
    const struct mldv_fsck *options, struct mldv_error *err)
{
	struct checking checking = {.project = project, .options = options};
	struct arena arena = {0};
	struct lock lock = {0};
	int ret = -1;

	if (remotes_choose(project, options->remote, &arena, &checking.name,
	        err) == 0 &&
	    project_lock_store(project, &lock, LOCK_SHARED, err) == 0 &&
	    remotes_open(project, checking.name, &checking.remote, err) == 0 &&
	    items_load(project, &checking.items, err) == 0 &&
	    roots_here(project, &checking.roots, err) == 0 &&
	    check_format(&checking, err) == 0)
		ret = check_all(&checking, err);
	if (ret == 0)
		ret = conclude(&checking, err);
	remote_close(checking.remote);
	inspection_release(&checking.inspection);
	items_release(&checking.items);
	roots_release(&checking.roots);
	lock_release(&lock);
	arena_release(&arena);
	return ret;
}
