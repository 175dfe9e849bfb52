/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/file.h"
#include "base/path.h"
#include "mldv/hooks.h"
#include "project/item.h"

struct differing {
	struct strs files; /* pointers, mldv.lock */
};

static bool is_wanted(const char *dir, const char *name)
{
	size_t len = strlen(name);
	size_t end = strlen(POINTER_SUFFIX);

	return (dir[0] == '\0' && strcmp(name, PROJECT_LOCK) == 0) ||
	    (len > end && strcmp(name + len - end, POINTER_SUFFIX) == 0);
}

static int note_file(void *context, const char *commit, const char *path,
    struct mldv_error *err)
{
	struct differing *differing = context;

	(void)commit;
	(void)err;
	strs_add(&differing->files, path);
	return 0;
}

/* In the middle of a rebase Git goes through commits that nobody looks at. */
static int is_rebasing(struct mldv_project *project, struct mldv_error *err)
{
	static const char *const names[] = {"rebase-merge", "rebase-apply"};
	struct arena arena = {0};
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < 2; i++)
		ret = file_exists(path_join(&arena, git_own(project->git),
		                      names[i]),
		    err);
	arena_release(&arena);
	return ret;
}

/* The items that are another version than before. */
static int find_items(struct mldv_project *project, const char *from,
    const char *to, struct strs *out, struct mldv_error *err)
{
	struct differing differing = {0};
	const struct git_range range = {
	    .wanted = is_wanted,
	    .visit = note_file,
	    .context = &differing,
	};
	struct items items = {0};
	struct items before = {0};
	struct mldv_error ignored;
	struct strs lock = {0};
	int ret = git_differences(project->git, from, to, &range, err);

	strs_add(&lock, PROJECT_LOCK);
	if (ret == 0 && differing.files.count > 0)
		ret =
		    items_load_some(project, to, &differing.files, &items, err);
	if (ret == 0 && from && strs_has(&differing.files, PROJECT_LOCK) &&
	    items_load_some(project, from, &lock, &before, &ignored) < 0)
		before = (struct items){0};
	for (size_t i = 0; ret == 0 && i < items.count; i++) {
		const struct item *item = &items.list[i];
		const struct item *old = items_find(&before, item->path);

		if (!item->git &&
		    !(old && content_equal(&old->content, &item->content)))
			strs_add(out, item->path);
	}
	items_release(&items);
	items_release(&before);
	strs_release(&lock);
	strs_release(&differing.files);
	return ret;
}

static int place(struct mldv_project *project, const struct mldv_after *after,
    const struct strs *paths, bool *placed, bool *missing,
    struct mldv_error *err)
{
	const struct mldv_checkout checkout = {
	    .done = after->done,
	    .context = after->context,
	};
	struct mldv_error why;

	*placed = mldv_checkout(project, paths, &checkout, &why) == 0;
	if (*placed)
		return 0;
	*missing = why.code == MLDV_MISSING;
	if (*missing)
		return 0;
	*err = why;
	return -1;
}

int mldv_after_checkout(struct mldv_project *project,
    const struct mldv_after *after, bool *placed, bool *missing,
    struct mldv_error *err)
{
	const char *how = config_get(&project->config, "hooks.checkout");
	const char *from = after->from;
	struct strs paths = {0};
	int ret;

	*placed = false;
	*missing = false;
	if (strcmp(how, "off") == 0)
		return 0;
	ret = is_rebasing(project, err);
	if (ret != 0)
		return ret < 0 ? -1 : 0;
	if (from && strspn(from, "0") == strlen(from))
		from = NULL;
	ret = find_items(project, from, after->to, &paths, err);
	for (size_t i = 0; ret == 0 && i < paths.count; i++)
		after->visit(after->context, paths.items[i]);
	if (ret == 0 && paths.count > 0 && strcmp(how, "auto") == 0)
		ret = place(project, after, &paths, placed, missing, err);
	strs_release(&paths);
	return ret;
}
