/* SPDX-License-Identifier: Apache-2.0 */
#include "remote/dirlock.h"

#include <errno.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

enum { WAIT_MS = 50 };

static bool has_no_locks(int error)
{
	return error == ENOLCK || error == EINVAL || error == EOPNOTSUPP;
}

/* 0, or -1 with errno 0 if the error is set. */
static int take(const struct dirlock *how, int fd, struct mldv_error *err)
{
	const struct timespec wait = {.tv_nsec = WAIT_MS * 1000000L};
	const bool no_wait = how->alone && how->alone->no_wait;
	struct flock range = {
	    .l_type = how->alone ? F_WRLCK : F_RDLCK,
	    .l_whence = SEEK_SET,
	};

	while (fcntl(fd, F_OFD_SETLK, &range) < 0) {
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN && errno != EACCES)
			return -1;
		if (no_wait)
			(void)err_set(err, MLDV_BUSY,
			    "somebody is at work on remote '%s'", how->remote);
		if (no_wait || ops_stopped(how->events, err) < 0) {
			errno = 0;
			return -1;
		}
		(void)nanosleep(&wait, NULL);
	}
	return 0;
}

int dirlock_take(const struct dirlock *how, struct mldv_error *err)
{
	int fd = open(how->path, (how->alone ? O_RDWR : O_RDONLY) | O_CLOEXEC);

	if (fd < 0)
		return err_errno(err, "cannot open '%s'", how->path);
	if (take(how, fd, err) == 0 || (!how->alone && has_no_locks(errno)))
		return fd;
	if (how->alone && has_no_locks(errno))
		(void)err_set(err, MLDV_FAILED,
		    "cannot lock '%s': its file system has no locks, so that "
		    "nothing can be deleted there safely",
		    how->path);
	else if (errno != 0)
		(void)err_errno(err, "cannot lock '%s'", how->path);
	(void)close(fd);
	return -1;
}
