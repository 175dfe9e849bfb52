/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "base/str.h"
#include "mldv/hooks.h"
#include "project/push.h"
#include "project/remotes.h"
#include "project/settings.h"

static const struct mldv_events no_events;

/* What one commit brings. */
struct brought {
	const char *commit;
	struct strs files; /* pointers, mldv.lock */
	bool ini;          /* mldv.ini */
};

struct pre_push {
	const struct mldv_pre_push *options;
	struct mldv_pre_pushed *out;
	struct mldv_project *project; /* without a work tree */
	struct arena arena;
	struct strs tips;  /* commits, each once */
	struct strs bases; /* what the other side has */
	struct brought *brought;
	size_t brought_count;
	size_t brought_capacity;
	struct items items; /* in the order of the commits */
	size_t item_capacity;
	struct strs locks; /* commits that have another mldv.lock */
	bool everything; /* another remote: what was on the old is not there */
};

/* In a hook, Git says where it is; it may be a bare repository. */
static int open_git(struct git **out, struct mldv_error *err)
{
	const char *dir = getenv("GIT_DIR");

	if (dir && *dir)
		return git_open_at(out, dir, err);
	if (git_open(out, ".", err) == 0)
		return 0;
	return err->code == MLDV_NOT_FOUND ? git_open_at(out, ".", err) : -1;
}

static int open_project(struct pre_push *push, struct mldv_error *err)
{
	const struct mldv_events *events = push->options->events;
	struct mldv_project *project = xcalloc(1, sizeof *project);

	push->project = project;
	project->root_fd = -1;
	project->events = events ? events : &no_events;
	if (open_git(&project->git, err) < 0)
		return -1;
	project->root = arena_str(&project->arena, git_root(project->git));
	project->prefix = "";
	project->home =
	    arena_printf(&project->arena, "%s/mldv", git_common(project->git));
	return 0;
}

/* The commit that a ref leads to, if it leads to one. */
static int add_tip(struct pre_push *push, const char *revision,
    struct mldv_error *err)
{
	struct buf commit = {0};
	int ret = git_commit_of(push->project->git, revision, &commit, err);

	if (ret == 0 && !strs_has(&push->tips, buf_str(&commit)))
		strs_add(&push->tips, buf_str(&commit));
	buf_release(&commit);
	/* A tag may be of anything. */
	if (ret < 0 && err->code == MLDV_NOT_FOUND &&
	    git_is_there(push->project->git, revision))
		return 0;
	return ret;
}

static bool is_zero(struct slice id)
{
	for (size_t i = 0; i < id.len; i++) {
		if (id.data[i] != '0')
			return false;
	}
	return true;
}

/* "<local ref> <id> <remote ref> <id>" */
static int read_line(struct pre_push *push, struct slice line,
    struct mldv_error *err)
{
	struct arena arena = {0};
	struct slice words[4];
	size_t count = 0;
	int ret = 0;

	while (count < 3 && slice_cut(&line, ' ', &words[count]))
		count++;
	words[3] = line;
	if (count < 3 || words[1].len == 0 || line.len == 0) {
		ret = err_set(err, MLDV_USAGE,
		    "cannot tell what is pushed: these are not the lines that "
		    "Git gives to a pre-push hook");
		goto out;
	}
	push->out->refs = true;
	/* A ref that is deleted. */
	if (is_zero(words[1]))
		goto out;
	if (!is_zero(words[3]))
		strs_add_n(&push->bases, words[3].data, words[3].len);
	ret =
	    add_tip(push, arena_strn(&arena, words[1].data, words[1].len), err);
out:
	arena_release(&arena);
	return ret;
}

