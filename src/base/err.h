/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

/*
 * How functions fail.
 *
 * A function that can fail takes a struct mldv_error as its last parameter,
 * is marked CHECKED, and returns 0, or -1 with the error filled in. A
 * function without one cannot fail. The functions below return -1, so that a
 * failing function can end in one line. An error is untouched on success.
 */

#include "mldv/error.h"

#define CHECKED         MLDV_CHECKED
#define PRINTF(fmt, va) __attribute__((format(printf, fmt, va)))

/* Sets the error. */
int err_set(struct mldv_error *err, enum mldv_code code, const char *fmt, ...)
    PRINTF(3, 4);

/*
 * Sets a system error: the message, a colon, and what errno says. The code is
 * MLDV_NOT_FOUND for ENOENT and ENOTDIR, MLDV_EXISTS for EEXIST, else
 * MLDV_FAILED.
 */
int err_errno(struct mldv_error *err, const char *fmt, ...) PRINTF(2, 3);

/* Puts what the caller knows, and ": ", in front of what the callee said. */
int err_prefix(struct mldv_error *err, const char *fmt, ...) PRINTF(2, 3);

/* The analyzer sees one file at a time, and has to be told what they return. */
#if defined(__clang_analyzer__) && !defined(ERR_C)
#define err_set(...)    (err_set(__VA_ARGS__), -1)
#define err_errno(...)  (err_errno(__VA_ARGS__), -1)
#define err_prefix(...) (err_prefix(__VA_ARGS__), -1)
#endif

#endif
