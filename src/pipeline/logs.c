/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/logs.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/path.h"
#include "mldv/pipeline.h"
#include "pipeline/journal.h"
#include "pipeline/stagedir.h"

enum { PIECE = 64 * 1024, FOLLOW_MS = 100 };

/* The time stands first, so bytewise order is that of time. */
static bool is_log(const char *name)
{
	size_t len = strlen(name);

	return len > 4 && strcmp(name + len - 4, ".log") == 0;
}

int logs_list(const struct mldv_project *project, const char *stage,
    struct strs *out, struct mldv_error *err)
{
	struct arena arena = {0};
	struct strs names = {0};
	const char *dir = stage_dir(project, &arena, "logs", stage);
	int ret = file_exists(dir, err);

	if (ret > 0)
		ret = file_list(dir, &names, err);
	for (size_t i = 0; ret == 0 && i < names.count; i++) {
		if (is_log(names.items[i]))
			strs_add(out, path_join(&arena, dir, names.items[i]));
	}
	strs_release(&names);
	arena_release(&arena);
	return ret;
}

/* Deletes the oldest; that it cannot harms nobody. */
static void thin_out(struct mldv_project *project, const char *stage)
{
	struct mldv_error ignored;
	struct strs paths = {0};

	if (logs_list(project, stage, &paths, &ignored) < 0)
		paths.count = 0;
	for (size_t i = 0; i + LOGS_KEPT <= paths.count; i++) {
		if (file_remove(paths.items[i], &ignored) < 0)
			break;
	}
	strs_release(&paths);
}

/* "20261120T140207.042Z" */
static void stamp_now(char out[32])
{
	struct timespec now = {0};
	char second[17] = "0";
	struct tm utc;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	if (gmtime_r(&now.tv_sec, &utc))
		(void)strftime(second, sizeof second, "%Y%m%dT%H%M%S", &utc);
	(void)snprintf(out, 32, "%s.%03uZ", second,
	    (unsigned)(now.tv_nsec / 1000000) % 1000);
}

int logs_create(struct mldv_project *project, struct arena *arena,
    const char *stage, const struct oid *key, const char **path,
    struct mldv_error *err)
{
	const char *dir = stage_dir(project, arena, "logs", stage);
	char hex[OID_HEX + 1];
	char stamp[32];
	struct mldv_error cause;
	int fd;

	oid_hex(key, hex);
	thin_out(project, stage);
	for (;;) {
		stamp_now(stamp);
		*path = arena_printf(arena, "%s/%s-%.8s.log", dir, stamp, hex);
		fd = file_create(*path, &cause);
		if (fd >= 0)
			return fd;
		if (cause.code == MLDV_NOT_FOUND) {
			if (file_make_dirs_cache(dir, err) < 0)
				return -1;
		} else if (cause.code != MLDV_EXISTS) {
			*err = cause;
			return -1;
		}
	}
}

/* --- for whoever asks --- */

int mldv_logs(struct mldv_project *project, const char *stage,
    void (*visit)(void *context, const struct mldv_log *log), void *context,
    struct mldv_error *err)
{
	struct strs paths = {0};
	struct arena arena = {0};
	const char *lock = journal_lock_path(project, &arena, stage);
	int ret = logs_list(project, stage, &paths, err);

	for (size_t i = 0; ret == 0 && i < paths.count; i++) {
		struct mldv_log log = {.path = paths.items[i]};
		struct stat st;

		log.running = i + 1 == paths.count && lock_is_held(lock);
		/* It may have been thinned out just now. */
		if (stat(log.path, &st) < 0)
			continue;
		log.size = (uint64_t)st.st_size;
		log.ended = st.st_mtime;
		visit(context, &log);
	}
	strs_release(&paths);
	arena_release(&arena);
	return ret;
}

static void pause_briefly(void)
{
	const struct timespec time = {.tv_nsec = FOLLOW_MS * 1000000L};

	(void)nanosleep(&time, NULL);
}

CHECKED static int copy(int fd, const char *path,
    void (*sink)(void *context, const char *data, size_t size), void *context,
    struct mldv_error *err)
{
	char *piece = xmalloc(PIECE);
	ssize_t n;

	while ((n = read(fd, piece, PIECE)) > 0)
		sink(context, piece, (size_t)n);
	free(piece);
	return n < 0 ? err_errno(err, "cannot read '%s'", path) : 0;
}

int mldv_log_show(struct mldv_project *project, const char *stage, bool follow,
    void (*sink)(void *context, const char *data, size_t size), void *context,
    struct mldv_error *err)
{
	struct strs paths = {0};
	struct arena arena = {0};
	const char *lock = journal_lock_path(project, &arena, stage);
	const char *path = NULL;
	int fd = -1;
	int ret = logs_list(project, stage, &paths, err);
	bool running = true;

	if (ret == 0 && paths.count == 0)
		ret = err_set(err, MLDV_NOT_FOUND,
		    "there is no log of a stage '%s' in this clone", stage);
	if (ret == 0) {
		path = paths.items[paths.count - 1];
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			ret = err_errno(err, "cannot read '%s'", path);
	}
	/* What was written before the lock went is read after that. */
	while (ret == 0 && running) {
		running = follow && lock_is_held(lock);
		ret = copy(fd, path, sink, context, err);
		if (ret == 0)
			ret = project_check(project, err);
		if (ret == 0 && running)
			pause_briefly();
	}
	if (fd >= 0)
		(void)close(fd);
	strs_release(&paths);
	arena_release(&arena);
	return ret;
}
