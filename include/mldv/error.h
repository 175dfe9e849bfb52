/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MLDV_ERROR_H
#define MLDV_ERROR_H

/*
 * What went wrong, in one sentence for a person and one code for a program.
 *
 * The code says what a caller may do about it; main.c turns it into the exit
 * status. The text is complete: what was tried, on what, why, the way out.
 */

#define MLDV_CHECKED __attribute__((warn_unused_result))

enum mldv_code {
	MLDV_FAILED = 1,  /* the system or a peer refused; exit 1 */
	MLDV_NOT_FOUND,   /* a file or name is not there; exit 1 */
	MLDV_EXISTS,      /* a file or name is there already; exit 1 */
	MLDV_USAGE,       /* wrong arguments or a wrong mldv.ini; exit 2 */
	MLDV_NO,          /* asked, and the answer is no; exit 3 */
	MLDV_CORRUPT,     /* bytes are not what they should be; exit 4 */
	MLDV_MISSING,     /* data is neither here nor on a remote; exit 5 */
	MLDV_BUSY,        /* somebody holds the lock; exit 6 */
	MLDV_INTERRUPTED, /* SIGINT; exit 130 */
	MLDV_TERMINATED,  /* SIGTERM; exit 143 */
	/* Added to the exit status of a command that was all one asked for. */
	MLDV_ENDED = 256,
};

struct mldv_error {
	enum mldv_code code;
	char text[8192]; /* one line, without a final full stop */
};

#endif
