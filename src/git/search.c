/* SPDX-License-Identifier: Apache-2.0 */
#include "git/internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/map.h"
#include "base/path.h"
#include "base/str.h"

/*
 * Every object is looked at once, whichever way it is reached: of a commit
 * that changes one file only the trees above that file are new.
 */

/* path: "" for the root; NULL unless paths are asked for. */
struct found_tree {
	git_oid id;
	const char *path;
};

struct search {
	const struct git_search *what;
	git_repository *repo;
	struct map seen;    /* of 20-byte ids */
	struct map shallow; /* commits whose parents are not here */
	struct arena arena;
	git_oid *commits; /* still to be looked at */
	size_t commit_count;
	size_t commit_capacity;
	struct found_tree *trees; /* the same */
	size_t tree_count;
	size_t tree_capacity;
	/* What is lacking is an error, not what Git has pruned. */
	bool strict;
};

static void search_open(struct search *search, git_repository *repo,
    const struct git_search *what)
{
	*search = (struct search){.what = what, .repo = repo, .strict = true};
}

static void search_release(struct search *search)
{
	map_release(&search->seen);
	map_release(&search->shallow);
	arena_release(&search->arena);
	free(search->commits);
	free(search->trees);
}

static bool add_to(struct search *search, struct map *map, const git_oid *id)
{
	if (map_get(map, id->id, GIT_OID_RAWSZ) != NULL)
		return false;
	return map_add(map, arena_copy(&search->arena, id->id, GIT_OID_RAWSZ),
	    GIT_OID_RAWSZ, search);
}

static void push_commit(struct search *search, const git_oid *id)
{
	if (!add_to(search, &search->seen, id))
		return;
	search->commits = xgrow(search->commits, search->commit_count,
	    &search->commit_capacity, sizeof(*search->commits));
	git_oid_cpy(&search->commits[search->commit_count++], id);
}

/* The same, of what lies at a path, if paths are asked for. */
static bool add_at(struct search *search, const git_oid *id, const char *path)
{
	size_t len = path ? strlen(path) : 0;
	char *key;

	if (!path)
		return add_to(search, &search->seen, id);
	key = arena_alloc(&search->arena, GIT_OID_RAWSZ + len + 1);
	memcpy(key, id->id, GIT_OID_RAWSZ);
	memcpy(key + GIT_OID_RAWSZ, path, len + 1);
	return map_get(&search->seen, key, GIT_OID_RAWSZ + len) == NULL &&
	    map_add(&search->seen, key, GIT_OID_RAWSZ + len, search);
}

static void push_tree(struct search *search, const git_oid *id,
    const char *path)
{
	struct found_tree *found;

	if (!add_at(search, id, path))
		return;
	search->trees = xgrow(search->trees, search->tree_count,
	    &search->tree_capacity, sizeof(*search->trees));
	found = &search->trees[search->tree_count++];
	git_oid_cpy(&found->id, id);
	found->path = path;
}

/* Where the search begins has the path "". */
static const char *top(const struct search *search)
{
	return search->what->paths ? "" : NULL;
}

/* 0 if it is no matter that an object is not there. */
static int lacking(const struct search *search, const git_oid *id, int code,
    struct mldv_error *err)
{
	char hex[GIT_OID_HEXSZ + 1];

	if (code == GIT_ENOTFOUND && !search->strict)
		return 0;
	(void)git_oid_tostr(hex, sizeof(hex), id);
	(void)git_fail(err, code, "cannot read %s from Git", hex);
	if (code == GIT_ENOTFOUND)
		(void)err_set(err, MLDV_FAILED,
		    "Git lacks object %s, so that it cannot be told what is "
		    "needed; run 'git fetch --refetch', or 'git fsck'",
		    hex);
	return -1;
}

static bool is_wanted(const struct git_search *what, const char *path,
    bool *named)
{
	const char *name = path_base(path);

	*named = strcmp(name, what->name) == 0;
	return *named || str_ends(name, what->suffix);
}

static int visit_blob(struct search *search, const git_oid *id,
    const char *path, bool named, struct mldv_error *err)
{
	const struct git_search *what = search->what;
	git_blob *blob;
	git_object_size_t size;
	int code = git_blob_lookup(&blob, search->repo, id);
	int ret = 0;

	if (code < 0)
		return lacking(search, id, code, err);
	size = git_blob_rawsize(blob);
	if (size <= what->limit)
		ret = what->visit(what->context, path,
		    (struct slice){git_blob_rawcontent(blob), (size_t)size},
		    err);
	else if (named)
		ret = err_set(err, MLDV_FAILED,
		    "'%s' in Git's history has more than %zu bytes", path,
		    what->limit);
	git_blob_free(blob);
	return ret;
}

/* An entry's path, if paths are asked for, else its name. */
static const char *path_in(struct search *search, const struct found_tree *in,
    const char *name)
{
	if (!in->path || !in->path[0])
		return in->path ? arena_str(&search->arena, name) : name;
	return arena_printf(&search->arena, "%s/%s", in->path, name);
}

