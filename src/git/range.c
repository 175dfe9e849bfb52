/* SPDX-License-Identifier: Apache-2.0 */
#include "git/internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/path.h"

/*
 * A file of a commit is new if no parent has the same bytes under that name.
 * Only directories that differ from those of every parent are looked into, so
 * that a commit costs what it changed.
 */

/* A directory of a commit, and what its parents have in its place. */
struct pair {
	git_oid tree;
	git_oid *parents;
	size_t parent_count;
	const char *path; /* "" or with a final slash */
};

struct changes {
	struct git *git;
	const struct git_range *range;
	struct arena arena; /* of one commit */
	struct pair *pairs; /* still to be compared */
	size_t count;
	size_t capacity;
	char commit[GIT_OID_HEXSZ + 1];
};

static void push_pair(struct changes *changes, const struct pair *pair)
{
	changes->pairs = xgrow(changes->pairs, changes->count,
	    &changes->capacity, sizeof(*changes->pairs));
	changes->pairs[changes->count++] = *pair;
}

static int lacks(const git_oid *id, int code, struct mldv_error *err)
{
	char hex[GIT_OID_HEXSZ + 1];

	(void)git_oid_tostr(hex, sizeof(hex), id);
	return git_fail(err, code, "cannot read %s from Git", hex);
}

/* The trees that the parents have there. */
struct beside {
	git_tree **trees;
	size_t count;
};

static int open_beside(struct changes *changes, const struct pair *pair,
    struct beside *out, struct mldv_error *err)
{
	out->count = 0;
	out->trees = arena_array(&changes->arena, pair->parent_count + 1,
	    sizeof(*out->trees));
	for (size_t i = 0; i < pair->parent_count; i++) {
		int code = git_tree_lookup(&out->trees[i], changes->git->repo,
		    &pair->parents[i]);

		if (code < 0)
			return lacks(&pair->parents[i], code, err);
		out->count++;
	}
	return 0;
}

static void close_beside(struct beside *beside)
{
	for (size_t i = 0; i < beside->count; i++)
		git_tree_free(beside->trees[i]);
}

/* Has any parent the same? If not, *inner gets the trees of that name. */
static bool is_old(struct changes *changes, const struct beside *beside,
    const git_tree_entry *entry, struct pair *inner)
{
	const char *name = git_tree_entry_name(entry);

	inner->parents = arena_array(&changes->arena, beside->count + 1,
	    sizeof(*inner->parents));
	inner->parent_count = 0;
	for (size_t i = 0; i < beside->count; i++) {
		const git_tree_entry *other =
		    git_tree_entry_byname(beside->trees[i], name);

		if (other == NULL)
			continue;
		if (git_oid_equal(git_tree_entry_id(other),
		        git_tree_entry_id(entry)))
			return true;
		if (git_tree_entry_type(other) == GIT_OBJECT_TREE)
			git_oid_cpy(&inner->parents[inner->parent_count++],
			    git_tree_entry_id(other));
	}
	return false;
}

static int compare_entry(struct changes *changes, const struct pair *pair,
    const struct beside *beside, const git_tree_entry *entry,
    struct mldv_error *err)
{
	const struct git_range *range = changes->range;
	const char *name = git_tree_entry_name(entry);
	git_object_t type = git_tree_entry_type(entry);
	struct pair inner;
	const char *path;

	if ((type != GIT_OBJECT_TREE && type != GIT_OBJECT_BLOB) ||
	    (type == GIT_OBJECT_BLOB && !range->wanted(pair->path, name)) ||
	    is_old(changes, beside, entry, &inner))
		return 0;
	path = arena_printf(&changes->arena, "%s%s%s", pair->path, name,
	    type == GIT_OBJECT_TREE ? "/" : "");
	if (type == GIT_OBJECT_BLOB)
		return range->visit(range->context, changes->commit, path, err);
	inner.path = path;
	git_oid_cpy(&inner.tree, git_tree_entry_id(entry));
	push_pair(changes, &inner);
	return 0;
}

static int compare(struct changes *changes, const struct pair *pair,
    struct mldv_error *err)
{
	struct beside beside;
	git_tree *tree;
	int code = git_tree_lookup(&tree, changes->git->repo, &pair->tree);
	int ret;

