/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GIT_INTERNAL_H
#define GIT_INTERNAL_H

/*
 * What the files of this floor share.
 */

#include <git2.h>

#include "base/lock.h"
#include "git/git.h"

/* A .gitignore or a file staged by lines is never larger. */
#define GIT_TEXT_LIMIT ((size_t)16 << 20)

struct git {
	git_repository *repo;
	char *root;
	char *common;
	char *dir;    /* of this work tree: .git, or .git/worktrees/name */
	char *prefix; /* where the user is, relative to the root */
};

/*
 * Sets the error of a libgit2 function: the message, a colon, and the
 * library's own text.
 */
int git_fail(struct mldv_error *err, int code, const char *fmt, ...)
    PRINTF(3, 4);
#if defined(__clang_analyzer__) && !defined(GIT_REPO_C)
/* NOLINTNEXTLINE(readability-identifier-naming) */
#define git_fail(...) (git_fail(__VA_ARGS__), -1)
#endif

/* A path without its final slashes; to be freed. */
char *git_without_slash(const char *path);
/* Starts the library: to be called once for each git_close. */
void git_start(void);
/* Reads whom to trust over HTTPS, which git_start left out: libgit2's code. */
int git_trust_authorities(void);

/* The index as it is on disk now; to be freed. */
CHECKED int git_load_index(struct git *git, git_index **out,
    struct mldv_error *err);

/* The path in the file system; appended. */
void git_full_path(const struct git *git, const char *path, struct buf *out);

/* Appends the bytes of a blob of at most limit. name is for the message. */
CHECKED int git_read_blob(struct git *git, const git_oid *id, const char *name,
    size_t limit, struct buf *out, struct mldv_error *err);

/* How many bytes a blob has. */
CHECKED int git_blob_size(struct git *git, const git_oid *id, const char *name,
    uint64_t *out, struct mldv_error *err);

/*
 * Changes the lines of a text: those of removed are taken out, those of added
 * that it lacks are appended. 1 if the text was changed, else 0.
 */
int git_edit_lines(const char *text, size_t len, const struct strs *added,
    const struct strs *removed, struct buf *out);

/* Object ids, each once, sorted, that were found in Git's own notes. */
struct git_ids {
	git_oid *list;
	size_t count;
	size_t capacity;
};
/*
 * The ids in reflogs, pseudo-refs and the like of all work trees; some may
 * name nothing any more.
 */
CHECKED int git_noted_ids(struct git *git, struct git_ids *out,
    struct mldv_error *err);
void git_ids_release(struct git_ids *ids);

/* --- gitlock.c --- */

/*
 * NAME.lock beside a file of Git, as git takes it. A kernel lock of our own,
 * one for all of them, comes first: whoever holds it and finds a NAME.lock
 * with our mark in it knows that its maker is dead.
 */
struct git_lock {
	struct lock ours;
	const char *path; /* of NAME.lock */
	struct arena arena;
};
/* 1: taken; 0: another program had it, and did so for a second. */
CHECKED int git_lock_take(struct git_lock *out, const struct git *git,
    const char *dir, const char *name, struct mldv_error *err);
/* After 1, and then in any case. */
CHECKED int git_lock_release(struct git_lock *lock, struct mldv_error *err);

#endif
