/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GIT_GIT_H
#define GIT_GIT_H

/*
 * The Git repository around a project. The home of libgit2.
 *
 * Paths are relative to the root of the work tree, clean, raw bytes. No
 * command is run, no hook, no filter: what is staged are the file's bytes.
 */

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"
#include "base/strs.h"
#include "format/kind.h"
#include "mldv/events.h"

struct git;

/*
 * Finds the repository of dir, as git does. MLDV_NOT_FOUND outside of one
 * (the text says `git init`), and for a bare one.
 */
CHECKED int git_open(struct git **out, const char *dir, struct mldv_error *err);
void git_close(struct git *git);

/*
 * Opens the repository at just this directory, bare or not, to read from its
 * revisions. The root is its work tree, or else itself.
 */
CHECKED int git_open_at(struct git **out, const char *dir,
    struct mldv_error *err);
/*
 * Clones all branches and tags of a URL into dir, bare: for git_open_at. events
 * may be NULL.
 */
CHECKED int git_mirror(const char *url, const char *dir,
    const struct mldv_events *events, struct mldv_error *err);

const char *git_root(const struct git *git);   /* absolute, no final slash */
const char *git_common(const struct git *git); /* the common .git directory */
/* The .git directory of just this work tree. */
const char *git_own(const struct git *git);

/* 1: in the index, as a file or as a directory above tracked files; else 0. */
CHECKED int git_is_tracked(struct git *git, const char *path,
    struct mldv_error *err);
/* The first tracked path at or below path into *out: 1, or 0 if none. */
CHECKED int git_first_tracked(struct git *git, const char *path,
    struct buf *out, struct mldv_error *err);
/* 1 if path lies in a submodule (a gitlink or a nested repository), else 0. */
CHECKED int git_in_submodule(struct git *git, const char *path,
    struct mldv_error *err);
/*
 * 1 if Git would ignore the file. Then *rule, if given, becomes the source of
 * the pattern that decides: "sub/.gitignore:12", ".git/info/exclude:3".
 */
CHECKED int git_is_ignored(struct git *git, const char *path, struct buf *rule,
    struct mldv_error *err);

/*
 * Stages each path as the work tree has it (a path that is gone is removed
 * from the index), in one write of the index. If Git's index is locked, waits
 * a second; then, or while a merge, rebase or the like is going on, fails
 * with MLDV_BUSY, and the text says which `git add` to type.
 */
CHECKED int git_stage(struct git *git, const struct strs *paths,
    struct mldv_error *err);
/* Removes an index.lock that one of us left who was killed. */
void git_sweep(struct git *git);
/*
 * Stages a change to a text file without what the user changed in it: the
 * lines added are appended to, the lines removed are taken out of, what the
 * index has (or an empty file). Same waiting and failing as git_stage.
 */
CHECKED int git_stage_lines(struct git *git, const char *path,
    const struct strs *added, const struct strs *removed,
    struct mldv_error *err);
/* The same of several files, none twice, the index being written once. */
struct git_lines {
	const char *path;
	struct strs added;
	struct strs removed;
};
CHECKED int git_stage_files(struct git *git, const struct git_lines *files,
    size_t count, struct mldv_error *err);

/*
 * Adds "/name" to the .gitignore beside path (a directory gets no final
 * slash), escaping what .gitignore treats as special; 1 if it was changed, 0
 * if the line was there. *ignore_path becomes the .gitignore's path and *line
 * the line. Names that .gitignore cannot say (LF in them) get "?" there.
 */
CHECKED int git_ignore_add(struct git *git, const char *path,
    struct buf *ignore_path, struct buf *line, struct mldv_error *err);
/* The same of paths (at least one) in one directory; lines gets theirs. */
CHECKED int git_ignore_add_all(struct git *git, const struct strs *paths,
    struct buf *ignore_path, struct strs *lines, struct mldv_error *err);
/* Takes the line away; an empty .gitignore is removed. */
CHECKED int git_ignore_remove(struct git *git, const char *path,
    struct buf *ignore_path, struct buf *line, struct mldv_error *err);

/*
 * The bytes of a path at a revision ("HEAD", "main~2", a commit id; ":0" is
 * the index): 1, or 0 if the revision has no such file. An unknown revision
 * is MLDV_NOT_FOUND.
 */
CHECKED int git_read(struct git *git, const char *revision, const char *path,
    size_t limit, struct buf *out, struct mldv_error *err);
/*
 * The paths of a revision (or of the index, ":0") that end with suffix,
 * sorted.
 */
CHECKED int git_list(struct git *git, const char *revision, const char *suffix,
    struct strs *out, struct mldv_error *err);
