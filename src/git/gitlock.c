/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/path.h"
#include "git/internal.h"

#define MARK      "mldv\n"
#define LOCK_NAME "mldv/locks/index"

/*
 * 1: the .lock is made, 0: somebody has it. It appears with our mark in it,
 * so that at no moment a death leaves one that nobody dares to remove.
 */
static int try_lock(const char *path, const char *dir, struct mldv_error *err)
{
	struct tempfile temp = {0};
	int ret = -1;

	if (tempfile_open(&temp, dir, 0666, err) == 0 &&
	    file_write(temp.fd, path, MARK, strlen(MARK), err) == 0)
		ret = tempfile_commit_new(&temp, path, err);
	tempfile_release(&temp);
	return ret;
}

/* Is it a .lock that one of us has made? */
static bool is_our_lock(const char *path)
{
	struct mldv_error ignored;
	struct buf text = {0};
	bool ours = file_read(path, strlen(MARK), &text, &ignored) == 0 &&
	    strcmp(buf_str(&text), MARK) == 0;

	buf_release(&text);
	return ours;
}

/* Removes a .lock that one of us left who was killed. */
static void remove_dead_lock(const char *path)
{
	if (is_our_lock(path))
		(void)unlink(path);
}

/* 1: made, 0: somebody has it, and did so for a second. */
static int wait_and_make(const char *dir, const char *path,
    struct mldv_error *err)
{
	const struct timespec pause = {.tv_nsec = 20000000};
	int ret = file_sweep(dir, err);

	remove_dead_lock(path);
	for (int tries = 0; ret == 0 && tries < 50; tries++) {
		ret = try_lock(path, dir, err);
		if (ret == 0)
			(void)nanosleep(&pause, NULL);
	}
	return ret;
}

int git_lock_take(struct git_lock *out, const struct git *git, const char *dir,
    const char *name, struct mldv_error *err)
{
	struct arena *arena = &out->arena;
	int ret = -1;

	*out = (struct git_lock){0};
	out->path = arena_printf(arena, "%s/%s.lock", dir, name);
	if (lock_take(&out->ours, path_join(arena, git->common, LOCK_NAME),
	        LOCK_EXCLUSIVE, NULL, err) == 0)
		ret = wait_and_make(dir, out->path, err);
	if (ret <= 0) {
		lock_release(&out->ours);
		arena_release(arena);
	}
	return ret;
}

int git_lock_release(struct git_lock *lock, struct mldv_error *err)
{
	/* With it there, Git would refuse all that comes. */
	int ret = file_remove(lock->path, err);

	lock_release(&lock->ours);
	arena_release(&lock->arena);
	return ret;
}

static void sweep(const struct git *git, const char *path)
{
	const struct lock_options options = {.no_wait = true};
	struct arena arena = {0};
	struct mldv_error ignored;
	struct lock lock = {0};

	/* Whoever has it is alive, or removes what a dead one left. */
	if (is_our_lock(path) &&
	    lock_take(&lock, path_join(&arena, git->common, LOCK_NAME),
	        LOCK_EXCLUSIVE, &options, &ignored) == 0)
		remove_dead_lock(path);
	lock_release(&lock);
	arena_release(&arena);
}

void git_sweep(struct git *git)
{
	struct arena arena = {0};

	sweep(git, path_join(&arena, git->dir, "index.lock"));
	sweep(git, path_join(&arena, git->common, "config.lock"));
	arena_release(&arena);
}
