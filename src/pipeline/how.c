/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/how.h"

#include <string.h>

#include "base/path.h"
#include "format/lock.h"
#include "project/worktree.h"

/* Older locks that are looked for: each costs a walk through the history. */
#define OLDER_MOST 32

/* --- steps --- */

static struct how_step *add_step(struct how *how, const void *key, size_t size)
{
	struct how_step *step = arena_alloc(&how->arena, sizeof *step);

	step->number = ++how->count;
	*how->last = step;
	how->last = &step->next;
	(void)map_add(&how->steps, arena_copy(&how->arena, key, size), size,
	    step);
	return step;
}

static struct how_step *step_of_stage(struct how *how,
    const struct lock_stage *locked, bool earlier)
{
	struct how_step *step =
	    map_get(&how->steps, locked->oid.bytes, OID_SIZE);

	if (step)
		return step;
	step = add_step(how, locked->oid.bytes, OID_SIZE);
	step->locked = locked;
	step->earlier = earlier;
	key_facts(&locked->key, &how->arena, &step->facts);
	return step;
}

static struct how_step *step_of_item(struct how *how, const char *path,
    const struct content *content, bool earlier)
{
	struct buf key = {0};
	struct how_step *step;

	buf_printf(&key, "%c %s ", kind_letter(content->kind), path);
	buf_add(&key, content->oid.bytes, OID_SIZE);
	step = map_get(&how->steps, buf_str(&key), key.len);
	if (!step) {
		step = add_step(how, buf_str(&key), key.len);
		step->path = path;
		step->content = *content;
		step->earlier = earlier;
	}
	buf_release(&key);
	return step;
}

/* --- what was made before --- */

struct search {
	const char *path;
	char hex[OID_HEX + 1];
	struct buf text; /* the newest lock that has it, as far as is known */
};

static int look_at_lock(void *context, const struct history_file *file,
    struct mldv_error *err)
{
	struct search *search = context;
	struct slice rest = file->text;
	struct slice line;

	(void)err;
	if (!file->is_lock ||
	    !memmem(rest.data, rest.len, search->hex, OID_HEX))
		return 0;
	while (history_line(&rest, "made", &line)) {
		if (!memmem(line.data, line.len, search->hex, OID_HEX))
			continue;
		buf_reset(&search->text);
		buf_add(&search->text, file->text.data, file->text.len);
		break;
	}
	return 0;
}

static const struct lock_stage *maker_in(const struct lockfile *lock,
    const char *path, const struct oid *oid)
{
	for (size_t i = 0; i < lock->count; i++) {
		const struct lock_stage *stage = &lock->stages[i];

		for (size_t k = 0; k < stage->made_count; k++) {
			const struct made *made = &stage->made[k];

			if (oid_equal(&made->content.oid, oid) &&
			    strcmp(made->path, path) == 0)
				return stage;
		}
	}
	return NULL;
}

/* The stage of an older lock that made just this, or NULL. */
CHECKED static int find_older(struct how *how, const char *path,
    const struct oid *oid, const struct lock_stage **out,
    struct mldv_error *err)
{
	struct search search = {.path = path};
	struct history history = {
	    .project = how->project,
	    .revision = how->revision,
	    .reach = REACH_NOTED,
	    .visit = look_at_lock,
	    .context = &search,
	};
	struct mldv_error ignored;
	struct how_lock *older;
	size_t count = 0;
	int ret;

	*out = NULL;
	for (older = how->older; older && !*out; older = older->next, count++)
		*out = maker_in(&older->lock, path, oid);
	if (*out || count >= OLDER_MOST)
		return 0;
	oid_hex(oid, search.hex);
	ret = history_each(&history, err);
	if (ret == 0 && search.text.len > 0) {
		older = arena_alloc(&how->arena, sizeof *older);
		if (lockfile_parse(&older->lock, buf_str(&search.text),
		        search.text.len, &ignored) == 0) {
			older->next = how->older;
			how->older = older;
			*out = maker_in(&older->lock, path, oid);
		}
	}
	buf_release(&search.text);
	return ret;
}

/* --- inputs --- */

static const char *hex_of(struct arena *arena, const struct oid *oid)
{
	char hex[OID_HEX + 1];

	oid_hex(oid, hex);
	return arena_str(arena, hex);
}

CHECKED static int follow(struct how *how, const struct key_fact *dep,
    struct mldv_how_file *input, struct mldv_error *err)
{
	const char *inner = "";
	const struct item *item = items_around(&how->items, dep->name, &inner);
	bool exact = item && !inner[0];
	bool same = exact && oid_equal(&item->content.oid, &dep->oid);
	const struct lock_stage *maker = NULL;
	struct content content = {.oid = dep->oid};

