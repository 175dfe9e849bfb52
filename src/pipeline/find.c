/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/path.h"
#include "format/lines.h"
#include "pipeline/find.h"

#define PREFIX_LEAST 8

/* --- what is found --- */

static const char *unescape(struct arena *arena, struct slice text)
{
	char *out = arena_alloc(arena, text.len + 1);
	size_t len = 0;

	return lines_unescape(text, out, &len) ? out : "";
}

static void add(struct find *find, const struct hit *hit)
{
	struct hit *copy;
	char *id = arena_printf(&find->arena, "%d %s %s %s %s", (int)hit->as,
	    hit->stage ? hit->stage : "", hit->key ? hit->key : "",
	    hit->inside ? hit->inside : "", hit->path);
	struct hit *known = map_get_str(&find->known, id);

	if (known) {
		known->here |= hit->here;
		return;
	}
	copy = arena_copy(&find->arena, hit, sizeof *hit);
	(void)map_add_str(&find->known, id, copy);
	*find->last = copy;
	find->last = &copy->next;
}

/* Digits that begin as what is looked for. */
static bool matches(struct find *find, struct slice hex)
{
	size_t len = strlen(find->prefix);

	return hex.len == OID_HEX && memcmp(hex.data, find->prefix, len) == 0 &&
	    oid_parse(&find->oid, hex);
}

/* "f 12 <oid> path", "d 12 3 <oid> path" of a line with what was made. */
static bool read_made(struct slice line, struct content *out, struct slice *hex,
    struct slice *path)
{
	struct slice word;

	(void)slice_cut(&line, ' ', &word);
	out->files = 1;
	if (!kind_of_letter(word, &out->kind))
		return false;
	(void)slice_cut(&line, ' ', &word);
	if (!slice_number(word, &out->size))
		return false;
	if (out->kind == KIND_DIR) {
		(void)slice_cut(&line, ' ', &word);
		if (!slice_number(word, &out->files))
			return false;
	}
	(void)slice_cut(&line, ' ', hex);
	*path = line;
	return oid_parse(&out->oid, *hex);
}

static void look_at_made(struct find *find, struct hit *hit, struct slice line)
{
	struct content content;
	struct slice hex;
	struct slice path;

	if (!read_made(line, &content, &hex, &path))
		return;
	if (find->directories && content.kind == KIND_DIR) {
		find_add_dir(find, &content, hit, unescape(&find->arena, path));
		return;
	}
	if (find->directories || !matches(find, hex))
		return;
	find->content = content;
	find->has_content = true;
	hit->as = MLDV_FOUND_MADE;
	hit->path = unescape(&find->arena, path);
	add(find, hit);
}

/* "f <oid> path" */
static void look_at_dep(struct find *find, struct hit *hit, struct slice line)
{
	struct slice hex;

	if (find->directories || line.len < OID_HEX + 3)
		return;
	hex = (struct slice){line.data + 2, OID_HEX};
	if (!matches(find, hex))
		return;
	hit->as = MLDV_FOUND_READ;
	hit->path = unescape(&find->arena,
	    (struct slice){hex.data + OID_HEX + 1, line.len - OID_HEX - 3});
	add(find, hit);
}

static bool take(struct slice *line, const char *word)
{
	size_t len = strlen(word);

	if (!slice_starts(*line, word))
		return false;
	line->data += len;
	line->len -= len;
	return true;
}

/* A lock, or a record of a run, whose key stands in its name. */
static void look_at_lines(struct find *find, struct hit *hit, struct slice text)
{
	struct slice line;

	while (text.len > 0) {
		(void)slice_cut(&text, '\n', &line);
		if (take(&line, "stage "))
			hit->stage = unescape(&find->arena, line);
		else if (take(&line, "key "))
			hit->key =
			    arena_strn(&find->arena, line.data, line.len);
		else if (take(&line, "made "))
			look_at_made(find, hit, line);
		else if (take(&line, "dep "))
			look_at_dep(find, hit, line);
	}
}