	if (code < 0)
		return lacks(&pair->tree, code, err);
	ret = open_beside(changes, pair, &beside, err);
	for (size_t i = 0; ret == 0 && i < git_tree_entrycount(tree); i++)
		ret = compare_entry(changes, pair, &beside,
		    git_tree_entry_byindex(tree, i), err);
	close_beside(&beside);
	git_tree_free(tree);
	return ret;
}

static int compare_all(struct changes *changes, const struct pair *root,
    struct mldv_error *err)
{
	int ret = 0;

	push_pair(changes, root);
	while (ret == 0 && changes->count > 0) {
		struct pair pair = changes->pairs[--changes->count];

		ret = compare(changes, &pair, err);
	}
	changes->count = 0;
	return ret;
}

/* A shallow clone ends where a parent is not there. */
static int look_at(struct changes *changes, git_commit *commit,
    struct mldv_error *err)
{
	unsigned count = git_commit_parentcount(commit);
	struct pair root = {.path = ""};

	root.parents = arena_array(&changes->arena, (size_t)count + 1,
	    sizeof(*root.parents));
	git_oid_cpy(&root.tree, git_commit_tree_id(commit));
	for (unsigned i = 0; i < count; i++) {
		git_commit *parent;
		const git_oid *tree;

		if (git_commit_parent(&parent, commit, i) < 0)
			continue;
		tree = git_commit_tree_id(parent);
		git_oid_cpy(&root.parents[root.parent_count++], tree);
		git_commit_free(parent);
		if (git_oid_equal(tree, &root.tree))
			return 0;
	}
	return compare_all(changes, &root, err);
}

static int look_at_commit(struct changes *changes, const git_oid *id,
    struct mldv_error *err)
{
	git_commit *commit;
	int code = git_commit_lookup(&commit, changes->git->repo, id);
	int ret;

	if (code < 0)
		return lacks(id, code, err);
	(void)git_oid_tostr(changes->commit, sizeof(changes->commit), id);
	ret = look_at(changes, commit, err);
	git_commit_free(commit);
	arena_release(&changes->arena);
	return ret;
}

static int tree_of(struct git *git, const char *revision, git_oid *out,
    struct mldv_error *err)
{
	git_object *found = NULL;
	git_object *tree = NULL;
	int code = git_revparse_single(&found, git->repo, revision);

	if (code == 0)
		code = git_object_peel(&tree, found, GIT_OBJECT_TREE);
	if (code == 0)
		git_oid_cpy(out, git_object_id(tree));
	git_object_free(found);
	git_object_free(tree);
	return code == 0
	    ? 0
	    : git_fail(err, code, "cannot find revision '%s'", revision);
}

int git_differences(struct git *git, const char *from, const char *to,
    const struct git_range *range, struct mldv_error *err)
{
	struct changes changes = {.git = git, .range = range};
	git_oid base;
	struct pair root = {.path = "", .parents = &base};
	int ret = tree_of(git, to, &root.tree, err);

	if (ret == 0 && from != NULL) {
		root.parent_count = 1;
		ret = tree_of(git, from, &base, err);
	}
	if (ret == 0)
		ret = compare_all(&changes, &root, err);
	arena_release(&changes.arena);
	free(changes.pairs);
	return ret;
}

/* What is hidden may be of another clone, and not here. */
static int add_ends(struct git *git, git_revwalk *walk,
    const struct git_range *range, struct mldv_error *err)
{
	git_oid id;
	int code = 0;

	for (size_t i = 0; code == 0 && i < range->tips->count; i++) {
		code = git_oid_fromstr(&id, range->tips->items[i]);
		if (code == 0)
			code = git_revwalk_push(walk, &id);
	}
	for (size_t i = 0; code == 0 && i < range->bases->count; i++) {
		git_commit *commit;

		if (git_oid_fromstr(&id, range->bases->items[i]) < 0 ||
		    git_commit_lookup(&commit, git->repo, &id) < 0)
			continue;
		git_commit_free(commit);
		code = git_revwalk_hide(walk, &id);
	}
	if (code < 0)
		return git_fail(err, code, "cannot tell what is pushed");
	return 0;
}

