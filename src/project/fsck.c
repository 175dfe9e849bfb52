/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/file.h"
#include "base/path.h"
#include "mldv/data.h"
#include "project/bring.h"
#include "project/pushed.h"
#include "project/recover.h"
#include "project/rehash.h"
#include "project/remotes.h"
#include "project/roots.h"
#include "project/worktree.h"

struct fsck {
	struct mldv_project *project;
	const struct mldv_fsck *options;
	struct rehash rehash;
	struct items items;
	struct picks picks;  /* of each item: what of it is here */
	struct strs remotes; /* their names, the default first */
	bool *whole;         /* of each item */
	bool failed;         /* a remote may have what it did not give */
	size_t damaged;      /* that is left */
	size_t missing;
};

/* What is wrong with an item; code 0: nothing. */
struct finding {
	struct mldv_project *project;
	uint64_t missing;
	struct oid first; /* of the missing */
	struct mldv_error error;
	bool failed; /* its trees could not be read: error says why */
};

static int look_for(void *context, const char *path, const struct content *file,
    struct mldv_error *err)
{
	struct finding *finding = context;
	int there;

	(void)path;
	if (project_check(finding->project, err) < 0)
		return -1;
	there = store_has(finding->project->store, &file->oid, file->size, err);
	if (there == 0 && finding->missing++ == 0)
		finding->first = file->oid;
	return there < 0 ? -1 : 0;
}

/* Reads the trees, which are refused if they do not add up. */
static int check_item(struct mldv_project *project, const struct pick *pick,
    struct finding *out, struct mldv_error *err)
{
	struct snapshot wanted;
	int ret;

	*out = (struct finding){.project = project};
	ret = trees_expand_parts(project->store, &pick->item->content,
	    &pick->parts, &wanted, err);
	if (ret == 0) {
		ret = snapshot_each(&wanted, look_for, out, err);
		snapshot_release(&wanted);
	}
	if (ret == 0)
		return 0;
	if (err->code != MLDV_MISSING && err->code != MLDV_CORRUPT)
		return -1;
	out->failed = true;
	out->error = *err;
	return 0;
}

static bool is_whole(const struct finding *finding)
{
	return finding->missing == 0 && !finding->failed;
}

/*
 * Should the item be here? In a fresh clone nothing is, and nothing is wrong
 * with that.
 */
static int is_claimed(struct mldv_project *project, const struct item *item,
    struct mldv_error *err)
{
	struct arena arena = {0};
	struct buf cache = {0};
	int ret = pushed_has(project, &item->content, err);

	worktree_cache_path(project, item->path, &cache);
	if (ret == 0)
		ret = file_exists(buf_str(&cache), err);
	if (ret == 0)
		ret = file_exists(project_absolute(project, &arena, item->path),
		    err);
	buf_release(&cache);
	arena_release(&arena);
	return ret;
}

static int recheck(struct fsck *fsck, const struct pick *pick,
    struct finding *finding, struct mldv_error *err)
{
	if (store_refresh(fsck->project->store, err) < 0)
		return -1;
	return check_item(fsck->project, pick, finding, err);
}

/* The work tree has it, perhaps; then it is stored once more. */
static int repair_here(struct fsck *fsck, const struct pick *pick,
    struct finding *finding, struct mldv_error *err)
{
	const struct item *item = pick->item;
	struct mldv_error ignored;
	struct content content;

	if (worktree_hash(fsck->project, item->path, &content, NULL, &ignored) <
	        0 ||
	    (!pick->noted && !content_equal(&content, &item->content)) ||
	    worktree_store(fsck->project, item->path, &content, NULL,
	        &ignored) < 0)
		return 0;
	return recheck(fsck, pick, finding, err);
}

static int repair_from(struct fsck *fsck, struct pick *pick, const char *name,
    struct finding *finding, struct mldv_error *err)
{
	struct remote *remote;
	struct remote_count count = {0};
	struct bring bring = {.project = fsck->project, .count = &count};
	struct mldv_error why;
	int ret;

	if (remotes_open(fsck->project, name, &remote, err) < 0)
		return -1;
	bring.remote = remote;
	ret = bring_pick(&bring, pick, &why);
	remote_close(remote);
	if (ret >= 0)
		return recheck(fsck, pick, finding, err);
	if (why.code == MLDV_INTERRUPTED) {
		*err = why;
		return -1;
	}
	/* What a remote does not have is no failure of this. */
	fsck->failed |= why.code != MLDV_MISSING && why.code != MLDV_NOT_FOUND;
	project_warn(fsck->project, "cannot repair '%s' from '%s': %s",
	    pick->item->path, name, why.text);
	return 0;
}

static int repair(struct fsck *fsck, struct pick *pick, struct finding *finding,
    struct mldv_error *err)
{
	if (repair_here(fsck, pick, finding, err) < 0)
		return -1;
	for (size_t i = 0; !is_whole(finding) && i < fsck->remotes.count; i++) {
		if (repair_from(fsck, pick, fsck->remotes.items[i], finding,
		        err) < 0)
			return -1;
	}
	return 0;
}

