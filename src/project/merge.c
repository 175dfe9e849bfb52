/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/file.h"
#include "base/path.h"
#include "format/lock.h"
#include "format/pointer.h"
#include "mldv/hooks.h"
#include "project/mergetree.h"
#include "project/remotes.h"

/* A merge of one file. */
struct merge {
	struct mldv_project *project; /* or NULL */
	const struct mldv_merge *options;
	struct buf texts[SIDES];
	struct buf out;
	bool clean;
	struct arena arena;
};

static void tell(struct merge *merge, const char *what)
{
	merge->clean = false;
	if (merge->options->conflict)
		merge->options->conflict(merge->options->context, what);
}

static void add_both(struct buf *out, const char *ours, size_t ours_len,
    const char *theirs, size_t theirs_len)
{
	buf_add_str(out, "<<<<<<< ours\n");
	buf_add(out, ours, ours_len);
	buf_add_str(out, "=======\n");
	buf_add(out, theirs, theirs_len);
	buf_add_str(out, ">>>>>>> theirs\n");
}

/* --- the lock: a stage is as the side has it that changed it --- */

static bool is_same_stage(const struct lock_stage *a,
    const struct lock_stage *b)
{
	if (!a || !b)
		return a == b;
	if (!oid_equal(&a->oid, &b->oid) || a->made_count != b->made_count ||
	    a->claim != b->claim ||
	    !oid_equal(lock_stage_run(a), lock_stage_run(b)) ||
	    (a->why && strcmp(a->why, b->why) != 0))
		return false;
	for (size_t i = 0; i < a->made_count; i++) {
		if (strcmp(a->made[i].path, b->made[i].path) != 0 ||
		    !content_equal(&a->made[i].content, &b->made[i].content))
			return false;
	}
	return true;
}

/* The lines of one stage, which is none if it is NULL. */
static void add_stage(const struct lock_stage *stage, struct buf *out)
{
	struct lock_stage copy;
	struct lockfile one = {.stages = &copy, .count = 1};
	struct buf text = {0};
	const char *lines;

	if (!stage)
		return;
	copy = *stage;
	lockfile_format(&one, &text);
	lines = strchr(buf_str(&text), '\n') + 1;
	buf_add_str(out, lines);
	buf_release(&text);
}

static void merge_stage(struct merge *merge, const struct lockfile *locks,
    const char *name)
{
	const struct lock_stage *base = lockfile_find(&locks[SIDE_BASE], name);
	const struct lock_stage *ours = lockfile_find(&locks[SIDE_OURS], name);
	const struct lock_stage *theirs =
	    lockfile_find(&locks[SIDE_THEIRS], name);
	struct buf left = {0};
	struct buf right = {0};

	if (is_same_stage(base, ours)) {
		add_stage(theirs, &merge->out);
	} else if (is_same_stage(ours, theirs) || is_same_stage(base, theirs)) {
		add_stage(ours, &merge->out);
	} else {
		add_stage(ours, &left);
		add_stage(theirs, &right);
		add_both(&merge->out, buf_str(&left), left.len, buf_str(&right),
		    right.len);
		tell(merge,
		    arena_printf(&merge->arena,
		        "both sides ran stage '%s'; run 'git checkout --ours "
		        "%s', then 'mldv repro'",
		        name, merge->options->path));
	}
	buf_release(&left);
	buf_release(&right);
}

static int merge_locks(struct merge *merge, struct mldv_error *err)
{
	struct lockfile locks[SIDES] = {0};
	struct strs names = {0};
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < SIDES; i++) {
		if (merge->texts[i].len > 0)
			ret =
			    lockfile_parse(&locks[i], buf_str(&merge->texts[i]),
			        merge->texts[i].len, err);
		for (size_t k = 0; ret == 0 && k < locks[i].count; k++)
			strs_add(&names, locks[i].stages[k].name);
	}
	strs_unique(&names);
	buf_add_str(&merge->out, "mldv-lock 1\n");
	for (size_t i = 0; ret == 0 && i < names.count; i++)
		merge_stage(merge, locks, names.items[i]);
	for (size_t i = 0; i < SIDES; i++)
		lockfile_release(&locks[i]);
	strs_release(&names);
	return ret;
}

/* --- pointers --- */

static bool is_same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* What is no part of the content: as the side has it that changed it. */
static void merge_notes(struct merge *merge,
    const struct pointer pointers[SIDES], struct pointer *out)
{
	const struct pointer *base = &pointers[SIDE_BASE];
	const struct pointer *ours = &pointers[SIDE_OURS];
	const struct pointer *theirs = &pointers[SIDE_THEIRS];

	out->note = ours->note;
	if (is_same_text(base->note, ours->note))
		out->note = theirs->note;
	else if (ours->note && theirs->note &&
	    !is_same_text(base->note, theirs->note) &&
	    !is_same_text(ours->note, theirs->note))
		out->note = arena_printf(&merge->arena, "%s\n%s", ours->note,
		    theirs->note);
	out->from_version = ours->from_version;
	out->from_address = ours->from_address;
	if (is_same_text(base->from_version, ours->from_version) &&
	    is_same_text(base->from_address, ours->from_address)) {
		out->from_version = theirs->from_version;
		out->from_address = theirs->from_address;
	}
}

