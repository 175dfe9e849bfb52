/* SPDX-License-Identifier: Apache-2.0 */
#include "project/pushed.h"

#include <string.h>

#include "base/file.h"
#include "base/path.h"
#include "format/pointer.h"

static const char *marker_of(const struct mldv_project *project,
    struct arena *arena, const struct content *content)
{
	char hex[OID_HEX + 1];

	oid_hex(&content->oid, hex);
	return arena_printf(arena, "%s/state/pushed/%s.%s", project->home, hex,
	    content->kind == KIND_DIR ? "dir" : "file");
}

static const char *last_of(const struct mldv_project *project,
    struct arena *arena, const char *path)
{
	char hex[OID_HEX + 1];
	struct oid oid;

	oid_of(path, strlen(path), &oid);
	oid_hex(&oid, hex);
	return arena_printf(arena, "%s/state/last/%.32s", project->home, hex);
}

/*
 * Not synced, which would take longer than many a push: what a crash loses is
 * found out anew, and what survives it is true.
 */
static int put_note(const char *path, const struct buf *text,
    struct mldv_error *err)
{
	struct arena arena = {0};
	struct tempfile temp = {0};
	int ret = -1;

	if (file_make_parents(path, err) == 0 &&
	    tempfile_open(&temp, path_parent(&arena, path), 0666, err) == 0 &&
	    file_write(temp.fd, temp.path, buf_str(text), text->len, err) == 0)
		ret = tempfile_commit_cache(&temp, path, err);
	tempfile_release(&temp);
	arena_release(&arena);
	return ret;
}

int pushed_note(struct mldv_project *project, const char *path,
    const struct content *content, struct mldv_error *err)
{
	const struct pointer pointer = {.content = *content};
	struct arena arena = {0};
	struct buf text = {0};
	const struct buf none = {0};
	const char *marker = marker_of(project, &arena, content);
	const char *last = last_of(project, &arena, path);
	struct content noted;
	int there = file_exists(marker, err);
	int ret = -1;

	if (there < 0)
		goto out;
	pointer_format(&pointer, &text);
	if (!there && put_note(marker, &none, err) < 0)
		goto out;
	there = pushed_last(project, path, &noted, err);
	if (there < 0)
		goto out;
	ret = 0;
	if (!there || !content_equal(&noted, content))
		ret = put_note(last, &text, err);
out:
	buf_release(&text);
	arena_release(&arena);
	return ret;
}

int pushed_has(struct mldv_project *project, const struct content *content,
    struct mldv_error *err)
{
	struct arena arena = {0};
	int ret = file_exists(marker_of(project, &arena, content), err);

	arena_release(&arena);
	return ret;
}

int pushed_last(struct mldv_project *project, const char *path,
    struct content *out, struct mldv_error *err)
{
	struct arena arena = {0};
	struct buf text = {0};
	struct pointer pointer;
	struct mldv_error ignored;
	int ret = file_read(last_of(project, &arena, path), POINTER_LIMIT,
	    &text, err);

	if (ret < 0) {
		ret = err->code == MLDV_NOT_FOUND ? 0 : -1;
	} else if (pointer_parse(&pointer, &arena, buf_str(&text), text.len,
	               &ignored) == 0) {
		*out = pointer.content;
		ret = 1;
	}
	buf_release(&text);
	arena_release(&arena);
	return ret;
}

int pushed_forget(struct mldv_project *project, const struct content *content,
    struct mldv_error *err)
{
	struct arena arena = {0};
	const char *marker = marker_of(project, &arena, content);
	int ret = file_exists(marker, err);

	if (ret == 1)
		ret = file_remove(marker, err) < 0 ? -1 : 1;
	if (ret == 1)
		ret = file_sync_dir(path_parent(&arena, marker), err);
	arena_release(&arena);
	return ret;
}