static void describe(const struct finding *finding, struct buf *out)
{
	char hex[OID_HEX + 1];

	if (finding->failed) {
		buf_add_str(out, finding->error.text);
		return;
	}
	oid_hex(&finding->first, hex);
	buf_add_str(out, "the store lacks ");
	str_count(finding->missing, out);
	buf_printf(out, " of its objects, the first %s", hex);
}

static void report(struct fsck *fsck, const char *object, const char *what,
    bool repaired)
{
	const struct mldv_damage damage = {object, what, repaired};

	fsck->options->visit(fsck->options->context, &damage);
}

static int check_one(struct fsck *fsck, size_t i, struct mldv_error *err)
{
	struct pick *pick = &fsck->picks.list[i];
	const struct item *item = pick->item;
	struct finding finding;
	struct arena arena = {0};
	struct buf what = {0};
	bool corrupt;
	int claimed = item->git ? 0 : is_claimed(fsck->project, item, err);
	int ret = claimed < 0 ? -1 : 0;

	fsck->whole[i] = claimed == 0;
	if (claimed <= 0)
		goto out;
	ret = check_item(fsck->project, pick, &finding, err);
	fsck->whole[i] = ret == 0 && is_whole(&finding);
	if (ret < 0 || fsck->whole[i])
		goto out;
	describe(&finding, &what);
	corrupt = finding.failed && finding.error.code == MLDV_CORRUPT;
	if (fsck->options->repair)
		ret = repair(fsck, pick, &finding, err);
	fsck->whole[i] = ret == 0 && is_whole(&finding);
	report(fsck,
	    arena_printf(&arena, "item %s",
	        project_shown(fsck->project, &arena, item->path)),
	    buf_str(&what), fsck->whole[i]);
	if (!fsck->whole[i]) {
		fsck->damaged += corrupt;
		fsck->missing += !corrupt;
	}
out:
	buf_release(&what);
	arena_release(&arena);
	return ret;
}

/* How many of the objects that a damaged file held are still not to be had. */
static int count_lost(struct fsck *fsck, const struct damaged *damage,
    size_t *out, struct mldv_error *err)
{
	*out = 0;
	for (size_t i = 0; i < damage->lost_count; i++) {
		int there = store_has(fsck->project->store,
		    &damage->lost[i].oid, damage->lost[i].size, err);

		if (there < 0)
			return -1;
		*out += there == 0;
	}
	return 0;
}

static bool all_whole(const struct fsck *fsck)
{
	for (size_t i = 0; i < fsck->items.count; i++) {
		if (!fsck->whole[i])
			return false;
	}
	return true;
}

/*
 * What a pack without an index held can be of any version: 1 if all that
 * anything here refers to is whole, or known to be on a remote, else 0.
 */
static int is_kept(struct fsck *fsck, struct mldv_error *err)
{
	struct mldv_project *project = fsck->project;
	struct roots roots = {0};
	struct mldv_error why;
	int kept = roots_here(project, &roots, err) == 0 ? 1 : -1;

	for (size_t i = 0; kept == 1 && i < roots.count; i++) {
		kept = pushed_has(project, &roots.list[i], err);
		if (kept != 0)
			continue;
		kept = worktree_complete(project, &roots.list[i], NULL, &why);
		if (kept < 0 && why.code == MLDV_CORRUPT)
			kept = 0;
		else if (kept < 0)
			*err = why;
	}
	roots_release(&roots);
	return kept;
}

static void describe_damage(const struct damaged *damage, size_t lost,
    struct buf *out)
{
	buf_add_str(out, damage->what);
	if (damage->unknown)
		buf_add_str(out, ", and what it held cannot be told");
	else if (damage->earlier)
		buf_printf(out, ", and objects that it held are missing: %zu",
		    lost);
	else if (damage->is_pack)
		buf_printf(out, "; objects lost with it: %zu",
		    damage->lost_count);
	buf_printf(out, "; it lies in '%s'", damage->place);
	if (damage->earlier && lost > 0)
		buf_add_str(out,
		    "; once nobody needs what it held, delete it there");
}

/* What was found before, and is missed no more, is no news. */
static int report_damage(struct fsck *fsck, const struct damaged *damage,
    struct mldv_error *err)
{
	struct buf what = {0};
	int repaired;
	size_t lost;

	if (count_lost(fsck, damage, &lost, err) < 0)
		return -1;
	repaired = lost == 0 && (!damage->unknown || all_whole(fsck));
	if (repaired && damage->unknown)
		repaired = is_kept(fsck, err);
	if (repaired < 0)
		return -1;
	if (damage->earlier && repaired && damage->lost_count == 0)
		return 0;
	describe_damage(damage, repaired ? 0 : lost + damage->unknown, &what);
	if (!repaired && damage->earlier)
		fsck->missing++;
	else if (!repaired)
		fsck->damaged++;
	report(fsck, damage->object, buf_str(&what), repaired);
	buf_release(&what);
	return 0;
}

