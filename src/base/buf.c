/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

char *buf_room(struct buf *buf, size_t size)
{
	size_t capacity = buf->capacity;
	size_t need;

	/* A sum that overflows is a size no memory has: let that end it. */
	if (__builtin_add_overflow(buf->len, size, &need) || need == SIZE_MAX)
		need = SIZE_MAX - 1;
	need++;
	if (need > capacity) {
		capacity = capacity < 32 ? 64 : capacity * 2;
		if (capacity < need)
			capacity = need;
		buf->data = xrealloc(buf->data, capacity, 1);
		buf->capacity = capacity;
		buf->data[buf->len] = '\0';
	}
	/* For whoever fills all of it and raises len. */
	buf->data[need - 1] = '\0';
	return buf->data + buf->len;
}

static void advance(struct buf *buf, size_t size)
{
	buf->len += size;
	buf->data[buf->len] = '\0';
}

void buf_add(struct buf *buf, const void *data, size_t size)
{
	char *end = buf_room(buf, size);

	if (size > 0)
		memcpy(end, data, size);
	advance(buf, size);
}

void buf_add_str(struct buf *buf, const char *text)
{
	buf_add(buf, text, strlen(text));
}

void buf_add_char(struct buf *buf, char c)
{
	*buf_room(buf, 1) = c;
	advance(buf, 1);
}

void buf_printf(struct buf *buf, const char *fmt, ...)
{
	va_list args;
	size_t size;
	char *end;
	int len;

	va_start(args, fmt);
	len = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	assert(len >= 0);
	size = (size_t)len;
	end = buf_room(buf, size);
	va_start(args, fmt);
	(void)vsnprintf(end, size + 1, fmt, args);
	va_end(args);
	advance(buf, size);
}

const char *buf_str(const struct buf *buf)
{
	if (!buf->data)
		return "";
	/* Whoever wrote into buf_room and raised len left no NUL. */
	if (buf->data[buf->len] != '\0')
		buf->data[buf->len] = '\0';
	return buf->data;
}

void buf_reset(struct buf *buf)
{
	buf->len = 0;
	if (buf->data)
		buf->data[0] = '\0';
}

void buf_release(struct buf *buf)
{
	free(buf->data);
	*buf = (struct buf){0};
}
