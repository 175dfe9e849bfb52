/* SPDX-License-Identifier: Apache-2.0 */
#include "format/lock.h"

#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "format/lines.h"
#include "format/made.h"

#define FIRST_LINE "mldv-lock 1\n"
#define KEY_FIRST  "mldv-key 1\n"

/* The first stage whose name is not less. */
static size_t place_of(const struct lockfile *lock, const char *name)
{
	size_t low = 0;
	size_t high = lock->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(lock->stages[middle].name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool is_at(const struct lockfile *lock, size_t at, const char *name)
{
	return at < lock->count && strcmp(lock->stages[at].name, name) == 0;
}

/* Room for a stage at that place. */
static struct lock_stage *insert(struct lockfile *lock, size_t at)
{
	struct lock_stage *stage;

	lock->stages = xgrow(lock->stages, lock->count, &lock->capacity,
	    sizeof *lock->stages);
	stage = &lock->stages[at];
	if (at < lock->count)
		memmove(stage + 1, stage, (lock->count - at) * sizeof *stage);
	lock->count++;
	*stage = (struct lock_stage){0};
	return stage;
}

/* Gathers the lines of one stage; the next stage's line is not read. */
struct reader {
	struct lines lines;
	struct buf key; /* the document of the stage's key */
	struct made_list made;
};

static bool at_stage(const struct lines *lines)
{
	return slice_starts(lines->rest, "stage ");
}

CHECKED static int read_lines(struct reader *r, struct arena *arena,
    struct mldv_error *err)
{
	int more = 0;

	buf_reset(&r->key);
	buf_add_str(&r->key, KEY_FIRST);
	r->made = (struct made_list){0};
	while (
	    !at_stage(&r->lines) && (more = lines_next(&r->lines, err)) > 0) {
		struct slice word;

		if (slice_starts(r->lines.line, "made ")) {
			if (lines_word(&r->lines, &word, err) < 0 ||
			    made_list_read(&r->made, arena, &r->lines, err) < 0)
				return -1;
			continue;
		}
		if (r->made.count > 0)
			return lines_error(&r->lines, err,
			    "stands after what the stage made");
		buf_add(&r->key, r->lines.line.data, r->lines.line.len);
		buf_add_char(&r->key, '\n');
	}
	return more < 0 ? -1 : 0;
}

CHECKED static int read_head(struct reader *r, struct lockfile *lock,
    struct lock_stage **out, struct mldv_error *err)
{
	struct lock_stage *stage;
	struct slice name;
	struct oid oid;

	if (lines_field(&r->lines, "stage", err) < 0 ||
	    lines_path(&r->lines, &lock->arena, &name, err) < 0)
		return -1;
	if (!stage_is_name(name))
		return lines_error(&r->lines, err, "a stage has no such name");
	if (lock->count > 0 &&
	    strcmp(lock->stages[lock->count - 1].name, name.data) >= 0)
		return lines_error(&r->lines, err,
		    "stage '%s' is not sorted after the one above", name.data);
	if (lines_field(&r->lines, "key", err) < 0 ||
	    lines_oid(&r->lines, &oid, err) < 0 ||
	    lines_end(&r->lines, err) < 0)
		return -1;
	stage = insert(lock, lock->count);
	stage->name = name.data;
	stage->oid = oid;
	*out = stage;
	return 0;
}

/* The line after the key, if it is a claim. */
CHECKED static int read_claim(struct reader *r, struct lock_stage *stage,
    struct arena *arena, struct mldv_error *err)
{
	bool accepted = slice_starts(r->lines.rest, "accepted ");
	struct slice why;

	if (!accepted && !slice_starts(r->lines.rest, "asserted "))
		return 0;
	if (lines_field(&r->lines, accepted ? "accepted" : "asserted", err) < 0)
		return -1;
	if (accepted && lines_oid(&r->lines, &stage->old, err) < 0)
		return -1;
	if (lines_path(&r->lines, arena, &why, err) < 0)
		return -1;
	if (accepted && oid_equal(&stage->old, &stage->oid))
		return lines_error(&r->lines, err,
		    "the accepted key is the stage's own");
	stage->claim = accepted ? CLAIM_ACCEPTED : CLAIM_ASSERTED;
	stage->why = why.data;
	return 0;
}

CHECKED static int read_stage(struct reader *r, struct lockfile *lock,
    struct mldv_error *err)
{
	struct lock_stage *stage = NULL;
	struct oid oid;

	if (read_head(r, lock, &stage, err) < 0 ||
	    read_claim(r, stage, &lock->arena, err) < 0 ||
	    read_lines(r, &lock->arena, err) < 0)
		return -1;
	stage->made = r->made.items;
	stage->made_count = r->made.count;
	oid_of(r->key.data, r->key.len, &oid);
	if (!oid_equal(&oid, &stage->oid))
		return lines_error(&r->lines, err,
		    "the lines of stage '%s' do not add up to its key; run "
		    "'git checkout mldv.lock', then 'mldv repro'",
		    stage->name);
	if (key_parse(&stage->key, r->key.data, r->key.len, err) < 0)
		return err_prefix(err, "lock, stage '%s'", stage->name);
	for (size_t i = 0; i < stage->made_count; i++) {
		if (!key_has_out(&stage->key, stage->made[i].path))
			return lines_error(&r->lines, err,
			    "stage '%s' made '%.200s', which is none of its "
			    "outputs; run 'git checkout mldv.lock', then 'mldv "
			    "repro'",
			    stage->name, stage->made[i].path);
	}
	return 0;
}

/* What Git leaves where it could not merge. */
static bool has_conflict(const char *text, size_t len)
{
	const char *mark = "\n<<<<<<< ";
	size_t mark_len = strlen(mark);

	if (len < mark_len)
		return false;
	return memcmp(text, mark + 1, mark_len - 1) == 0 ||
	    memmem(text, len, mark, mark_len);
}

int lockfile_parse(struct lockfile *out, const char *text, size_t len,
    struct mldv_error *err)
{
	struct lockfile lock = {0};
	struct reader reader = {0};
	int ret = -1;

	if (len > LOCKFILE_LIMIT)
		return err_set(err, MLDV_CORRUPT,
		    "the lock is larger than %d MiB", LOCKFILE_LIMIT >> 20);
	if (has_conflict(text, len))
		return err_set(err, MLDV_CORRUPT,
		    "the lock holds a merge conflict; run 'git checkout "
		    "--ours mldv.lock', then 'mldv repro'");
	if (lines_start(&reader.lines, "lock", text, len, err) < 0)
		goto out;
	while (reader.lines.rest.len > 0) {
		if (read_stage(&reader, &lock, err) < 0)
			goto out;
	}
	*out = lock;
	lock = (struct lockfile){0};
	ret = 0;
out:
	lockfile_release(&lock);
	buf_release(&reader.key);
	return ret;
}

static void add_claim(const struct lock_stage *stage, struct buf *out)
{
	if (stage->claim == CLAIM_NONE)
		return;
	if (stage->claim == CLAIM_ACCEPTED) {
		buf_add_str(out, "accepted ");
		lines_add_oid(out, &stage->old);
	} else {
		buf_add_str(out, "asserted");
	}
	buf_add_char(out, ' ');
	lines_add_path(out, stage->why, strlen(stage->why));
	buf_add_char(out, '\n');
}

void lockfile_format(const struct lockfile *lock, struct buf *out)
{
	buf_add_str(out, FIRST_LINE);
	for (size_t i = 0; i < lock->count; i++) {
		const struct lock_stage *stage = &lock->stages[i];

		buf_add_str(out, "stage ");
		lines_add_path(out, stage->name, strlen(stage->name));
		buf_add_str(out, "\nkey ");
		lines_add_oid(out, &stage->oid);
		buf_add_char(out, '\n');
		add_claim(stage, out);
		for (size_t j = 0; j < stage->key.lines.count; j++) {
			buf_add_str(out, stage->key.lines.items[j]);
			buf_add_char(out, '\n');
		}
		for (size_t j = 0; j < stage->made_count; j++)
			made_format(&stage->made[j], out);
	}
}

const struct lock_stage *lockfile_find(const struct lockfile *lock,
    const char *name)
{
	size_t at = place_of(lock, name);

	return is_at(lock, at, name) ? &lock->stages[at] : NULL;
}

void lockfile_set(struct lockfile *lock, const char *name,
    const struct oid *oid, const struct key *key, const struct made *made,
    size_t made_count)
{
	struct lock_stage new = {.oid = *oid, .made_count = made_count};
	size_t at = place_of(lock, name);

	/* All is copied first: it may be the stage that is there. */
	new.name = arena_str(&lock->arena, name);
	for (size_t i = 0; i < key->lines.count; i++)
		strs_add(&new.key.lines, key->lines.items[i]);
	strs_sort(&new.key.lines);
	new.made = arena_array(&lock->arena, made_count, sizeof *new.made);
	for (size_t i = 0; i < made_count; i++) {
		new.made[i].content = made[i].content;
		new.made[i].path = arena_str(&lock->arena, made[i].path);
	}
	made_sort(new.made, made_count);
	if (is_at(lock, at, name))
		key_release(&lock->stages[at].key);
	else
		(void)insert(lock, at);
	lock->stages[at] = new;
}

void lockfile_claim(struct lockfile *lock, const char *name, enum claim claim,
    const struct oid *old, const char *why)
{
	size_t at = place_of(lock, name);
	struct lock_stage *stage;

	if (!is_at(lock, at, name))
		return;
	stage = &lock->stages[at];
	stage->claim = claim;
	if (claim == CLAIM_ACCEPTED)
		stage->old = *old;
	stage->why = arena_str(&lock->arena, why);
}

const struct oid *lock_stage_run(const struct lock_stage *stage)
{
	return stage->claim == CLAIM_ACCEPTED ? &stage->old : &stage->oid;
}

bool lockfile_remove(struct lockfile *lock, const char *name)
{
	size_t at = place_of(lock, name);

	if (!is_at(lock, at, name))
		return false;
	key_release(&lock->stages[at].key);
	lock->count--;
	memmove(&lock->stages[at], &lock->stages[at + 1],
	    (lock->count - at) * sizeof *lock->stages);
	return true;
}

const struct made *lockfile_made(const struct lockfile *lock, const char *path)
{
	for (size_t i = 0; i < lock->count; i++) {
		const struct lock_stage *stage = &lock->stages[i];

		for (size_t j = 0; j < stage->made_count; j++) {
			if (path_inside(path, stage->made[j].path))
				return &stage->made[j];
		}
	}
	return NULL;
}

void lockfile_release(struct lockfile *lock)
{
	for (size_t i = 0; i < lock->count; i++)
		key_release(&lock->stages[i].key);
	free(lock->stages);
	arena_release(&lock->arena);
	*lock = (struct lockfile){0};
}