/* The default first. */
static void list_remotes(struct fsck *fsck)
{
	struct arena arena = {0};
	struct strs names = {0};
	struct mldv_error ignored;
	const char *preset = NULL;

	if (remotes_choose(fsck->project, NULL, &arena, &preset, &ignored) == 0)
		strs_add(&fsck->remotes, preset);
	config_names(&fsck->project->config, "remote", &names);
	for (size_t i = 0; i < names.count; i++) {
		if (!strs_has(&fsck->remotes, names.items[i]))
			strs_add(&fsck->remotes, names.items[i]);
	}
	strs_release(&names);
	arena_release(&arena);
}

/*
 * Below state/, where pushes and fetches write with the store's lock held;
 * losing a stat cache that somebody is writing costs only time.
 */
static int sweep_state(const struct mldv_project *project,
    struct mldv_error *err)
{
	struct arena arena = {0};
	struct strs names = {0};
	const char *state = path_join(&arena, project->home, "state");
	int ret = file_exists(state, err);

	if (ret == 1)
		ret = file_list(state, &names, err);
	for (size_t i = 0; ret == 0 && i < names.count; i++) {
		const char *dir = path_join(&arena, state, names.items[i]);

		if (strncmp(names.items[i], "remote-", 7) == 0)
			dir = path_join(&arena, dir, "packs");
		else if (strcmp(names.items[i], "pushed") != 0 &&
		    strcmp(names.items[i], "last") != 0 &&
		    strcmp(names.items[i], "fsck") != 0 &&
		    strcmp(names.items[i], "stat") != 0)
			continue;
		ret = file_sweep(dir, err);
	}
	strs_release(&names);
	arena_release(&arena);
	return ret;
}

/* If nobody else works with the store, what crashes left in it goes too. */
static int lock_and_sweep(struct mldv_project *project, struct lock *lock,
    struct mldv_error *err)
{
	bool no_wait = project->no_wait;
	struct mldv_error ignored;
	int ret;

	project->no_wait = true;
	ret = project_lock_store(project, lock, LOCK_EXCLUSIVE, &ignored);
	project->no_wait = no_wait;
	if (ret < 0)
		return project_lock_store(project, lock, LOCK_SHARED, err);
	/* A store that cannot be written to can still be checked. */
	if (store_sweep(project->store, &ignored) < 0 ||
	    sweep_state(project, &ignored) < 0)
		project_warn(project, "%s", ignored.text);
	lock_downgrade(lock);
	return 0;
}

static int conclude(const struct fsck *fsck, struct mldv_error *err)
{
	const char *way = "neither the work tree nor a remote has it";

	if (!fsck->options->repair)
		way = "run 'mldv fsck --repair'";
	else if (fsck->failed)
		way = "what could not be done is warned of; put that right, "
		      "and run 'mldv fsck --repair' again";

	if (fsck->damaged > 0)
		return err_set(err, MLDV_CORRUPT,
		    "damage is left in %zu places; %s",
		    fsck->damaged + fsck->missing, way);
	if (fsck->missing > 0)
		return err_set(err, MLDV_MISSING,
		    "objects are missing in %zu places; %s", fsck->missing,
		    way);
	if (fsck->rehash.left > 0)
		project_warn(fsck->project,
		    "%zu files were not checked within the budget; the next "
		    "run begins with them",
		    fsck->rehash.left);
	return 0;
}

int mldv_fsck(struct mldv_project *project, const struct mldv_fsck *options,
    struct mldv_error *err)
{
	struct fsck fsck = {.project = project, .options = options};
	struct arena arena = {0};
	struct lock lock = {0};
	int ret = -1;

	if (lock_and_sweep(project, &lock, err) < 0 ||
	    rehash_store(project, options->budget, &fsck.rehash, err) < 0 ||
	    items_load(project, &fsck.items, err) < 0 ||
	    picks_load(project, &fsck.items, NULL, true, &fsck.picks, err) < 0)
		goto out;
	list_remotes(&fsck);
	fsck.whole =
	    arena_array(&arena, fsck.items.count + 1, sizeof *fsck.whole);
	for (size_t i = 0; i < fsck.items.count; i++) {
		if (check_one(&fsck, i, err) < 0)
			goto out;
	}
	if (options->repair &&
	    recover_lost(project, &fsck.remotes, &fsck.rehash.quarantine,
	        &fsck.failed, err) < 0)
		goto out;
	for (size_t i = 0; i < fsck.rehash.quarantine.count; i++) {
		if (report_damage(&fsck, &fsck.rehash.quarantine.list[i], err) <
		    0)
			goto out;
	}
	ret = conclude(&fsck, err);
out:
	rehash_release(&fsck.rehash);
	picks_release(&fsck.picks);
	items_release(&fsck.items);
	strs_release(&fsck.remotes);
	lock_release(&lock);
	arena_release(&arena);
	return ret;
}
