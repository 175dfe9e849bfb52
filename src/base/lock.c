/* SPDX-License-Identifier: Apache-2.0 */
#include "base/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"
#include "base/utf8.h"

/*
 * The text of a lock file is one line: process, host, command, and when the
 * lock was taken. It may be stale or torn, and is believed for nothing.
 *
 * It has spaces at its end and is never cut to nothing: what is cut and
 * written again ext4 brings to the disk when it is closed, lest that be the
 * only copy of something, and that takes longer than many a stage.
 */
enum {
	TEXT_LIMIT = 1024,
	TEXT_LENGTH = 128,
	WAIT_FIRST_MS = 5,
	WAIT_MS = 100,
};

/* The file, readable only where it may not be written and need not be. */
static int open_file(const char *path, enum lock_mode mode,
    struct mldv_error *err)
{
	const int flags = O_RDWR | O_CREAT | O_CLOEXEC;
	int fd = open(path, flags, 0666);

	if (fd < 0 && errno == ENOENT) {
		if (file_make_parents(path, err) < 0)
			return -1;
		fd = open(path, flags, 0666);
	}
	if (fd < 0 && mode == LOCK_SHARED &&
	    (errno == EROFS || errno == EACCES || errno == EPERM)) {
		int error = errno;

		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			errno = error;
	}
	if (fd < 0)
		return err_errno(err, "cannot open lock '%s'", path);
	return fd;
}

/* 1 if it was taken, 0 if somebody is in the way. */
static int try_lock(int fd, const char *path, enum lock_mode mode,
    struct mldv_error *err)
{
	struct flock range = {
	    .l_type = mode == LOCK_SHARED ? F_RDLCK : F_WRLCK,
	    .l_whence = SEEK_SET,
	};

	while (fcntl(fd, F_OFD_SETLK, &range) < 0) {
		if (errno == EAGAIN || errno == EACCES)
			return 0;
		if (errno == EINTR)
			continue;
		if (errno == ENOLCK || errno == EINVAL || errno == EOPNOTSUPP)
			return err_errno(err,
			    "cannot lock '%s': its file system has no locks",
			    path);
		return err_errno(err, "cannot lock '%s'", path);
	}
	return 1;
}

/*
 * The program's name and, if it is a plain word, its first argument. What
 * follows may be anything, secrets too, and is nobody's business.
 */
static void add_command(struct buf *out)
{
	const char *name = program_invocation_short_name;
	struct mldv_error ignored;
	struct buf line = {0};
	struct slice rest;
	struct slice first;
	size_t i = 0;

	buf_add_str(out, name[0] ? name : "mldv");
	if (file_read("/proc/self/cmdline", 1 << 20, &line, &ignored) == 0) {
		rest = (struct slice){buf_str(&line), line.len};
		(void)slice_cut(&rest, '\0', &first);
		(void)slice_cut(&rest, '\0', &first);
		while (i < first.len && first.data[i] >= 'a' &&
		    first.data[i] <= 'z')
			i++;
		if (i > 0 && i == first.len && i < 32) {
			buf_add_char(out, ' ');
			buf_add(out, first.data, first.len);
		}
	}
	buf_release(&line);
}

static void host_name(char *out, size_t size)
{
	if (gethostname(out, size) < 0 || !out[0])
		memcpy(out, "localhost", sizeof "localhost");
	out[size - 1] = '\0';
	for (; *out; out++) {
		if (*out == ' ' || *out == '\n')
			*out = '-';
	}
}

static void write_holder(int fd)
{
	struct buf text = {0};
	time_t now = time(NULL);
	char stamp[32] = "?";
	char host[256];
	struct tm utc;

	host_name(host, sizeof host);
	if (gmtime_r(&now, &utc))
		(void)strftime(stamp, sizeof stamp, "%FT%TZ", &utc);
	buf_printf(&text, "%ld %s ", (long)getpid(), host);
	add_command(&text);
	buf_printf(&text, " %s", stamp);
	while (text.len < TEXT_LENGTH - 1)
		buf_add_char(&text, ' ');
	buf_add_char(&text, '\n');
	/* It is for a message only: that it fails harms nobody. */
	if (pwrite(fd, text.data, text.len, 0) < 0 ||
	    ftruncate(fd, (off_t)text.len) < 0)
		errno = 0;
	buf_release(&text);
}

/* Takes our name off, as no process has that number. */
static void clear_holder(int fd)
{
	if (pwrite(fd, "-", 1, 0) < 0)
		errno = 0;
}

struct holder {
	pid_t pid;
	struct slice host;
	struct slice command;
};

static bool parse_holder(struct slice text, struct holder *holder)
{
	struct slice pid;
	uint64_t number;
	size_t len;

	text = slice_trim(text);
	if (!slice_cut(&text, ' ', &pid) ||
	    !slice_cut(&text, ' ', &holder->host) ||
	    !slice_number(pid, &number) || number == 0 || number > 1 << 30)
		return false;
	len = text.len;
	while (len > 0 && text.data[len - 1] != ' ')
		len--;
	if (len < 2)
		return false;
	holder->pid = (pid_t)number;
	holder->command = (struct slice){text.data, len - 1};
	return true;
}