/*
 * Visits the different versions of a file in the history of a revision,
 * newest first, by first parents, with what the other parents of a merge have,
 * and no further back than 1,000 commits, until visit returns other than 0: 1
 * for enough, -1 for a failure.
 */
CHECKED int git_history(struct git *git, const char *revision, const char *path,
    int (*visit)(void *context, const char *text, size_t len,
        struct mldv_error *err),
    void *context, struct mldv_error *err);
/* The commit's 40 hex digits: 1, or 0 if there is none yet (a new branch). */
CHECKED int git_head(struct git *git, struct buf *out, struct mldv_error *err);
/* The same of any revision; MLDV_NOT_FOUND if there is no such commit. */
CHECKED int git_time_of(struct git *git, const char *revision, uint64_t *out,
    struct mldv_error *err); /* when it was committed, since 1970 */
CHECKED int git_commit_of(struct git *git, const char *revision,
    struct buf *out, struct mldv_error *err);
/* The short name of the branch that HEAD is on: 1, or 0 if it is on none. */
CHECKED int git_branch(struct git *git, struct buf *out,
    struct mldv_error *err);
/* "Ann Lee <ann@example.org>", as Git would call an author: 1, or 0. */
CHECKED int git_who(struct git *git, struct buf *out, struct mldv_error *err);
/*
 * How the work tree differs from a commit, as a diff, which says of files
 * above 1 MiB and of binary ones only what they hash to. If it were longer
 * than limit, it is the list of what differs. .gitignore files do not count.
 */
struct git_changed {
	const struct strs *without; /* paths left out; NULL: what is tracked */
	const struct strs *untracked; /* of these, what Git does not know */
	size_t limit;
};
CHECKED int git_changed(struct git *git, const char *commit,
    const struct git_changed *what, struct buf *out, struct mldv_error *err);
/* Does the revision name anything that is here? */
bool git_is_there(struct git *git, const char *revision);
/* The files that Git knows of nor ignores below a directory, sorted. */
CHECKED int git_untracked(struct git *git, const char *dir, struct strs *out,
    struct mldv_error *err);

/*
 * Visits the files that Git's index has otherwise than HEAD, or HEAD lacks,
 * with their sizes.
 */
CHECKED int git_staged(struct git *git,
    int (*visit)(void *context, const char *path, uint64_t size,
        struct mldv_error *err),
    void *context, struct mldv_error *err);

/* --- Everything that is kept: for garbage collection --- */

/*
 * Which files are looked for, in any directory: those whose names end with
 * suffix, and those with just this name. Each different text is visited once.
 * One that is larger than limit is passed over, but for the named ones, where
 * that is an error.
 */
struct git_search {
	const char *suffix;
	const char *name;
	size_t limit;
	/* Of commits: each text once at each path, and visit hears the path
	 * from the root; else the name only. */
	bool paths;
	int (*visit)(void *context, const char *path, struct slice text,
	    struct mldv_error *err);
	void *context;
};

/*
 * Searches every commit that this clone keeps: what is reachable from refs,
 * HEADs, stashes, reflogs, pseudo-refs (MERGE_HEAD and the like) and what a
 * rebase has set aside, of all work trees. Of a shallow clone only what is
 * here.
 */
CHECKED int git_search_kept(struct git *git, const struct git_search *search,
    struct mldv_error *err);
/* Searches the index, conflicts too, and the work tree, without ignored files.
 */
CHECKED int git_search_here(struct git *git, const struct git_search *search,
    struct mldv_error *err);
/* The roots of all work trees of the clone; one that is gone is an error. */
CHECKED int git_work_trees(struct git *git, struct strs *out,
    struct mldv_error *err);
bool git_is_shallow(struct git *git);

/*
 * The directories of the repositories that this clone fetches from. MLDV_NO,
 * with the reason, if there are none, if one is not a directory here, or if
 * this clone has or asks for less than all of one.
 */
CHECKED int git_servers(struct git *git, struct strs *out,
    struct mldv_error *err);
/* Searches every commit that the refs of a repository reach. */
CHECKED int git_search_server(const char *dir, const struct git_search *search,
    struct mldv_error *err);

/*
 * Adds the ids of commits from which every commit of a kind can be reached,
 * sorted: what refs and HEAD reach, what reflogs and the like name besides, or
 * every commit that Git has not thrown away yet.
 */
enum git_reach { REACH_REFS, REACH_NOTED, REACH_ALL };
CHECKED int git_tips(struct git *git, enum git_reach reach, struct strs *out,
    struct mldv_error *err);
/* What a commit says of itself; texts are in the arena. */
struct git_about {
	const char *commit; /* its full id */
	int64_t time;       /* seconds since 1970, of the committer */
	const char *who;    /* the author's name */
	const char *subject;
};
CHECKED int git_about(struct git *git, const char *commit, struct arena *arena,
    struct git_about *out, struct mldv_error *err);
