/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What is taken for a lock is written again as it was, also after each stage
 * was taken out and set anew; tried as it is, and
 * once more with every key made to fit its lines.
 *
 * Covers: format/lock.c format/made.c format/lines.c
 */

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "format/lines.h"
#include "format/lock.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(const struct lockfile *lock, const char *text, size_t len)
{
	struct buf out = {0};

	lockfile_format(lock, &out);
	if (out.len != len || memcmp(out.data, text, len) != 0)
		abort();
	buf_release(&out);
}

/* One stage out of the one lock and into the other. */
static void move_stage(struct lockfile *from, struct lockfile *to)
{
	const struct lock_stage *stage = &from->stages[from->count - 1];
	struct arena arena = {0};
	const char *name = arena_str(&arena, stage->name);

	lockfile_set(to, name, &stage->oid, &stage->key, stage->made,
	    stage->made_count);
	if (stage->claim != CLAIM_NONE)
		lockfile_claim(to, name, stage->claim, &stage->old, stage->why);
	for (size_t i = 0; i < stage->made_count; i++)
		if (!lockfile_made(to, stage->made[i].path))
			abort();
	if (!lockfile_remove(from, name) || lockfile_remove(from, name))
		abort();
	arena_release(&arena);
}

static void rebuild(struct lockfile *lock, const char *text, size_t len)
{
	struct lockfile again = {0};

	while (lock->count > 0)
		move_stage(lock, &again);
	expect(&again, text, len);
	lockfile_release(&again);
}

static void try(const char *text, size_t len)
{
	struct mldv_error err = {0};
	struct lockfile lock = {0};

	if (lockfile_parse(&lock, text, len, &err) == 0) {
		expect(&lock, text, len);
		for (size_t i = 0; i < lock.count; i++) {
			const char *name = lock.stages[i].name;

			if (lockfile_find(&lock, name) != &lock.stages[i])
				abort();
		}
		rebuild(&lock, text, len);
		lockfile_release(&lock);
	} else if (err.code != MLDV_CORRUPT || err.text[0] == '\0' ||
	    lock.stages) {
		abort();
	}
}

/* The key of the lines up to what the stage made. */
static void key_of(struct slice rest, struct oid *oid)
{
	struct buf key = {0};
	struct slice line;

	buf_add_str(&key, "mldv-key 1\n");
	if (slice_starts(rest, "accepted ") || slice_starts(rest, "asserted "))
		(void)slice_cut(&rest, '\n', &line);
	while (rest.len > 0 && !slice_starts(rest, "made ") &&
	    !slice_starts(rest, "stage ")) {
		(void)slice_cut(&rest, '\n', &line);
		buf_add(&key, line.data, line.len);
		buf_add_char(&key, '\n');
	}
	oid_of(key.data, key.len, oid);
	buf_release(&key);
}

static void try_signed(struct slice rest)
{
	struct buf text = {0};
	struct slice line;
	struct oid oid;

	while (rest.len > 0) {
		bool whole = slice_cut(&rest, '\n', &line);

		if (slice_starts(line, "key ")) {
			key_of(rest, &oid);
			buf_add_str(&text, "key ");
			lines_add_oid(&text, &oid);
		} else {
			buf_add(&text, line.data, line.len);
		}
		if (whole)
			buf_add_char(&text, '\n');
	}
	try(buf_str(&text), text.len);
	buf_release(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	try((const char *)data, size);
	try_signed((struct slice){(const char *)data, size});
	return 0;
}