static int look_at_entry(struct search *search, const struct found_tree *in,
    const git_tree_entry *entry, struct mldv_error *err)
{
	const char *name = git_tree_entry_name(entry);
	const git_oid *inner = git_tree_entry_id(entry);
	const char *path;
	bool named;

	switch (git_tree_entry_type(entry)) {
	case GIT_OBJECT_TREE:
		push_tree(search, inner,
		    in->path ? path_in(search, in, name) : NULL);
		return 0;
	case GIT_OBJECT_BLOB:
		if (!is_wanted(search->what, name, &named))
			return 0;
		path = path_in(search, in, name);
		if (!add_at(search, inner, in->path ? path : NULL))
			return 0;
		return visit_blob(search, inner, path, named, err);
	default: /* a submodule's commit */
		return 0;
	}
}

static int look_at_tree(struct search *search, const struct found_tree *found,
    struct mldv_error *err)
{
	git_tree *tree;
	int code = git_tree_lookup(&tree, search->repo, &found->id);
	int ret = 0;

	if (code < 0)
		return lacking(search, &found->id, code, err);
	for (size_t i = 0; ret == 0 && i < git_tree_entrycount(tree); i++)
		ret = look_at_entry(search, found,
		    git_tree_entry_byindex(tree, i), err);
	git_tree_free(tree);
	return ret;
}

static int look_at_trees(struct search *search, struct mldv_error *err)
{
	while (search->tree_count > 0) {
		struct found_tree found = search->trees[--search->tree_count];

		if (look_at_tree(search, &found, err) < 0)
			return -1;
	}
	return 0;
}

static int look_at_commit(struct search *search, const git_oid *id,
    struct mldv_error *err)
{
	git_commit *commit;
	int code = git_commit_lookup(&commit, search->repo, id);
	bool is_end = map_get(&search->shallow, id->id, GIT_OID_RAWSZ) != NULL;

	if (code < 0)
		return lacking(search, id, code, err);
	push_tree(search, git_commit_tree_id(commit), top(search));
	for (unsigned i = 0; !is_end && i < git_commit_parentcount(commit); i++)
		push_commit(search, git_commit_parent_id(commit, i));
	git_commit_free(commit);
	return look_at_trees(search, err);
}

static int look_at_all(struct search *search, struct mldv_error *err)
{
	while (search->commit_count > 0) {
		git_oid id = search->commits[--search->commit_count];

		if (look_at_commit(search, &id, err) < 0)
			return -1;
	}
	return look_at_trees(search, err);
}

/* Where a search begins: a commit, a tree, or a tag of one. */
static int push_any(struct search *search, const git_oid *id,
    struct mldv_error *err)
{
	git_object *object;
	git_object *peeled = NULL;
	int code = git_object_lookup(&object, search->repo, id, GIT_OBJECT_ANY);

	if (code < 0)
		return lacking(search, id, code, err);
	/* What is no tag is peeled too far, or not at all. */
	if (git_object_type(object) == GIT_OBJECT_TAG) {
		code = git_object_peel(&peeled, object, GIT_OBJECT_ANY);
		git_object_free(object);
		if (code < 0)
			return lacking(search, id, code, err);
		object = peeled;
	}
	if (git_object_type(object) == GIT_OBJECT_COMMIT)
		push_commit(search, git_object_id(object));
	else if (git_object_type(object) == GIT_OBJECT_TREE)
		push_tree(search, git_object_id(object), top(search));
	git_object_free(object);
	return 0;
}

static int push_ref(struct search *search, git_reference *ref,
    struct mldv_error *err)
{
	git_reference *direct;
	int code = git_reference_resolve(&direct, ref);
	int ret;

	/* One that names a branch that is not there names nothing. */
	if (code == GIT_ENOTFOUND)
		return 0;
	if (code < 0)
		return git_fail(err, code, "cannot read '%s'",
		    git_reference_name(ref));
	ret = push_any(search, git_reference_target(direct), err);
	git_reference_free(direct);
	return ret;
}

static int push_refs(struct search *search, struct mldv_error *err)
{
	git_reference_iterator *iterator;
	git_reference *ref;
	int ret = 0;
	int code = git_reference_iterator_new(&iterator, search->repo);

	if (code < 0)
		return git_fail(err, code, "cannot list Git's refs");
	while (ret == 0 && (code = git_reference_next(&ref, iterator)) == 0) {
		ret = push_ref(search, ref, err);
		git_reference_free(ref);
	}
	git_reference_iterator_free(iterator);
	if (ret == 0 && code != GIT_ITEROVER)
		ret = git_fail(err, code, "cannot list Git's refs");
	/* HEAD may be detached. */
	if (ret == 0 && git_reference_lookup(&ref, search->repo, "HEAD") == 0) {
		ret = push_ref(search, ref, err);
		git_reference_free(ref);
	}
	return ret;
}