static void look_at_pointer(struct find *find, struct hit *hit,
    struct slice text)
{
	struct arena arena = {0};
	struct mldv_error ignored;
	struct pointer pointer;
	char hex[OID_HEX + 1];

	if (pointer_parse(&pointer, &arena, text.data, text.len, &ignored) ==
	    0) {
		oid_hex(&pointer.content.oid, hex);
		if (find->directories && pointer.content.kind == KIND_DIR) {
			find_add_dir(find, &pointer.content, hit, hit->path);
		} else if (!find->directories && matches(find, slice_of(hex))) {
			hit->as = MLDV_FOUND_ADDED;
			find->content = pointer.content;
			find->has_content = true;
			add(find, hit);
		}
	}
	arena_release(&arena);
}

static int look_at_file(void *context, const struct history_file *file,
    struct mldv_error *err)
{
	struct find *find = context;
	struct hit hit = {.commit = file->commit};
	bool wanted = find->directories ||
	    memmem(file->text.data, file->text.len, find->prefix,
	        strlen(find->prefix));

	(void)err;
	if (!wanted)
		return 0;
	if (hit.commit)
		hit.commit = arena_str(&find->arena, file->commit);
	hit.here = file->commit == NULL;
	if (file->is_lock) {
		look_at_lines(find, &hit, file->text);
		return 0;
	}
	hit.path = arena_strn(&find->arena, file->path,
	    strlen(file->path) - strlen(POINTER_SUFFIX));
	look_at_pointer(find, &hit, file->text);
	return 0;
}

/* --- where it is looked for --- */

/* The lock and the pointers that lie there. */
CHECKED static int look_here(struct find *find, struct mldv_error *err)
{
	struct lockfile lock = {0};
	struct buf text = {0};
	int ret = project_read_lock(find->project, &lock, err);

	if (ret == 0 && lock.count > 0) {
		lockfile_format(&lock, &text);
		ret = look_at_file(find,
		    &(struct history_file){.path = PROJECT_LOCK,
		        .is_lock = true,
		        .text = {buf_str(&text), text.len}},
		    err);
	}
	for (size_t i = 0; ret == 0 && i < find->items.count; i++) {
		const struct item *item = &find->items.list[i];
		struct hit hit = {.here = true, .path = item->path};
		const struct pointer pointer = {.content = item->content};

		if (item->stage)
			continue;
		buf_reset(&text);
		pointer_format(&pointer, &text);
		look_at_pointer(find, &hit,
		    (struct slice){buf_str(&text), text.len});
	}
	lockfile_release(&lock);
	buf_release(&text);
	return ret;
}

CHECKED static int look_in_history(struct find *find, enum git_reach reach,
    struct mldv_error *err)
{
	const struct history history = {
	    .project = find->project,
	    .reach = reach,
	    .visit = look_at_file,
	    .context = find,
	};

	return history_each(&history, err);
}

/* Runs that no lock tells of any more. */
static int look_at_record(void *context, const struct store_file *file,
    struct mldv_error *err)
{
	struct find *find = context;
	char hex[OID_HEX + 1];
	struct hit hit = {0};
	struct buf text = {0};
	int ret = file_read(file->path, RUN_RECORD_LIMIT, &text, err);

	if (ret == 0 &&
	    (find->directories ||
	        memmem(buf_str(&text), text.len, find->prefix,
	            strlen(find->prefix)))) {
		oid_hex(&file->oid, hex);
		hit.key = arena_str(&find->arena, hex);
		look_at_lines(find, &hit,
		    (struct slice){buf_str(&text), text.len});
	}
	buf_release(&text);
	return ret;
}

/* The nearest first: what no branch has is looked for only then. */
CHECKED static int look(struct find *find, struct mldv_error *err)
{
	int ret = look_in_history(find, REACH_REFS, err);

	if (ret == 0)
		ret = look_here(find, err);
	if (ret == 0 && !find->first)
		ret = look_in_history(find, REACH_NOTED, err);
	if (ret == 0 && !find->first)
		ret = look_in_history(find, REACH_ALL, err);
	if (ret == 0)
		ret = store_each(find->project->store, "runs", look_at_record,
		    find, err);
	return ret;
}

