/* SPDX-License-Identifier: Apache-2.0 */
#include "sample.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"

enum { SLICES = 16, SLICE = 1024, LINE = 40, PERIOD = 4096, PIECE = 1 << 20 };

/* xorshift64*, Vigna 2016. */
static uint64_t next(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * UINT64_C(0x2545f4914f6cdd1d);
}

static void noise(char *out, size_t size, uint64_t *state)
{
	for (size_t i = 0; i < size; i++)
		out[i] = (char)(next(state) >> 56);
}

void sample_noise(char *out, size_t size, uint64_t seed)
{
	uint64_t state = seed + UINT64_C(0x9e3779b97f4a7c15);

	noise(out, size, &state);
}

void sample_text(char *out, size_t size, uint64_t seed)
{
	uint64_t state = seed;
	char line[LINE];

	for (size_t at = 0; at < size;) {
		unsigned warm, wet;
		size_t n;
		int len;

		/* Again and again the same, so that fixtures are small. */
		if (at % PERIOD < LINE)
			state = seed + UINT64_C(0x9e3779b97f4a7c15);
		warm = (unsigned)(next(&state) >> 32) % 40;
		wet = (unsigned)(next(&state) >> 32) % 100;
		len = snprintf(line, sizeof line,
		    "temperature,%u,humidity,%u\n", warm, wet);
		n = (size_t)len < size - at ? (size_t)len : size - at;
		memcpy(out + at, line, n);
		at += n;
	}
}

void sample_probed(char *out, size_t size, uint64_t seed)
{
	uint64_t state = seed + UINT64_C(0x9e3779b97f4a7c15);
	size_t stride = size / SLICES;

	memset(out, 0, size);
	if (size <= (size_t)SLICES * SLICE) {
		noise(out, size, &state);
		return;
	}
	for (size_t i = 0; i < SLICES; i++)
		noise(out + i * stride, SLICE, &state);
}

void sample_file(const char *path, size_t size, uint64_t seed)
{
	uint64_t state = seed + UINT64_C(0x9e3779b97f4a7c15);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	char *piece = malloc(PIECE);
	struct mldv_error err;

	assert_true(fd >= 0);
	assert_non_null(piece);
	while (size > 0) {
		size_t n = size < PIECE ? size : PIECE;

		noise(piece, n, &state);
		assert_int_equal(file_write(fd, path, piece, n, &err), 0);
		size -= n;
	}
	assert_int_equal(close(fd), 0);
	free(piece);
}

void sample_oid(const char *hex, struct oid *out)
{
	assert_true(oid_parse(out, slice_of(hex)));
}
