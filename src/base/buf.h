/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

/*
 * Bytes that grow. A zeroed buf is empty; data is NULL until something was
 * added, and ends with a NUL that len does not count.
 */

#include <stddef.h>

#include "base/err.h"

struct buf {
	char *data;
	size_t len;
	size_t capacity;
};

void buf_add(struct buf *buf, const void *data, size_t size);
void buf_add_str(struct buf *buf, const char *text);
void buf_add_char(struct buf *buf, char c);
void buf_printf(struct buf *buf, const char *fmt, ...) PRINTF(2, 3);
/*
 * Room for size more bytes: where to write them. Then add to len oneself, and
 * if that is less than size, end what was added with a NUL.
 */
char *buf_room(struct buf *buf, size_t size);
/* What was added, as a string; "" if nothing. Valid until the next change. */
const char *buf_str(const struct buf *buf);
/* Empties it, keeping the memory. */
void buf_reset(struct buf *buf);
void buf_release(struct buf *buf);

#endif