static const char *variable(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

/*
 * Nothing came: all is up to date, or whatever calls the hooks kept it for
 * itself. The pre-commit framework says in its variables what it knows.
 */
static int guess_refs(struct pre_push *push, struct mldv_error *err)
{
	const char *from = variable("PRE_COMMIT_FROM_REF");
	const char *to = variable("PRE_COMMIT_TO_REF");
	struct buf head = {0};
	int ret;

	if (to) {
		push->out->refs = true;
		if (from && git_is_there(push->project->git, from))
			ret =
			    git_commit_of(push->project->git, from, &head, err);
		else
			ret = 0;
		if (ret == 0 && head.len > 0)
			strs_add(&push->bases, buf_str(&head));
		buf_release(&head);
		return ret < 0 ? -1 : add_tip(push, to, err);
	}
	to = variable("PRE_COMMIT_LOCAL_BRANCH");
	if (to && git_is_there(push->project->git, to)) {
		push->out->refs = true;
		return add_tip(push, to, err);
	}
	push->out->guessed = true;
	ret = git_head(push->project->git, &head, err);
	if (ret > 0)
		strs_add(&push->tips, buf_str(&head));
	buf_release(&head);
	return ret < 0 ? -1 : 0;
}

static int read_refs(struct pre_push *push, struct mldv_error *err)
{
	const struct mldv_pre_push *options = push->options;
	struct slice rest = {options->refs, options->size};
	struct slice line;
	const char *name = options->remote;
	const char *url = options->url;
	bool more;

	do {
		more = slice_cut(&rest, '\n', &line);
		if (line.len > 0 && read_line(push, line, err) < 0)
			return -1;
	} while (more);
	if (!push->out->refs && guess_refs(push, err) < 0)
		return -1;
	if (!name)
		name = variable("PRE_COMMIT_REMOTE_NAME");
	if (!url)
		url = variable("PRE_COMMIT_REMOTE_URL");
	if (push->tips.count == 0 || !name)
		return 0;
	return git_tracked(push->project->git, name, url ? url : name,
	    &push->bases, err);
}

static bool is_wanted(const char *dir, const char *name)
{
	if (dir[0] == '\0' &&
	    (strcmp(name, PROJECT_LOCK) == 0 || strcmp(name, PROJECT_INI) == 0))
		return true;
	return str_ends(name, POINTER_SUFFIX);
}

static int note_change(void *context, const char *commit, const char *path,
    struct mldv_error *err)
{
	struct pre_push *push = context;
	struct brought *last = NULL;

	(void)err;
	if (push->brought_count > 0)
		last = &push->brought[push->brought_count - 1];
	if (!last || strcmp(last->commit, commit) != 0) {
		push->brought = xgrow(push->brought, push->brought_count,
		    &push->brought_capacity, sizeof *push->brought);
		last = &push->brought[push->brought_count++];
		*last = (struct brought){
		    .commit = arena_str(&push->arena, commit),
		};
	}
	if (strcmp(path, PROJECT_INI) == 0)
		last->ini = true;
	else
		strs_add(&last->files, path);
	return 0;
}

static int find_changes(struct pre_push *push, const struct strs *tips,
    struct mldv_error *err)
{
	const struct git_range range = {
	    .tips = tips,
	    .bases = &push->bases,
	    .wanted = is_wanted,
	    .visit = note_change,
	    .context = push,
	};

	return git_changes(push->project->git, &range, err);
}

static void forget_changes(struct pre_push *push)
{
	for (size_t i = 0; i < push->brought_count; i++)
		strs_release(&push->brought[i].files);
	push->brought_count = 0;
	items_release(&push->items);
	strs_release(&push->locks);
	push->item_capacity = 0;
	push->everything = false;
}

static void add_item(struct pre_push *push, const struct item *item)
{
	struct items *all = &push->items;
	struct item *new;

	all->list =
	    xgrow(all->list, all->count, &push->item_capacity, sizeof *new);
	new = &all->list[all->count++];
	*new = *item;
	new->path = arena_str(&all->arena, item->path);
	if (item->stage)
		new->stage = arena_str(&all->arena, item->stage);
}

/* Did the parent's lock say the same, so that it is there already? */
static bool is_old(const struct items *before, const struct item *item)
{
	const struct item *old = items_find(before, item->path);

	return item->git ||
	    (old && !old->git && content_equal(&old->content, &item->content));
}

static void add_items(struct pre_push *push, const struct items *items,
    const struct items *before)
{
	for (size_t i = 0; i < items->count; i++) {
		if (!is_old(before, &items->list[i]))
			add_item(push, &items->list[i]);
	}
}

/*
 * Of a commit in the middle, what is no pointer after all stands for nothing;
 * but a newer mldv may know better.
 */
static int load_items(struct pre_push *push, const struct brought *brought,
    struct items *out, struct mldv_error *err)
{
	if (items_load_some(push->project, brought->commit, &brought->files,
	        out, err) == 0)
		return 0;
	if (err->code == MLDV_CORRUPT && !strstr(err->text, "a newer mldv") &&
	    !strs_has(&push->tips, brought->commit)) {
		project_warn(push->project, "commit %.10s: %s", brought->commit,
		    err->text);
		return 0;
	}
	return err_prefix(err, "commit %.10s", brought->commit);
}

/* The remote of a commit, "name url"; or NULL. */
static const char *remote_at(struct pre_push *push, const char *commit)
{
	struct mldv_project *project = push->project;
	struct mldv_error ignored;
	const char *name;

	if (settings_load_at(project, commit, &ignored) < 0 ||
	    remotes_choose(project, NULL, &push->arena, &name, &ignored) < 0)
		return NULL;
	return arena_printf(&push->arena, "%s %s", name,
	    mldv_setting(project,
	        arena_printf(&push->arena, "remote.%s.url", name)));
}

static int add_brought(struct pre_push *push, struct brought *brought,
    struct mldv_error *err)
{
	struct arena arena = {0};
	const char *parent = arena_printf(&arena, "%s~1", brought->commit);
	struct strs lock = {0};
	struct items items = {0};
	struct items before = {0};
	struct mldv_error ignored;
	int ret;

	if (strs_has(&brought->files, PROJECT_LOCK))
		strs_add(&push->locks, brought->commit);
	/* Which outputs Git keeps is said there. */
	if (brought->ini && !strs_has(&brought->files, PROJECT_LOCK))
		strs_add(&brought->files, PROJECT_LOCK);
	if (brought->ini) {
		const char *old = remote_at(push, parent);
		const char *new = remote_at(push, brought->commit);

		push->everything |= new && (!old || strcmp(old, new) != 0);
	}
	ret = load_items(push, brought, &items, err);
	strs_add(&lock, PROJECT_LOCK);
	if (ret == 0 && strs_has(&brought->files, PROJECT_LOCK) &&
	    items_load_some(push->project, parent, &lock, &before, &ignored) <
	        0)
		before = (struct items){0};
	if (ret == 0)
		add_items(push, &items, &before);
	items_release(&items);
	items_release(&before);
	strs_release(&lock);
	arena_release(&arena);
	return ret;
}

static int add_everything(struct pre_push *push, const char *tip,
    struct mldv_error *err)
{
	struct items none = {0};
	struct items items;

	if (items_load_at(push->project, tip, &items, err) < 0)
		return err_prefix(err, "commit %.10s", tip);
	add_items(push, &items, &none);
	items_release(&items);
	return 0;
}

static void add_sum(struct mldv_transferred *to,
    const struct mldv_transferred *sum)
{
	to->items += sum->items;
	to->up_to_date += sum->up_to_date;
	to->objects += sum->objects;
	to->packs += sum->packs;
	to->bytes += sum->bytes;
	to->missing += sum->missing;
}

static int send(struct pre_push *push, const char *tip, struct mldv_error *err)
{
	struct mldv_project *project = push->project;
	const struct sync_push what = {
	    .revision = tip,
	    .items = &push->items,
	    .locks = &push->locks,
	    .done = push->options->done,
	    .context = push->options->context,
	};
	struct mldv_transferred sum = {0};
	struct arena arena = {0};
	int ret;

	push->out->changed += push->items.count;
	if (settings_load_at(project, tip, err) < 0)
		return err_prefix(err, "commit %.10s", tip);
	if (!project->store)
		project->store = store_open(project_store_dir(project, &arena));
	ret = sync_push(project, &what, &sum, err);
	add_sum(&push->out->sum, &sum);
	arena_release(&arena);
	return ret;
}

/* What one tip brings, with the settings that it has. */
static int push_tip(struct pre_push *push, const char *tip,
    struct mldv_error *err)
{
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < push->brought_count; i++)
		ret = add_brought(push, &push->brought[i], err);
	if (ret == 0 && push->everything)
		ret = add_everything(push, tip, err);
	if (ret == 0 && (push->items.count > 0 || push->locks.count > 0))
		ret = send(push, tip, err);
	return ret;
}

