/* SPDX-License-Identifier: Apache-2.0 */
#include "store/link.h"

#include <errno.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/file.h"

#define PIECE 262144u

int link_reflink(int from, int to, const char *name, struct mldv_error *err)
{
	if (ioctl(to, FICLONE, from) == 0)
		return 1;
	if (errno == EIO || errno == ENOSPC || errno == EDQUOT)
		return err_errno(err, "cannot copy '%s'", name);
	return 0;
}

static int ends_early(const char *name, struct mldv_error *err)
{
	return err_set(err, MLDV_FAILED,
	    "'%s' became shorter while it was read", name);
}

/* Where the kernel has no way of its own: other file systems, pipes. */
static int copy_by_hand(int from, int to, uint64_t offset, uint64_t size,
    const char *name, struct mldv_error *err)
{
	struct buf piece = {0};
	char *data = buf_room(&piece, PIECE);
	int ret = 0;

	while (ret == 0 && size > 0) {
		size_t want = size < PIECE ? (size_t)size : PIECE;
		ssize_t got = pread(from, data, want, (off_t)offset);
		ssize_t put;

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			ret = got < 0 ? err_errno(err, "cannot read '%s'", name)
			              : ends_early(name, err);
			break;
		}
		put = pwrite(to, data, (size_t)got, (off_t)offset);
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			ret =
			    err_errno(err, "cannot write a copy of '%s'", name);
		else {
			offset += (uint64_t)put;
			size -= (uint64_t)put;
		}
	}
	buf_release(&piece);
	return ret;
}

int link_copy_range(int from, int to, uint64_t offset, uint64_t size,
    const char *name, struct mldv_error *err)
{
	off64_t in = (off64_t)offset, out = (off64_t)offset;

	while (size > 0) {
		ssize_t got =
		    copy_file_range(from, &in, to, &out, (size_t)size, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 &&
		    (errno == EXDEV || errno == EINVAL || errno == ENOSYS ||
		        errno == EOPNOTSUPP || errno == EBADF ||
		        errno == EPERM || errno == ETXTBSY))
			return copy_by_hand(from, to, (uint64_t)in, size, name,
			    err);
		if (got < 0)
			return err_errno(err, "cannot copy '%s'", name);
		/* Some file systems answer 0 where they cannot copy. */
		if (got == 0)
			return copy_by_hand(from, to, (uint64_t)in, size, name,
			    err);
		size -= (uint64_t)got;
	}
	return 0;
}

int link_copy(int from, int to, uint64_t size, const char *name,
    struct mldv_error *err)
{
	int ret = link_reflink(from, to, name, err);

	if (ret != 0)
		return ret < 0 ? -1 : 0;
	return link_copy_range(from, to, 0, size, name, err);
}