/* Appends who holds the lock: "mldv push (pid 4711 on host a)". */
static void add_holder(int fd, struct buf *out)
{
	char text[TEXT_LIMIT];
	struct holder holder;
	char host[256];
	ssize_t n = pread(fd, text, sizeof text, 0);

	host_name(host, sizeof host);
	if (n <= 0 || !parse_holder((struct slice){text, (size_t)n}, &holder) ||
	    (slice_is(holder.host, host) && kill(holder.pid, 0) < 0 &&
	        errno == ESRCH)) {
		buf_add_str(out, "another process");
		return;
	}
	utf8_show(holder.command.data, holder.command.len, out);
	buf_printf(out, " (pid %ld on host ", (long)holder.pid);
	utf8_show(holder.host.data, holder.host.len, out);
	buf_add_char(out, ')');
}

/* Of several who share it the first is named while it lives. */
static bool has_holder(int fd)
{
	char text[TEXT_LIMIT];
	struct holder holder;
	ssize_t n = pread(fd, text, sizeof text, 0);

	return n > 0 &&
	    parse_holder((struct slice){text, (size_t)n}, &holder) &&
	    (kill(holder.pid, 0) == 0 || errno != ESRCH);
}

static void sleep_ms(unsigned ms)
{
	const struct timespec time = {.tv_nsec = (long)ms * 1000000};

	/* An interruption is a reason to look again at once. */
	(void)nanosleep(&time, NULL);
}

/* Why not to wait any longer for a lock that somebody else holds. */
static int may_wait(int fd, const char *path,
    const struct lock_options *options, bool *told, struct mldv_error *err)
{
	struct buf holder = {0};
	int ret = 0;

	if (options->cancelled && options->cancelled(options->context))
		return err_set(err, MLDV_INTERRUPTED,
		    "interrupted while waiting for '%s'", path);
	if (options->no_wait) {
		add_holder(fd, &holder);
		ret = err_set(err, MLDV_BUSY,
		    "'%s' is in use by %s; wait, or stop it", path,
		    buf_str(&holder));
	} else if (!*told && options->waiting) {
		add_holder(fd, &holder);
		options->waiting(options->context, buf_str(&holder));
	}
	*told = true;
	buf_release(&holder);
	return ret;
}

static void set_held(struct lock *lock, int fd, const char *path,
    enum lock_mode mode)
{
	if (mode == LOCK_EXCLUSIVE || !has_holder(fd))
		write_holder(fd);
	lock->fd = fd;
	lock->path = xmalloc(strlen(path) + 1);
	memcpy(lock->path, path, strlen(path) + 1);
}

int lock_try(struct lock *lock, const char *path, enum lock_mode mode,
    struct buf *holder, struct mldv_error *err)
{
	int fd = open_file(path, mode, err);
	int taken = fd < 0 ? -1 : try_lock(fd, path, mode, err);

	if (taken > 0) {
		set_held(lock, fd, path, mode);
		return 1;
	}
	if (taken == 0 && holder)
		add_holder(fd, holder);
	if (fd >= 0)
		(void)close(fd);
	return taken;
}

bool lock_is_held(const char *path)
{
	struct flock range = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool held;

	if (fd < 0)
		return false;
	held = fcntl(fd, F_OFD_GETLK, &range) == 0 && range.l_type != F_UNLCK;
	(void)close(fd);
	return held;
}

int lock_take(struct lock *lock, const char *path, enum lock_mode mode,
    const struct lock_options *options, struct mldv_error *err)
{
	const struct lock_options none = {0};
	unsigned ms = WAIT_FIRST_MS;
	bool told = false;
	int fd = open_file(path, mode, err);
	int taken;

	if (fd < 0)
		return -1;
	for (;;) {
		taken = try_lock(fd, path, mode, err);
		if (taken != 0)
			break;
		taken =
		    may_wait(fd, path, options ? options : &none, &told, err);
		if (taken < 0)
			break;
		sleep_ms(ms);
		ms = ms * 2 < WAIT_MS ? ms * 2 : WAIT_MS;
	}
	if (taken < 0) {
		(void)close(fd);
		return -1;
	}
	set_held(lock, fd, path, mode);
	return 0;
}

void lock_downgrade(struct lock *lock)
{
	struct flock range = {.l_type = F_RDLCK, .l_whence = SEEK_SET};

	if (!lock->path)
		return;
	/* Where it fails the lock stays exclusive: slower, as safe. */
	while (fcntl(lock->fd, F_OFD_SETLK, &range) < 0 && errno == EINTR)
		continue;
}

void lock_release(struct lock *lock)
{
	char text[TEXT_LIMIT];
	struct holder holder;
	ssize_t n;

	if (!lock->path)
		return;
	/* Our name is taken off, but not that of one who shares the lock. */
	n = pread(lock->fd, text, sizeof text, 0);
	if (n > 0 && parse_holder((struct slice){text, (size_t)n}, &holder) &&
	    holder.pid == getpid())
		clear_holder(lock->fd);
	(void)close(lock->fd);
	free(lock->path);
	*lock = (struct lock){0};
}
