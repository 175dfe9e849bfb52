/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A parcel that is taken can be written and is then the same, names no file
 * outside a work tree, and no other bundle than a commit's.
 *
 * Covers: runner/parcel.c
 */

#include "runner/parcel.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonout.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_again(const struct parcel *parcel, struct buf *out)
{
	struct jsonout json = {.out = out};

	parcel_put(parcel, &json, NULL);
}

static void check_twice(const struct parcel *parcel, struct arena *arena)
{
	struct mldv_error err = {0};
	struct parcel again;
	struct buf a = {0};
	struct buf b = {0};

	write_again(parcel, &a);
	if (parcel_parse(&again, arena, buf_str(&a), a.len, &err) < 0)
		abort();
	write_again(&again, &b);
	if (a.len != b.len || memcmp(a.data, b.data, a.len) != 0)
		abort();
	buf_release(&a);
	buf_release(&b);
}

static void check_paths(const struct parcel *parcel)
{
	if (strchr(parcel->commit, '/') || strchr(parcel->base, '/'))
		abort();
	for (size_t i = 0; i < parcel->dep_count; i++) {
		const char *path = parcel->deps[i].path;

		if (path[0] == '/' || strncmp(path, "../", 3) == 0 ||
		    strstr(path, "/../") || strncmp(path, ".git/", 5) == 0)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mldv_error err = {0};
	struct arena arena = {0};
	struct parcel parcel;

	if (parcel_parse(&parcel, &arena, (const char *)data, size, &err) ==
	    0) {
		check_paths(&parcel);
		check_twice(&parcel, &arena);
	} else if (err.text[0] == '\0') {
		abort();
	}
	arena_release(&arena);
	return 0;
}