	if (exact && !same && item->stage &&
	    find_older(how, dep->name, &dep->oid, &maker, err) < 0)
		return -1;
	if (item && item->stage && (same || !exact))
		maker = lockfile_find(&how->lock, item->stage);
	if (maker) {
		input->stage = maker->name;
		input->step = step_of_stage(how, maker, exact && !same)->number;
	} else if (item && !item->stage) {
		if (!exact || same)
			content = item->content;
		(void)kind_of_letter((struct slice){&dep->letter, 1},
		    exact ? &content.kind : &(enum kind){KIND_FILE});
		input->item = item->path;
		input->step =
		    step_of_item(how, item->path, &content, exact && !same)
		        ->number;
	}
	return 0;
}

CHECKED static int find_inputs(struct how *how, struct how_step *step,
    struct mldv_error *err)
{
	step->inputs = arena_array(&how->arena, step->facts.count + 1,
	    sizeof *step->inputs);
	for (size_t i = 0; i < step->facts.count; i++) {
		const struct key_fact *fact = &step->facts.list[i];
		struct mldv_how_file *input;

		if (!fact->has_oid || strcmp(fact->word, "cmd") == 0 ||
		    strcmp(fact->word, "probe") == 0)
			continue;
		input = &step->inputs[step->input_count++];
		input->path = fact->name;
		input->oid = hex_of(&how->arena, &fact->oid);
		input->kind = fact->letter ? fact->letter : 'f';
		if (fact->letter && follow(how, fact, input, err) < 0)
			return -1;
	}
	return 0;
}

/* --- where it all begins --- */

CHECKED static int load(struct how *how, struct mldv_error *err)
{
	struct buf text = {0};
	int ret;

	if (!how->revision)
		return items_load(how->project, &how->items, err) < 0
		    ? -1
		    : project_read_lock(how->project, &how->lock, err);
	ret = git_read(how->project->git, how->revision, PROJECT_LOCK,
	    LOCKFILE_LIMIT, &text, err);
	if (ret > 0)
		ret = lockfile_parse(&how->lock, buf_str(&text), text.len, err);
	if (ret >= 0)
		ret = items_load_at(how->project, how->revision, &how->items,
		    err);
	buf_release(&text);
	return ret < 0 ? -1 : 0;
}

static void begin_at_item(struct how *how, const struct item *item)
{
	const struct lock_stage *locked =
	    item->stage ? lockfile_find(&how->lock, item->stage) : NULL;

	if (locked)
		(void)step_of_stage(how, locked, false);
	else
		(void)step_of_item(how, item->path, &item->content, false);
}

/* What the path names: it is an item, lies in one, or has some below. */
static void begin_at(struct how *how, const char *path)
{
	const struct item *item = items_around(&how->items, path, NULL);

	if (item) {
		begin_at_item(how, item);
		return;
	}
	for (size_t i = items_from(&how->items, path); i < how->items.count;
	     i++) {
		item = &how->items.list[i];
		if (path_inside(item->path, path))
			begin_at_item(how, item);
		else if (strncmp(item->path, path, strlen(path)) > 0)
			break;
	}
}

CHECKED static int find_state(struct how *how, const char *path,
    enum mldv_how_state *out, struct mldv_error *err)
{
	const struct item *item = items_find(&how->items, path);
	struct mldv_error cause;
	struct content now;

	*out = MLDV_HOW_OF_REVISION;
	if (how->revision || !item)
		return 0;
	if (worktree_hash(how->project, path, &now, NULL, &cause) == 0) {
		*out = content_equal(&now, &item->content) ? MLDV_HOW_SAME
		                                           : MLDV_HOW_CHANGED;
		return 0;
	}
	if (cause.code != MLDV_NOT_FOUND) {
		*err = cause;
		return -1;
	}
	*out = MLDV_HOW_ABSENT;
	return 0;
}

/* Tries a name and a revision: 1, or 0 if there is nothing of ours. */
CHECKED static int try(struct how *how, const char *name, const char *revision,
    struct mldv_error *err)
{
	const struct lock_stage *locked;
	enum mldv_how_state state = MLDV_HOW_OF_REVISION;
	struct buf path = {0};
	int ret;