/* --- what is looked for --- */

static bool is_prefix(const char *text)
{
	size_t len = strlen(text);

	return len >= PREFIX_LEAST && len <= OID_HEX &&
	    strspn(text, "0123456789abcdef") == len;
}

CHECKED static int hash_file(struct find *find, const char *path,
    struct mldv_error *err)
{
	struct hasher *hasher = hasher_open();
	char *piece = xmalloc(PIECE);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = -1;

	find->content = (struct content){.kind = KIND_FILE, .files = 1};
	hasher_start(hasher);
	while (fd >= 0 && (n = read(fd, piece, PIECE)) > 0) {
		hasher_add(hasher, piece, (size_t)n);
		find->content.size += (uint64_t)n;
	}
	hasher_end(hasher, &find->content.oid);
	hasher_close(hasher);
	free(piece);
	if (n < 0)
		(void)err_errno(err, "cannot read '%s'", path);
	if (fd >= 0)
		(void)close(fd);
	find->has_content = true;
	return n < 0 ? -1 : 0;
}

/* A directory only if it lies in the project, as an item would. */
CHECKED static int hash_given(struct find *find, const char *what,
    struct mldv_error *err)
{
	struct buf path = {0};
	char hex[OID_HEX + 1];
	struct stat st;
	int ret;

	if (stat(what, &st) < 0)
		return err_errno(err, "cannot look at '%s'", what);
	if (!S_ISDIR(st.st_mode)) {
		ret = hash_file(find, what, err);
	} else {
		ret = mldv_project_path(find->project, what, &path, err);
		if (ret == 0)
			ret = worktree_hash(find->project, buf_str(&path),
			    &find->content, NULL, err);
		find->has_content = true;
	}
	buf_release(&path);
	if (ret < 0)
		return -1;
	oid_hex(&find->content.oid, hex);
	find->prefix = arena_str(&find->arena, hex);
	find->oid = find->content.oid;
	return 0;
}

CHECKED static int begin(struct find *find, const char *what,
    struct mldv_error *err)
{
	struct mldv_error ignored;
	int there = file_exists(what, &ignored);

	find->last = &find->first;
	find->last_dir = &find->dir_list;
	if (slice_starts(slice_of(what), "sha256:"))
		what += strlen("sha256:");
	if (there <= 0 && is_prefix(what))
		find->prefix = what;
	else if (hash_given(find, what, err) < 0)
		return -1;
	if (find->has_content && find->content.size == 0)
		return err_set(err, MLDV_USAGE,
		    "'%s' is empty: there is nothing to recognise it by", what);
	return items_load(find->project, &find->items, err);
}

static void release(struct find *find)
{
	items_release(&find->items);
	map_release(&find->known);
	map_release(&find->dirs);
	arena_release(&find->arena);
}

int mldv_find(struct mldv_project *project, const struct mldv_find *options,
    struct mldv_error *err)
{
	struct find find = {.project = project, .options = options};
	int ret = begin(&find, options->what, err);

	if (ret == 0)
		ret = look(&find, err);
	if (ret == 0 && !find.first && strlen(find.prefix) == OID_HEX) {
		(void)oid_parse(&find.oid, slice_of(find.prefix));
		find.directories = true;
		ret = look(&find, err);
		if (ret == 0)
			ret = find_inside(&find, err);
	}
	if (ret == 0)
		ret = find_tell(&find, err);
	if (ret == 0 && !find.first)
		ret = err_set(err, MLDV_NO, "'%s' was not found%s",
		    options->what,
		    find.lacking
		        ? "; the lists of some directories are not here: 'mldv "
		          "fetch' gets them"
		        : "");
	release(&find);
	return ret;
}