static int push_tips(struct pre_push *push, struct mldv_error *err)
{
	int ret = find_changes(push, &push->tips, err);

	if (ret < 0 || push->brought_count == 0)
		return ret;
	if (push->tips.count == 1)
		return push_tip(push, push->tips.items[0], err);
	for (size_t i = 0; ret == 0 && i < push->tips.count; i++) {
		const char *tip = push->tips.items[i];
		struct strs one = {0};

		forget_changes(push);
		strs_add(&one, tip);
		ret = find_changes(push, &one, err);
		strs_release(&one);
		if (ret == 0)
			ret = push_tip(push, tip, err);
		strs_add(&push->bases, tip);
	}
	return ret;
}

int mldv_pre_push(const struct mldv_pre_push *options,
    struct mldv_pre_pushed *out, struct mldv_error *err)
{
	struct pre_push push = {.options = options, .out = out};
	int ret;

	*out = (struct mldv_pre_pushed){0};
	ret = open_project(&push, err);
	if (ret == 0)
		ret = read_refs(&push, err);
	if (ret == 0 && push.tips.count > 0)
		ret = push_tips(&push, err);
	forget_changes(&push);
	free(push.brought);
	strs_release(&push.tips);
	strs_release(&push.bases);
	mldv_project_close(push.project);
	arena_release(&push.arena);
	return ret;
}