	how->revision = revision;
	items_release(&how->items);
	lockfile_release(&how->lock);
	ret = load(how, err);
	locked = ret == 0 ? lockfile_find(&how->lock, name) : NULL;
	if (ret == 0)
		ret = mldv_project_path(how->project, name, &path, err);
	if (ret == 0)
		begin_at(how, buf_str(&path));
	if (ret == 0 && how->count == 0 && locked)
		(void)step_of_stage(how, locked, false);
	if (ret == 0 && how->count > 0)
		ret = find_state(how, buf_str(&path), &state, err);
	if (ret == 0 && how->count > 0)
		how->options->begin(how->options->context,
		    locked ? name : buf_str(&path), revision, state);
	buf_release(&path);
	return ret < 0 ? -1 : how->count > 0;
}

CHECKED static int nothing(struct how *how, struct mldv_error *err)
{
	const char *given = how->options->path;
	struct buf path = {0};
	int known = mldv_project_path(how->project, given, &path, err);

	if (known == 0)
		known = git_is_tracked(how->project->git, buf_str(&path), err);
	buf_release(&path);
	if (known < 0)
		return -1;
	if (known > 0)
		return err_set(err, MLDV_NOT_FOUND,
		    "'%s' is a file of Git, which no stage made; 'git log -- "
		    "%s' tells of it",
		    given, given);
	return err_set(err, MLDV_NOT_FOUND,
	    "'%s' is neither an item nor an output of a stage that was run; "
	    "'mldv find %s' searches the history",
	    given, given);
}

/* "path@revision": a stage's variant or a file may have an @, too. */
CHECKED static int begin(struct how *how, struct mldv_error *err)
{
	const char *given = how->options->path;
	const char *at = strrchr(given, '@');
	int found = try(how, given, how->options->revision, err);

	if (found == 0 && at && at > given && at[1] &&
	    !how->options->revision && git_is_there(how->project->git, at + 1))
		found = try(how,
		    arena_strn(&how->arena, given, (size_t)(at - given)),
		    arena_str(&how->arena, at + 1), err);
	if (found == 0)
		return nothing(how, err);
	return found < 0 ? -1 : 0;
}

/* --- since when Git has it --- */

struct dating {
	struct how *how;
	struct map wanted; /* the digits of a key or an item's oid */
};

static void date(struct dating *dating, const struct history_file *file,
    struct slice hex)
{
	struct how_step *step = map_get(&dating->wanted, hex.data, hex.len);

	if (!step || step->commit)
		return;
	step->commit = arena_str(&dating->how->arena, file->commit);
	if (!file->is_lock)
		step->path_then = arena_strn(&dating->how->arena, file->path,
		    strlen(file->path) - strlen(POINTER_SUFFIX));
}

static int look_at_file(void *context, const struct history_file *file,
    struct mldv_error *err)
{
	struct slice rest = file->text;
	struct slice value;

	(void)err;
	if (file->is_lock) {
		while (history_line(&rest, "key", &value))
			date(context, file, value);
	} else if (history_line(&rest, "oid", &value) &&
	    slice_starts(value, "sha256:")) {
		date(context, file,
		    (struct slice){value.data + 7, value.len - 7});
	}
	return 0;
}

CHECKED static int find_commits(struct how *how, struct mldv_error *err)
{
	struct dating dating = {.how = how};
	const struct history history = {
	    .project = how->project,
	    .revision = how->revision,
	    .reach = REACH_REFS,
	    .visit = look_at_file,
	    .context = &dating,
	};
	int ret;

	for (struct how_step *step = how->first; step; step = step->next)
		(void)map_add_str(&dating.wanted,
		    hex_of(&how->arena,
		        step->locked ? &step->locked->oid : &step->content.oid),
		    step);
	ret = history_each(&history, err);
	map_release(&dating.wanted);
	return ret;
}

static void release(struct how *how)
{
	for (struct how_lock *lock = how->older; lock; lock = lock->next)
		lockfile_release(&lock->lock);
	records_release(&how->records);
	lockfile_release(&how->lock);
	items_release(&how->items);
	map_release(&how->steps);
	arena_release(&how->arena);
}

int mldv_how(struct mldv_project *project, const struct mldv_how *options,
    struct mldv_error *err)
{
	struct how how = {
	    .project = project,
	    .options = options,
	    .records.project = project,
	};
	int ret;

	how.last = &how.first;
	ret = begin(&how, err);
	for (struct how_step *step = how.first; ret == 0 && step;
	     step = step->next)
		if (step->locked)
			ret = find_inputs(&how, step, err);
	if (ret == 0)
		ret = find_commits(&how, err);
	for (struct how_step *step = how.first; ret == 0 && step;
	     step = step->next)
		ret = how_tell(&how, step, err);
	release(&how);
	return ret;
}
