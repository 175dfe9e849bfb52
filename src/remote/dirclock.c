/* SPDX-License-Identifier: Apache-2.0 */
#include "remote/dirclock.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"

/* statfs(2): not in every linux/magic.h. */
#define XFS_MAGIC 0x58465342
#define ZFS_MAGIC 0x2fc12fc1

/* Is it this kernel that stamps the files there, as soon as they are made? */
static bool stamps_at_once(int fd)
{
	static const unsigned long local[] = {
	    EXT4_SUPER_MAGIC, /* and ext2, ext3 */
	    BTRFS_SUPER_MAGIC,
	    F2FS_SUPER_MAGIC,
	    TMPFS_MAGIC,
	    XFS_MAGIC,
	    ZFS_MAGIC,
	};
	struct statfs fs;

	if (fstatfs(fd, &fs) < 0)
		return false;
	for (size_t i = 0; i < sizeof(local) / sizeof(local[0]); i++) {
		if (((unsigned long)fs.f_type & 0xffffffff) == local[i])
			return true;
	}
	return false;
}

/* A file without a name, of which nothing comes to the disk. */
static bool read_unnamed(const char *dir, struct stat *out)
{
	int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	bool done;

	if (fd < 0)
		return false;
	done = stamps_at_once(fd) && fstat(fd, out) == 0;
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