static int merge_directories(struct merge *merge,
    const struct content *const sides[SIDES], struct content *out,
    struct strs *conflicts, struct mldv_error *err)
{
	struct mldv_project *project = merge->project;
	struct source sources[SIDES] = {0};
	struct remote *remotes[SIDES] = {0};
	struct mldv_error ignored;
	const struct merge_trees what = {project, sources, conflicts};
	const char *name = NULL;
	int ret = 0;

	if (remotes_choose(project, NULL, &merge->arena, &name, &ignored) < 0)
		name = NULL;
	for (size_t i = 0; ret == 0 && i < SIDES; i++) {
		if (name)
			ret = remotes_open(project, name, &remotes[i], err);
		sources[i].store = project->store;
		sources[i].remote = remotes[i];
		if (ret == 0)
			ret = source_open(&sources[i], err);
		if (ret == 0 && sides[i])
			source_enter(&sources[i], sides[i]);
	}
	if (ret == 0)
		ret = merge_trees(&what, sides, out, err);
	for (size_t i = 0; i < SIDES; i++) {
		source_close(&sources[i]);
		remote_close(remotes[i]);
	}
	return ret;
}

static void refuse(struct merge *merge, const char *why)
{
	const char *path = merge->options->path;

	add_both(&merge->out, buf_str(&merge->texts[SIDE_OURS]),
	    merge->texts[SIDE_OURS].len, buf_str(&merge->texts[SIDE_THEIRS]),
	    merge->texts[SIDE_THEIRS].len);
	tell(merge,
	    arena_printf(&merge->arena,
	        "%s; run 'git checkout --ours %s' or 'git checkout --theirs "
	        "%s'",
	        why, path, path));
}

static void refuse_paths(struct merge *merge, const struct strs *conflicts)
{
	struct buf why = {0};

	buf_add_str(&why, "both sides changed ");
	for (size_t i = 0; i < conflicts->count && i < 10; i++)
		buf_printf(&why, "%s'%s'", i > 0 ? ", " : "",
		    conflicts->items[i]);
	if (conflicts->count > 10)
		buf_printf(&why, " and %zu more", conflicts->count - 10);
	refuse(merge, buf_str(&why));
	buf_release(&why);
}

/* Both sides changed the item: 1 and *out, or 0 if they cannot be one. */
static int merge_contents(struct merge *merge,
    const struct content *const sides[SIDES], struct content *out)
{
	struct strs conflicts = {0};
	struct mldv_error why;
	int ret = 0;

	if (sides[SIDE_OURS]->kind != KIND_DIR ||
	    sides[SIDE_THEIRS]->kind != KIND_DIR)
		refuse(merge, "both sides changed the item");
	else if (!merge->project)
		refuse(merge,
		    "both sides changed the item, and its lists of "
		    "files cannot be looked at");
	else if (merge_directories(merge, sides, out, &conflicts, &why) < 0)
		refuse(merge, why.text);
	else if (conflicts.count > 0)
		refuse_paths(merge, &conflicts);
	else
		ret = 1;
	strs_release(&conflicts);
	return ret;
}

static int merge_pointers(struct merge *merge, struct mldv_error *err)
{
	struct pointer pointers[SIDES] = {0};
	const struct content *sides[SIDES] = {0};
	struct pointer out = {0};
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < SIDES; i++) {
		const struct buf *text = &merge->texts[i];

		if (text->len == 0)
			continue;
		ret = pointer_parse(&pointers[i], &merge->arena, buf_str(text),
		    text->len, err);
		sides[i] = &pointers[i].content;
	}
	if (ret < 0 || !sides[SIDE_OURS] || !sides[SIDE_THEIRS])
		return -1;
	merge_notes(merge, pointers, &out);
	if (sides[SIDE_BASE] &&
	    content_equal(sides[SIDE_BASE], sides[SIDE_OURS]))
		out.content = *sides[SIDE_THEIRS];
	else if (content_equal(sides[SIDE_OURS], sides[SIDE_THEIRS]) ||
	    (sides[SIDE_BASE] &&
	        content_equal(sides[SIDE_BASE], sides[SIDE_THEIRS])))
		out.content = *sides[SIDE_OURS];
	else if (merge_contents(merge, sides, &out.content) == 0)
		return 0;
	pointer_format(&out, &merge->out);
	return 0;
}

int mldv_merge(struct mldv_project *project, const struct mldv_merge *options,
    bool *clean, struct mldv_error *err)
{
	const char *const files[SIDES] = {options->ancestor, options->ours,
	    options->theirs};
	struct merge merge = {
	    .project = project,
	    .options = options,
	    .clean = true,
	};
	struct mldv_error why;
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < SIDES; i++)
		ret = file_read(files[i], LOCKFILE_LIMIT, &merge.texts[i], err);
	if (ret == 0 &&
	    (strcmp(path_base(options->path), PROJECT_LOCK) == 0
	            ? merge_locks(&merge, &why)
	            : merge_pointers(&merge, &why)) < 0) {
		buf_reset(&merge.out);
		refuse(&merge, "one of the versions cannot be read");
	}
	if (ret == 0)
		ret = file_replace(options->ours, buf_str(&merge.out),
		    merge.out.len, err);
	*clean = merge.clean;
	for (size_t i = 0; i < SIDES; i++)
		buf_release(&merge.texts[i]);
	buf_release(&merge.out);
	arena_release(&merge.arena);
	return ret;
}