static int read_shallow(struct search *search, struct mldv_error *err)
{
	struct arena arena = {0};
	struct mldv_error why;
	struct buf text = {0};
	struct slice rest;
	struct slice line;
	int ret =
	    file_read(path_join(&arena, git_repository_commondir(search->repo),
	                  "shallow"),
	        GIT_TEXT_LIMIT, &text, &why);

	if (ret < 0 && why.code == MLDV_NOT_FOUND)
		ret = 0;
	else if (ret < 0)
		*err = why;
	rest = (struct slice){text.data, text.len};
	while (ret == 0 && slice_cut(&rest, '\n', &line)) {
		git_oid id;

		if (line.len == GIT_OID_HEXSZ &&
		    git_oid_fromstrn(&id, line.data, line.len) == 0)
			(void)add_to(search, &search->shallow, &id);
	}
	buf_release(&text);
	arena_release(&arena);
	return ret;
}

int git_search_kept(struct git *git, const struct git_search *what,
    struct mldv_error *err)
{
	struct search search;
	struct git_ids noted = {0};
	int ret = -1;

	search_open(&search, git->repo, what);
	if (read_shallow(&search, err) < 0 || push_refs(&search, err) < 0 ||
	    look_at_all(&search, err) < 0 ||
	    git_noted_ids(git, &noted, err) < 0)
		goto out;
	/* Git itself may have thrown away some of what it noted. */
	search.strict = false;
	ret = 0;
	for (size_t i = 0; ret == 0 && i < noted.count; i++) {
		ret = push_any(&search, &noted.list[i], err);
		if (ret == 0)
			ret = look_at_all(&search, err);
	}
out:
	git_ids_release(&noted);
	search_release(&search);
	return ret;
}

/* The index, where a conflict has up to three files of one path. */
static int search_index(struct git *git, struct search *search,
    struct strs *files, struct mldv_error *err)
{
	git_index *index;
	bool named;
	int ret = 0;

	if (git_load_index(git, &index, err) < 0)
		return -1;
	for (size_t i = 0; ret == 0 && i < git_index_entrycount(index); i++) {
		const git_index_entry *entry = git_index_get_byindex(index, i);

		if (entry->mode == GIT_FILEMODE_COMMIT ||
		    !is_wanted(search->what, entry->path, &named))
			continue;
		strs_add(files, entry->path);
		if (add_to(search, &search->seen, &entry->id))
			ret = visit_blob(search, &entry->id, entry->path, named,
			    err);
	}
	git_index_free(index);
	return ret;
}

/* A file as it lies there; links and the like are no such files. */
static int search_file(const struct git *git, const struct git_search *what,
    const char *path, struct mldv_error *err)
{
	struct mldv_error why;
	struct buf full = {0};
	struct buf text = {0};
	int ret;

	git_full_path(git, path, &full);
	ret = file_read(buf_str(&full), what->limit, &text, &why);
	if (ret == 0)
		ret = what->visit(what->context, path,
		    (struct slice){buf_str(&text), text.len}, err);
	else if (why.code == MLDV_NOT_FOUND)
		ret = 0;
	else
		*err = why;
	buf_release(&text);
	buf_release(&full);
	return ret;
}

int git_search_here(struct git *git, const struct git_search *what,
    struct mldv_error *err)
{
	struct search search;
	struct strs files = {0};
	struct strs untracked = {0};
	bool named;
	int ret = -1;

	search_open(&search, git->repo, what);
	if (search_index(git, &search, &files, err) < 0 ||
	    git_untracked(git, "", &untracked, err) < 0)
		goto out;
	for (size_t i = 0; i < untracked.count; i++)
		if (is_wanted(what, untracked.items[i], &named))
			strs_add(&files, untracked.items[i]);
	/* It may be ignored. */
	strs_add(&files, what->name);
	strs_unique(&files);
	ret = 0;
	for (size_t i = 0; ret == 0 && i < files.count; i++)
		ret = search_file(git, what, files.items[i], err);
out:
	strs_release(&files);
	strs_release(&untracked);
	search_release(&search);
	return ret;
}

bool git_is_shallow(struct git *git)
{
	return git_repository_is_shallow(git->repo) == 1;
}

int git_search_server(const char *dir, const struct git_search *what,
    struct mldv_error *err)
{
	struct search search;
	git_repository *repo;
	int ret = -1;
	int code = git_repository_open_ext(&repo, dir,
	    GIT_REPOSITORY_OPEN_NO_SEARCH, NULL);

	if (code < 0)
		return git_fail(err, code,
		    "cannot open the Git repository '%s'", dir);
	search_open(&search, repo, what);
	if (git_repository_is_shallow(repo) == 1)
		(void)err_set(err, MLDV_NO,
		    "the Git repository '%s' is shallow: it lacks commits that "
		    "may need data",
		    dir);
	else if (push_refs(&search, err) == 0)
		ret = look_at_all(&search, err);
	search_release(&search);
	git_repository_free(repo);
	return ret;
}
