/* SPDX-License-Identifier: Apache-2.0 */
#include "remote/dirclock.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"

/* A file without a name, of which nothing comes to the disk. */
static bool read_unnamed(const char *dir, struct stat *out)
{
	int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	bool done;

	if (fd < 0)
		return false;
	done = file_is_local(fd) && fstat(fd, out) == 0;
	(void)close(fd);
	return done;
}

/* Some network file systems give a stamp only to what was written. */
static int read_written(const char *dir, struct stat *out,
    struct mldv_error *err)
{
	struct tempfile temp = {0};
	int ret = 0;

	if (tempfile_open(&temp, dir, 0600, err) < 0)
		return -1;
	if (file_write(temp.fd, dir, "\n", 1, err) < 0)
		ret = -1;
	else if (fsync(temp.fd) < 0 || fstat(temp.fd, out) < 0)
		ret = err_errno(err, "cannot look at '%s'", temp.path);
	tempfile_release(&temp);
	return ret;
}

static int64_t monotonic(void)
{
	struct timespec now = {0};

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

/* Asks the file system what time it is. */
static int ask(struct dirclock *clock, const char *dir, struct mldv_error *err)
{
	struct stat st;

	if (!read_unnamed(dir, &st) && read_written(dir, &st, err) < 0)
		return -1;
	clock->now = st.st_mtim.tv_sec;
	clock->then = monotonic();
	clock->known = true;
	return 0;
}

int dirclock_age(struct dirclock *clock, const char *dir, int64_t time,
    uint64_t *out, struct mldv_error *err)
{
	int64_t age;

	if (!clock->known && ask(clock, dir, err) < 0)
		return -1;
	age = clock->now + (monotonic() - clock->then) - time;
	*out = age > 0 ? (uint64_t)age : 0;
	return 0;
}
