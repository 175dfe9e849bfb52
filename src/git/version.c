/* SPDX-License-Identifier: Apache-2.0 */
#include "git/internal.h"

void git_library(struct buf *out)
{
	int major = 0;
	int minor = 0;
	int revision = 0;

	/* Of no use in 1.0, always 0 later. */
	(void)git_libgit2_version(&major, &minor, &revision);
	buf_printf(out, "%d.%d.%d", major, minor, revision);
}
