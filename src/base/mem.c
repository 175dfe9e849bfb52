/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"

#include <assert.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define BLOCK_EACH 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define BLOCK_EACH 1
#endif
#endif
#ifndef BLOCK_EACH
#define BLOCK_EACH 0
#endif

/* Nothing is cleaned up: the kernel does, and what is on disk is consistent. */
static _Noreturn void out_of_memory(void)
{
	static const char text[] = "mldv: out of memory\n";

	if (write(STDERR_FILENO, text, sizeof text - 1) < 0)
		_exit(1);
	_exit(1);
}

void *xmalloc(size_t size)
{
	void *ptr = malloc(size > 0 ? size : 1);

	if (!ptr)
		out_of_memory();
	return ptr;
}

void *xcalloc(size_t count, size_t size)
{
	void *ptr;

	if (count == 0 || size == 0)
		count = size = 1;
	ptr = calloc(count, size);
	if (!ptr)
		out_of_memory();
	return ptr;
}

static size_t product(size_t count, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes))
		out_of_memory();
	return bytes;
}

static size_t sum(size_t a, size_t b)
{
	size_t bytes;

	if (__builtin_add_overflow(a, b, &bytes))
		out_of_memory();
	return bytes;
}

void *xrealloc(void *ptr, size_t count, size_t size)
{
	size_t bytes = product(count, size);
	void *moved = realloc(ptr, bytes > 0 ? bytes : 1);

	if (!moved)
		out_of_memory();
	return moved;
}

void *xgrow(void *array, size_t count, size_t *capacity, size_t size)
{
	size_t wanted;

	assert(count <= *capacity);
	if (count < *capacity)
		return array;
	wanted = *capacity < 8 ? 8 : product(*capacity, 2);
	array = xrealloc(array, wanted, size);
	*capacity = wanted;
	return array;
}

enum {
	BLOCK_FIRST = 64 * 1024,
	BLOCK_LARGEST = 1024 * 1024,
};

struct arena_block {
	struct arena_block *next;
	size_t used;
	size_t size;
	_Alignas(max_align_t) char data[];
};

static struct arena_block *block_new(size_t size)
{
	struct arena_block *block = xmalloc(sum(sizeof *block, size));

	block->next = NULL;
	block->used = 0;
	block->size = size;
	return block;
}

/* A block for one allocation; the newest stays first, to be filled up. */
static void *take_own(struct arena *arena, size_t size)
{
	struct arena_block *block = block_new(size);

	block->used = size;
	if (arena->newest) {
		block->next = arena->newest->next;
		arena->newest->next = block;
	} else {
		arena->newest = block;
	}
	return block->data;
}

static void *take(struct arena *arena, size_t size)
{
	const size_t align = _Alignof(max_align_t);
	struct arena_block *block = arena->newest;
	size_t room;
	size_t start;

	if (BLOCK_EACH || size > BLOCK_FIRST / 4)
		return take_own(arena, size);
	start = block ? (block->used + align - 1) / align * align : 0;
	if (!block || start > block->size || size > block->size - start) {
		room = block ? block->size * 2 : BLOCK_FIRST;
		if (room < BLOCK_FIRST)
			room = BLOCK_FIRST;
		if (room > BLOCK_LARGEST)
			room = BLOCK_LARGEST;
		block = block_new(room - sizeof *block);
		block->next = arena->newest;
		arena->newest = block;
		start = 0;
	}
	block->used = start + size;
	return block->data + start;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	return memset(take(arena, size), 0, size);
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
	return arena_alloc(arena, product(count, size));
}

void *arena_copy(struct arena *arena, const void *data, size_t size)
{
	void *copy = take(arena, size);

	if (size > 0)
		memcpy(copy, data, size);
	return copy;
}

char *arena_str(struct arena *arena, const char *text)
{
	return arena_copy(arena, text, strlen(text) + 1);
}

char *arena_strn(struct arena *arena, const char *text, size_t len)
{
	char *copy = take(arena, sum(len, 1));

	if (len > 0)
		memcpy(copy, text, len);
	copy[len] = '\0';
	return copy;
}

char *arena_printf(struct arena *arena, const char *fmt, ...)
{
	va_list args;
	size_t size;
	char *text;
	int len;

	va_start(args, fmt);
	len = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	assert(len >= 0);
	size = (size_t)len + 1;
	text = take(arena, size);
	va_start(args, fmt);
	(void)vsnprintf(text, size, fmt, args);
	va_end(args);
	return text;
}

void arena_release(struct arena *arena)
{
	struct arena_block *block = arena->newest;

	while (block) {
		struct arena_block *next = block->next;

		free(block);
		block = next;
	}
	arena->newest = NULL;
}
