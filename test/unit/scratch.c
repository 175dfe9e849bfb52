/* SPDX-License-Identifier: Apache-2.0 */
#include "scratch.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"

enum { NOBODY = 65534 };

struct scratch {
	int before; /* the working directory */
	char path[64];
};

int scratch_enter(void **state)
{
	struct scratch *scratch = xcalloc(1, sizeof *scratch);

	scratch->before = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	memcpy(scratch->path, "/tmp/mldv-unit.XXXXXX",
	    sizeof "/tmp/mldv-unit.XXXXXX");
	if (scratch->before < 0 || !mkdtemp(scratch->path) ||
	    chdir(scratch->path) < 0)
		return -1;
	*state = scratch;
	return 0;
}

int scratch_leave(void **state)
{
	struct scratch *scratch = *state;
	struct mldv_error err;
	int ret;

	if (geteuid() != getuid() &&
	    (seteuid(getuid()) < 0 || prctl(PR_SET_DUMPABLE, 1UL) < 0))
		return -1;
	ret = fchdir(scratch->before);
	(void)close(scratch->before);
	if (ret == 0)
		ret = file_remove_tree(scratch->path, &err);
	free(scratch);
	return ret;
}

void scratch_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	size_t len = strlen(text);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, len), len);
	assert_int_equal(close(fd), 0);
}

void scratch_expect(const char *path, const char *text)
{
	struct mldv_error err;
	struct buf buf = {0};

	assert_int_equal(file_read(path, 1 << 20, &buf, &err), 0);
	assert_string_equal(buf_str(&buf), text);
	assert_int_equal(buf.len, strlen(text));
	buf_release(&buf);
}

void scratch_drop_privileges(void)
{
	if (geteuid() != 0)
		return;
	assert_int_equal(chown(".", NOBODY, (gid_t)-1), 0);
	assert_int_equal(seteuid(NOBODY), 0);
	/* Else /proc/self would no longer be ours. */
	assert_int_equal(prctl(PR_SET_DUMPABLE, 1UL), 0);
}