int git_changes(struct git *git, const struct git_range *range,
    struct mldv_error *err)
{
	struct changes changes = {.git = git, .range = range};
	git_revwalk *walk;
	git_oid id;
	int code = git_revwalk_new(&walk, git->repo);
	int ret;

	if (code < 0)
		return git_fail(err, code, "cannot walk through Git's history");
	(void)git_revwalk_sorting(walk,
	    GIT_SORT_TOPOLOGICAL | GIT_SORT_REVERSE);
	ret = add_ends(git, walk, range, err);
	while (ret == 0 && (code = git_revwalk_next(&id, walk)) == 0)
		ret = look_at_commit(&changes, &id, err);
	if (ret == 0 && code != GIT_ITEROVER)
		ret = git_fail(err, code, "cannot walk through Git's history");
	git_revwalk_free(walk);
	arena_release(&changes.arena);
	free(changes.pairs);
	return ret;
}

/* "remote.<name>.url" and "remote.<name>.pushurl": the name; empty: neither. */
static struct slice remote_of(const char *setting)
{
	static const char *const ends[] = {".url", ".pushurl"};
	struct slice all = slice_of(setting);
	size_t begin = strlen("remote.");

	for (size_t i = 0; slice_starts(all, "remote.") && i < 2; i++) {
		size_t end = strlen(ends[i]);

		if (all.len > begin + end &&
		    strcmp(setting + all.len - end, ends[i]) == 0)
			return (struct slice){setting + begin,
			    all.len - begin - end};
	}
	return (struct slice){0};
}

/* The names of the remotes that fetch from or push to a URL. */
static int remotes_at(struct git *git, const char *url, struct strs *out,
    struct mldv_error *err)
{
	git_config *config = NULL;
	git_config_iterator *iterator = NULL;
	git_config_entry *entry;
	int code = git_repository_config_snapshot(&config, git->repo);

	if (code == 0)
		code = git_config_iterator_new(&iterator, config);
	while (code == 0 && (code = git_config_next(&entry, iterator)) == 0) {
		struct slice name = remote_of(entry->name);

		if (name.len > 0 && entry->value != NULL &&
		    strcmp(entry->value, url) == 0)
			strs_add_n(out, name.data, name.len);
	}
	git_config_iterator_free(iterator);
	git_config_free(config);
	return code == GIT_ITEROVER
	    ? 0
	    : git_fail(err, code, "cannot read Git's settings");
}

static int add_tracking(struct git *git, const char *remote, struct strs *out,
    struct mldv_error *err)
{
	struct arena arena = {0};
	git_reference_iterator *iterator;
	git_reference *ref;
	int code = git_reference_iterator_glob_new(&iterator, git->repo,
	    arena_printf(&arena, "refs/remotes/%s/*", remote));

	arena_release(&arena);
	if (code < 0)
		return git_fail(err, code, "cannot list Git's refs");
	while ((code = git_reference_next(&ref, iterator)) == 0) {
		const git_oid *id = git_reference_target(ref);
		char hex[GIT_OID_HEXSZ + 1];

		/* HEAD there is symbolic, of a branch that comes too. */
		if (id != NULL)
			strs_add(out, git_oid_tostr(hex, sizeof(hex), id));
		git_reference_free(ref);
	}
	git_reference_iterator_free(iterator);
	return code == GIT_ITEROVER
	    ? 0
	    : git_fail(err, code, "cannot list Git's refs");
}

int git_tracked(struct git *git, const char *name, const char *url,
    struct strs *out, struct mldv_error *err)
{
	struct strs remotes = {0};
	int ret = 0;

	if (strcmp(name, url) == 0)
		ret = remotes_at(git, url, &remotes, err);
	else
		strs_add(&remotes, name);
	for (size_t i = 0; ret == 0 && i < remotes.count; i++)
		ret = add_tracking(git, remotes.items[i], out, err);
	strs_release(&remotes);
	return ret;
}

bool git_is_there(struct git *git, const char *revision)
{
	git_object *found;

	if (git_revparse_single(&found, git->repo, revision) != 0)
		return false;
	git_object_free(found);
	return true;
}
