/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/file.h"
#include "base/path.h"
#include "base/str.h"
#include "mldv/other.h"
#include "net/text.h"
#include "project/allowed.h"
#include "project/importing.h"
#include "remote/ops.h"
#include "remote/outside.h"

/*
 * The address in a pointer is "REPOSITORY#REVISION:PATH", after the manner of
 * Git; no revision has a colon in its name.
 */
/* Does Git's index have the pointer? 1 or 0 */
static int is_staged(const struct importing *importing, const char *pointer,
    struct mldv_error *err)
{
	struct strs staged = {0};
	int ret = git_list(importing->project->git, ":0", POINTER_SUFFIX,
	    &staged, err);
	bool found = ret == 0 && strs_has(&staged, pointer);

	strs_release(&staged);
	return ret < 0 ? -1 : found;
}

/*
 * Was an import of this stopped? Then its pointer lies there, and the data or
 * Git's index lacks it: 1, and begun is that pointer. Else 0.
 */
static int find_begun(struct importing *importing, const char *out,
    struct mldv_error *err)
{
	struct mldv_project *project = importing->project;
	struct arena *arena = &importing->arena;
	struct pointer pointer = {0};
	int there = item_pointer(project, out, &pointer, arena, err);

	if (there <= 0 || !pointer.from_address)
		return there < 0 ? -1 : 0;
	there = file_exists(project_absolute(project, arena, out), err);
	if (there > 0)
		there = is_staged(importing,
		    arena_printf(arena, "%s%s", out, POINTER_SUFFIX), err);
	if (there < 0)
		return -1;
	if (!there)
		importing->begun = pointer;
	return !there;
}

static int refuse(struct importing *importing, const char *out,
    struct mldv_error *err)
{
	return err_set(err, MLDV_EXISTS,
	    "'%s' is an item already; 'mldv update' looks for changes of one "
	    "that was imported",
	    project_shown(importing->project, &importing->arena, out));
}

static int check_out(struct importing *importing, const char *out,
    struct mldv_error *err)
{
	struct mldv_project *project = importing->project;
	struct arena *arena = &importing->arena;
	struct items items = {0};
	int begun = find_begun(importing, out, err);
	int ret = begun < 0 ? -1 : items_load(project, &items, err);

	if (ret == 0 && !begun && items_find(&items, out))
		ret = refuse(importing, out, err);
	if (ret == 0)
		ret = allowed_check(project, out, &items, NULL, err);
	if (ret == 0 && !begun)
		ret = file_exists(project_absolute(project, arena, out), err);
	if (ret > 0)
		ret = err_set(err, MLDV_EXISTS,
		    "there is a '%s' already; name another place",
		    project_shown(project, arena, out));
	items_release(&items);
	return ret;
}

static int make_address(struct importing *importing,
    const struct mldv_place *from, const char **out, struct mldv_error *err)
{
	const struct other *other = &importing->other;
	const char *path = path_clean(&importing->arena, from->path);

	if (other->secret)
		return err_set(err, MLDV_USAGE,
		    "the password in '%s' would get into the pointer; leave it "
		    "out",
		    other->shown);
	if (strchr(other->address, '#'))
		return err_set(err, MLDV_USAGE,
		    "cannot import from '%s': it has a '#' in its name",
		    other->shown);
	*out = arena_printf(&importing->arena, "%s#%s:%s", other->address,
	    from->revision ? from->revision : "HEAD", path);
	return importing_check_address(*out, err);
}

static int find_part(struct importing *importing, const struct mldv_place *from,
    struct other_part *part, struct pointer *pointer, struct mldv_error *err)
{
	if (importing_enter(importing, from, err) < 0 ||
	    make_address(importing, from, &pointer->from_address, err) < 0 ||
	    other_find(&importing->other, from->path, part, err) < 0)
		return -1;
	pointer->content = part->content;
	pointer->from_version = importing->other.commit;
	return 0;
}

/* One that was begun goes on only with the very same. */
static int check_begun(struct importing *importing, const char *out,
    const struct pointer *pointer, struct mldv_error *err)
{
	const struct pointer *begun = &importing->begun;

	if (begun->from_address &&
	    (strcmp(begun->from_address, pointer->from_address) != 0 ||
	        !content_equal(&begun->content, &pointer->content)))
		return refuse(importing, out, err);
	return 0;
}

static int import_part(struct importing *importing,
    const struct mldv_place *from, const char *out, struct mldv_done *done,
    struct mldv_error *err)
{
	struct pointer pointer = {0};
	struct other_part part;

	if (from->path) {
		if (find_part(importing, from, &part, &pointer, err) < 0 ||
		    check_begun(importing, out, &pointer, err) < 0 ||
		    importing_take(importing, &part, err) < 0)
			return -1;
	} else {
		pointer.from_address = from->repository;
		if (importing_check_address(from->repository, err) < 0 ||
		    importing_download(importing, &pointer, err) < 0 ||
		    check_begun(importing, out, &pointer, err) < 0)
			return -1;
	}
	done->files = done->changed = pointer.content.files;
	done->bytes = pointer.content.size;
	return importing_place(importing, out, &pointer, err);
}

int mldv_import_name(struct arena *arena, const char *address, const char **out,
    struct mldv_error *err)
{
	bool web = http_is_url(address);
	const char *begin = strstr(address, "://");
	const char *name;
	struct buf plain = {0};
	size_t len;

	if (!outside_is_address(address))
		return err_set(err, MLDV_USAGE,
		    "cannot import '%s': give a repository and the path of "
		    "something in it, or an address: 's3://bucket/key', "
		    "'s3://bucket/prefix/' or 'https://host/file'",
		    address);
	len = web ? strcspn(begin + 3, "?") : strlen(begin + 3);
	while (len > 0 && begin[2 + len] == '/')
		len--;
	name = path_base(arena_strn(arena, begin + 3, len));
	if (web && (name == NULL || !net_decode(&plain, slice_of(name))))
		buf_reset(&plain);
	*out = web ? arena_str(arena, buf_str(&plain)) : name;
	buf_release(&plain);
	if (**out == '\0' || strchr(*out, '/'))
		return err_set(err, MLDV_USAGE,
		    "'%s' does not say what to call it here; give --out NAME",
		    address);
	return 0;
}

int mldv_import(struct mldv_project *project, const struct mldv_place *from,
    const char *out, struct mldv_done *done, struct strs *staged,
    struct mldv_error *err)
{
	struct importing importing = {.project = project};
	double began = project_clock();
	struct mldv_error second;
	int ret = -1;

	*done = (struct mldv_done){.path = out};
	if (importing_begin(&importing, err) == 0 &&
	    check_out(&importing, out, err) == 0)
		ret = import_part(&importing, from, out, done, err);
	if (pointers_stage(project, &importing.pointers, staged,
	        ret == 0 ? err : &second) < 0)
		ret = -1;
	if (importing_leave(&importing, ret == 0 ? err : &second) < 0)
		ret = -1;
	importing_end(&importing);
	done->seconds = project_clock() - began;
	return ret;
}