/*
 * The short name of a branch or tag that reaches the commit, of the current
 * branch if it does: 1, or 0 if there is none.
 */
CHECKED int git_holder(struct git *git, const char *commit, struct buf *out,
    struct mldv_error *err);

/* --- The files of one commit --- */

struct git_view;
/* MLDV_NOT_FOUND if there is no such revision. */
CHECKED int git_view_open(struct git_view **out, struct git *git,
    const char *revision, struct mldv_error *err);
void git_view_close(struct git_view *view);
/* 40 hexadecimal digits. */
const char *git_view_commit(const struct git_view *view);
/*
 * What the commit has at path: 1, or 0 for nothing. A submodule, of which it
 * has only the name, is an error.
 */
CHECKED int git_view_kind(const struct git_view *view, const char *path,
    enum kind *out, struct mldv_error *err);
/* What a file or link there is; 0 if there is none. */
CHECKED int git_view_hash(const struct git_view *view, const char *path,
    struct hasher *hasher, struct content *out, struct mldv_error *err);
/* How many bytes a file there has; 0 if there is none. */
CHECKED int git_view_size(const struct git_view *view, const char *path,
    uint64_t *out, struct mldv_error *err);
CHECKED int git_view_read(const struct git_view *view, const char *path,
    size_t limit, struct buf *out, struct mldv_error *err);
/* Visits the files and links in and below a directory ("": all). */
CHECKED int git_view_each(const struct git_view *view, const char *dir,
    int (*visit)(void *context, const char *path, enum kind kind,
        struct mldv_error *err),
    void *context, struct mldv_error *err);

/* --- The work tree for another machine --- */

/*
 * A commit of what Git tracks and how it lies in the work tree, but for the
 * file without, which stays as HEAD has it: HEAD itself if nothing is changed,
 * else a commit on top of it that no ref names. base gets HEAD's id, out that
 * one's. Of the same work tree always the same one. MLDV_NO, with the way out,
 * if HEAD or its history is not here.
 */
CHECKED int git_snapshot(struct git *git, const char *without, struct buf *base,
    struct buf *out, struct mldv_error *err);
/* Writes a commit with all its history as a bundle. */
CHECKED int git_bundle_write(struct git *git, const char *commit, int fd,
    struct mldv_error *err);
/*
 * Makes a repository out of such a bundle, whose files are the commit's. HEAD
 * and the index are the commit base, on the branch.
 */
struct git_unbundle {
	const char *file; /* for messages */
	const char *dir;  /* is made */
	const char *base;
	const char *branch;
};
CHECKED int git_bundle_open(const struct git_unbundle *what, int fd,
    struct mldv_error *err);

/* --- Hooks --- */

/* Where Git looks for hooks: core.hooksPath, or .git/hooks; appended. */
CHECKED int git_hooks_dir(struct git *git, struct buf *out,
    struct mldv_error *err);
/* 1 if Git's setting is value (NULL: is not set), else 0. */
CHECKED int git_config_is(struct git *git, const char *name, const char *value,
    struct mldv_error *err);
/* Sets a setting of this clone; NULL takes it away, if it is there. */
CHECKED int git_config_put(struct git *git, const char *name, const char *value,
    struct mldv_error *err);

/* --- What a push would publish --- */

/*
 * The files that commits bring: those reachable from tips, but not from bases,
 * where commits that are not here are passed over. Both are full ids.
 */
struct git_range {
	const struct strs *tips;
	const struct strs *bases;
	/* dir is "" or ends with a slash. */
	bool (*wanted)(const char *dir, const char *name);
	int (*visit)(void *context, const char *commit, const char *path,
	    struct mldv_error *err);
	void *context;
};
/*
 * Visits every file of a commit that none of its parents has with the same
 * bytes, parents before children.
 */
CHECKED int git_changes(struct git *git, const struct git_range *range,
    struct mldv_error *err);
/*
 * The same, tips and bases aside, for the files in which a commit differs from
 * another (NULL: it has none).
 */
CHECKED int git_differences(struct git *git, const char *from, const char *to,
    const struct git_range *range, struct mldv_error *err);
/*
 * Adds the commits that Git last saw on the branches of a remote, given by
 * what a push gives to its hook: name and URL; the same twice if the URL was
 * all that was given, and then every remote with that URL counts.
 */
CHECKED int git_tracked(struct git *git, const char *name, const char *url,
    struct strs *out, struct mldv_error *err);

/* "1.5.1": of the libgit2 that runs; appended. */
void git_library(struct buf *out);

#endif
