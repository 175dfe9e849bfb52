/* SPDX-License-Identifier: Apache-2.0 */
#include "project/earlier.h"

#include <string.h>

#include "project/pushed.h"

#define VERSIONS 8 /* of the item that are looked at */

struct finding {
	const struct item *item;
	struct earlier *out;
	size_t versions; /* looked at */
};

static void add(const struct finding *finding, const struct content *content)
{
	struct earlier *out = finding->out;

	if (out->count == EARLIER_MAX || content->files == 0 ||
	    content_equal(content, &finding->item->content))
		return;
	for (size_t i = 0; i < out->count; i++) {
		if (content_equal(content, &out->list[i]))
			return;
	}
	out->list[out->count++] = *content;
}

/* Versions that cannot be read are no reason not to push. */
static int add_pointer(void *context, const char *text, size_t len,
    struct mldv_error *err)
{
	struct finding *finding = context;
	struct mldv_error ignored;
	struct arena arena = {0};
	struct pointer pointer;

	(void)err;
	if (pointer_parse(&pointer, &arena, text, len, &ignored) == 0)
		add(finding, &pointer.content);
	arena_release(&arena);
	return ++finding->versions == VERSIONS;
}

static int add_lock(void *context, const char *text, size_t len,
    struct mldv_error *err)
{
	struct finding *finding = context;
	struct mldv_error ignored;
	struct lockfile lock = {0};
	const struct made *made = NULL;

	(void)err;
	if (lockfile_parse(&lock, text, len, &ignored) == 0)
		made = lockfile_made(&lock, finding->item->path);
	if (made && strcmp(made->path, finding->item->path) == 0)
		add(finding, &made->content);
	lockfile_release(&lock);
	return ++finding->versions == VERSIONS;
}

/* Nothing to find before the first commit. */
static int add_history(struct mldv_project *project, const char *revision,
    struct finding *finding, struct mldv_error *err)
{
	struct arena arena = {0};
	struct buf head = {0};
	const char *path = PROJECT_LOCK;
	int ret = revision ? 1 : git_head(project->git, &head, err);

	if (!finding->item->stage)
		path = arena_printf(&arena, "%s" POINTER_SUFFIX,
		    finding->item->path);
	if (ret == 1)
		ret = git_history(project->git, revision ? revision : "HEAD",
		    path, finding->item->stage ? add_lock : add_pointer,
		    finding, err);
	buf_release(&head);
	arena_release(&arena);
	return ret < 0 ? -1 : 0;
}

int earlier_find(struct mldv_project *project, const char *revision,
    const struct items *items, const struct item *item, struct earlier *out,
    struct mldv_error *err)
{
	struct finding finding = {item, out, 0};
	struct content last;
	int known = pushed_last(project, item->path, &last, err);

	out->count = 0;
	if (known < 0)
		return -1;
	if (known)
		add(&finding, &last);
	if (add_history(project, revision, &finding, err) < 0)
		return -1;
	for (size_t i = 0; i < items->count && out->count < EARLIER_MAX; i++) {
		const struct item *other = &items->list[i];

		known =
		    other->git ? 0 : pushed_has(project, &other->content, err);
		if (known < 0)
			return -1;
		if (known)
			add(&finding, &other->content);
	}
	return 0;
}
