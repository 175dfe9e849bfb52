/* SPDX-License-Identifier: Apache-2.0 */
#define ERR_C /* err.h: the functions themselves */
#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { TEXT_SIZE = sizeof((struct mldv_error *)0)->text };

/*
 * Text is made aside and copied, so that a message may quote the error that
 * it replaces.
 */
int err_set(struct mldv_error *err, enum mldv_code code, const char *fmt, ...)
{
	char text[TEXT_SIZE];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	err->code = code;
	memcpy(err->text, text, sizeof text);
	return -1;
}

static enum mldv_code code_of(int error)
{
	switch (error) {
	case ENOENT:
	case ENOTDIR:
		return MLDV_NOT_FOUND;
	case EEXIST:
		return MLDV_EXISTS;
	default:
		return MLDV_FAILED;
	}
}

/* The cause is the more telling end: of too long a text, the front is cut. */
static void join(struct mldv_error *err, const char *front, const char *end)
{
	char text[TEXT_SIZE];
	size_t tail = strnlen(end, TEXT_SIZE / 2) + 2;

	(void)snprintf(text, sizeof text, "%.*s: %s",
	    (int)(TEXT_SIZE - 1 - tail), front, end);
	memcpy(err->text, text, sizeof text);
}

int err_errno(struct mldv_error *err, const char *fmt, ...)
{
	int error = errno;
	char text[TEXT_SIZE];
	char cause[256];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	err->code = code_of(error);
	join(err, text, strerror_r(error, cause, sizeof cause));
	errno = error;
	return -1;
}

int err_prefix(struct mldv_error *err, const char *fmt, ...)
{
	char text[TEXT_SIZE];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	join(err, text, err->text);
	return -1;
}
