/* SPDX-License-Identifier: Apache-2.0 */
#include "remote/remote.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/path.h"
#include "base/pool.h"
#include "base/str.h"
#include "remote/inner.h"
#include "remote/inspect.h"

#define FORMAT_PREFIX  "mldv-remote "
#define FORMAT_VERSION 1
#define FORMAT_LIMIT   4096
#define README_LIMIT   65536
#define PACK_SUFFIX    ".tar.zst"

static const char readme[] =
    "This directory holds data that was put here with mldv.\n"
    "\n"
    "    packs/ab/<id>.tar.zst               objects, each named by its "
    "SHA-256;\n"
    "                                        <id> is the SHA-256 of the file\n"
    "    manifests/<project>/ab/<oid>.<kind> the packs that hold one file or "
    "directory\n"
    "    runs/ab/<key>                       what commands were run, and what "
    "they made\n"
    "\n"
    "Nothing here is to be changed or removed by hand. To have a directory\n"
    "back without mldv, with a shell, zstd and tar:\n"
    "\n"
    "1. Look up in the pointer file (the one in Git that ends in .mldv) the\n"
    "   oid, 64 digits after 'oid sha256:'. The file in manifests/ that is\n"
    "   named by these digits lists the packs.\n"
    "2. Unpack each: zstd -dc <id>.tar.zst | tar xf -  into one directory;\n"
    "   you get one file per object.\n"
    "3. A directory is an object with lines 'f <size> <oid> <name>' (x: to be\n"
    "   executable, l: a symbolic link whose target is the object's text,\n"
    "   d: a directory, p: a further part of this one). Of size 0 there is no\n"
    "   object. In a name \\n is a line feed and \\\\ a backslash.\n"
    "4. An object above 4 MiB lies there as '<oid>.chunks': join the objects\n"
    "   that its lines '<size> <oid>' name, in this order.\n"
    "\n"
    "sha256sum of each object is its name. mldv-format(5) says all of it.\n";

void idle_init(struct idle *idle)
{
	*idle = (struct idle){0};
	(void)pthread_mutex_init(&idle->mutex, NULL);
}

void *idle_take(struct idle *idle)
{
	void *item = NULL;

	(void)pthread_mutex_lock(&idle->mutex);
	if (idle->count > 0)
		item = idle->items[--idle->count];
	(void)pthread_mutex_unlock(&idle->mutex);
	return item;
}

void idle_give(struct idle *idle, void *item)
{
	(void)pthread_mutex_lock(&idle->mutex);
	idle->items = xgrow(idle->items, idle->count, &idle->capacity,
	    sizeof(*idle->items));
	idle->items[idle->count++] = item;
	(void)pthread_mutex_unlock(&idle->mutex);
}

void idle_release(struct idle *idle, void (*close)(void *item))
{
	for (size_t i = 0; i < idle->count; i++)
		close(idle->items[i]);
	free(idle->items);
	(void)pthread_mutex_destroy(&idle->mutex);
	*idle = (struct idle){0};
}

static void close_decoder(void *item)
{
	pack_decoder_close(item);
}

/* The directory that a URL means, or NULL. */
static const char *directory_of(struct arena *arena, const char *url)
{
	if (strncmp(url, "file:///", 8) == 0)
		url += 7;
	return url[0] == '/' ? path_clean(arena, url) : NULL;
}

/* The remote that a URL means. */
static int open_ops(struct remote *remote, const struct remote_options *options,
    struct mldv_error *err)
{
	const char *dir = directory_of(&remote->arena, options->url);
	struct ops_options how = {0};

	if (options->ops)
		how = *options->ops;
	how.events = options->events;
	remote->url = arena_str(&remote->arena, options->url);
	if (s3_is_url(options->url))
		return s3_open_ops(&remote->ops, remote->url, remote->name,
		    &how, err);
	if (http_is_url(options->url))
		return http_open_ops(&remote->ops, remote->url, remote->name,
		    &how, err);
	if (!dir)
		return err_set(err, MLDV_USAGE,
		    "cannot understand '%s', the address of remote '%s'; give "
		    "a directory, as '/path' or 'file:///path', a bucket, as "
		    "'s3://bucket/prefix', or to fetch only, "
		    "'https://host/path'",
		    str_hide_password(&remote->arena, options->url),
		    options->name);
	remote->url = arena_str(&remote->arena, dir);
	remote->ops = dir_open(dir, remote->name, options->events);
	return 0;
}

int ops_open(struct ops **out, const char *url, const char *remote_name,
    const struct ops_options *options, struct mldv_error *err)
{
	struct remote_options how = {
	    .name = remote_name,
	    .url = url,
	    .events = options->events,
	    .ops = options,
	};
	struct remote remote = {.name = remote_name};
	int ret = open_ops(&remote, &how, err);

	*out = remote.ops;
	/* Both kinds of ops keep copies of what they are given. */
	arena_release(&remote.arena);
	return ret;
}

int remote_open(struct remote **out, const struct remote_options *options,
    struct mldv_error *err)
{
	struct remote *remote = xcalloc(1, sizeof(*remote));

	remote->name = arena_str(&remote->arena, options->name);
	if (open_ops(remote, options, err) < 0) {
		arena_release(&remote->arena);
		free(remote);
		return -1;
	}
	remote->project = arena_str(&remote->arena, options->project);
	if (options->state)
		remote->state = arena_str(&remote->arena, options->state);
	remote->events = options->events;
	remote->threads = remote->ops->table->threads;
	if (remote->threads == 0)
		remote->threads = pool_processors();
	if (options->ops && options->ops->jobs > 0 &&
	    options->ops->jobs < remote->threads)
		remote->threads = options->ops->jobs;
	idle_init(&remote->decoders);
	(void)pthread_mutex_init(&remote->mutex, NULL);
	*out = remote;
	return 0;
}

void remote_close(struct remote *remote)
{
	if (!remote)
		return;
	remote->ops->table->close(remote->ops);
	idle_release(&remote->decoders, close_decoder);
	(void)pthread_mutex_destroy(&remote->mutex);
	arena_release(&remote->arena);
	free(remote);
}

int remote_create(struct remote *remote, mldv_finding_fn *visit, void *context,
    struct mldv_error *err)
{
	if (!remote->ops->table->create)
		return err_set(err, MLDV_USAGE,
		    "there is nothing to make for remote '%s': it is no bucket "
		    "of S3; just use it",
		    remote->name);
	return remote->ops->table->create(remote->ops, visit, context, err);
}

void remote_set_label(struct remote *remote, const char *label)
{
	remote->label = label ? arena_str(&remote->arena, label) : NULL;
}

int remote_stopped(const struct remote *remote, struct mldv_error *err)
{
	const struct mldv_events *events = remote->events;

	if (events && events->cancelled && events->cancelled(events->context))
		return err_set(err, MLDV_INTERRUPTED, "interrupted");
	return 0;
}

int64_t remote_clock(void)
{
	struct timespec now = {0};

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

static void show(const struct remote *remote,
    const struct mldv_progress *progress)
{
	const struct mldv_events *events = remote->events;

	if (events && events->progress)
		events->progress(events->context, progress);
}

void remote_begin(struct remote *remote, const char *doing, uint64_t total)
{
	struct mldv_progress progress = {
	    .what = doing,
	    .name = remote->label,
	    .unit = MLDV_BYTES,
	    .total = total,
	};

	remote->doing = doing;
	remote->done = 0;
	remote->total = total;
	show(remote, &progress);
}

void remote_advance(struct remote *remote, uint64_t bytes)
{
	struct mldv_progress progress = {
	    .name = remote->label,
	    .unit = MLDV_BYTES,
	};

	(void)pthread_mutex_lock(&remote->mutex);
	remote->moved += bytes;
	remote->done += bytes;
	if (remote->total > 0 && remote->done > remote->total)
		remote->done = remote->total;
	progress.what = remote->doing;
	progress.done = remote->done;
	progress.total = remote->total;
	(void)pthread_mutex_unlock(&remote->mutex);
	if (progress.what)
		show(remote, &progress);
}

void remote_pack_name(const struct oid *id, char out[REMOTE_NAME])
{
	char hex[OID_HEX + 1];

	oid_hex(id, hex);
	(void)snprintf(out, REMOTE_NAME, "packs/%.2s/%s.tar.zst", hex, hex);
}

void remote_manifest_name(const struct remote *remote,
    const struct content *item, char out[REMOTE_NAME + 64])
{
	char hex[OID_HEX + 1];

	oid_hex(&item->oid, hex);
	(void)snprintf(out, REMOTE_NAME + 64, "manifests/%.32s/%.2s/%s.%s",
	    remote->project, hex, hex, item->kind == KIND_DIR ? "dir" : "file");
}

bool remote_parse_manifest_name(const char *name, struct slice *project,
    struct content *out)
{
	struct slice rest = slice_of(name);
	struct slice part;
	struct slice kind;

	if (!slice_cut(&rest, '/', &part) || !slice_cut(&rest, '/', project) ||
	    !slice_cut(&rest, '/', &part) || !slice_cut(&rest, '.', &kind))
		return false;
	*out = (struct content){
	    .kind = slice_is(rest, "dir") ? KIND_DIR : KIND_FILE,
	};
	return oid_parse(&out->oid, kind) &&
	    (out->kind == KIND_DIR || slice_is(rest, "file"));
}

bool remote_parse_pack_name(const char *name, struct oid *out)
{
	const char *base = path_base(name);

	return strlen(base) == OID_HEX + sizeof(PACK_SUFFIX) - 1 &&
	    strcmp(base + OID_HEX, PACK_SUFFIX) == 0 &&
	    oid_parse(out, (struct slice){base, OID_HEX});
}

/* Which version the text of 'format' names; 0: it names none. */
static uint64_t format_version(const struct buf *text)
{
	struct slice slice = {buf_str(text), text->len};
	struct slice line;
	uint64_t version;

	if (!slice_cut(&slice, '\n', &line) ||
	    !slice_starts(line, FORMAT_PREFIX))
		return 0;
	line.data += sizeof(FORMAT_PREFIX) - 1;
	line.len -= sizeof(FORMAT_PREFIX) - 1;
	return slice_number(line, &version) ? version : 0;
}

/* It is written after 'format'. Another's README.txt says nothing. */
static bool has_readme(const struct remote *remote)
{
	const char *end = strchr(readme, '\n');
	size_t len = (size_t)(end - readme);
	struct mldv_error ignored;
	struct buf text = {0};
	bool ours = remote->ops->table->get(remote->ops, "README.txt",
	                README_LIMIT, &text, &ignored) > 0 &&
	    text.len > len && memcmp(text.data, readme, len) == 0;

	buf_release(&text);
	return ours;
}

/* 1, or 0 if no remote is there. */
static int read_format(const struct remote *remote, struct buf *out,
    struct mldv_error *err)
{
	const struct ops_table *table = remote->ops->table;
	int found = table->get(remote->ops, "format", FORMAT_LIMIT, out, err);

	if (found != 0 || !has_readme(remote))
		return found;
	/* Unless somebody's first push wrote both in between: */
	found = table->get(remote->ops, "format", FORMAT_LIMIT, out, err);
	if (found != 0)
		return found;
	return err_set(err, MLDV_CORRUPT,
	    "remote '%s' has lost its file 'format'; write the line "
	    "'mldv-remote %d' into '%s/format', or run 'mldv fsck --remote %s "
	    "--repair'",
	    remote->name, FORMAT_VERSION, remote->url, remote->name);
}

int remote_check_format(struct remote *remote, struct mldv_error *err)
{
	struct buf text = {0};
	uint64_t version;
	int found;

	if (remote->checked)
		return 1;
	found = read_format(remote, &text, err);
	version = found > 0 ? format_version(&text) : 0;
	buf_release(&text);
	if (found <= 0)
		return found;
	if (version == 0)
		return err_set(err, MLDV_CORRUPT,
		    "'format' of remote '%s' is damaged: it does not read "
		    "'mldv-remote %d'; write this line there if the place is "
		    "an mldv remote",
		    remote->name, FORMAT_VERSION);
	if (version > FORMAT_VERSION)
		return err_set(err, MLDV_FAILED,
		    "remote '%s' has format %llu, and this mldv knows only "
		    "format %d; install a newer mldv",
		    remote->name, (unsigned long long)version, FORMAT_VERSION);
	remote->checked = true;
	return 1;
}

static void visit_format(const struct remote *remote, mldv_finding_fn *visit,
    void *context, int found, const struct mldv_error *why)
{
	struct mldv_finding finding = {.topic = "remote", .text = why->text};
	struct arena arena = {0};
	const char *url = str_hide_password(&arena, remote->url);

	if (found > 0)
		finding.text = arena_printf(&arena,
		    "'%s' at '%s' is an mldv remote", remote->name, url);
	else if (found == 0 && remote->ops->table->read_only)
		finding.level = MLDV_FAILURE;
	if (found == 0)
		finding.text =
		    arena_printf(&arena, "there is nothing yet at '%s'%s", url,
		        finding.level == MLDV_OK ? "; the first push begins it"
		                                 : "");
	if (found < 0)
		finding.level = MLDV_FAILURE;
	visit(context, &finding);
	arena_release(&arena);
}

int remote_examine(struct remote *remote, mldv_finding_fn *visit, void *context,
    struct mldv_error *err)
{
	struct mldv_error why = {0};
	int ret = 1;

	if (remote->ops->table->examine)
		ret = remote->ops->table->examine(remote->ops, visit, context,
		    err);
	if (ret > 0)
		visit_format(remote, visit, context,
		    remote_check_format(remote, &why), &why);
	if (ret >= 0)
		ret = remote_stopped(remote, err);
	return ret < 0 ? -1 : 0;
}

static int put_text(struct remote *remote, const char *name, const char *text,
    struct mldv_error *err)
{
	const struct ops_source source = {.data = text, .size = strlen(text)};

	return remote->ops->table->put(remote->ops, name, &source, OPS_NEW,
	    err);
}

int remote_prepare(struct remote *remote, struct mldv_error *err)
{
	int found;

	/* Then this refuses it. */
	if (remote->ops->table->read_only)
		return remote->ops->table->prepare(remote->ops, err);
	found = remote_check_format(remote, err);
	if (found != 0)
		return found < 0 ? -1 : 0;
	if (remote->ops->table->prepare(remote->ops, err) < 0 ||
	    put_text(remote, "format", FORMAT_PREFIX "1\n", err) < 0 ||
	    put_text(remote, "README.txt", readme, err) < 0 ||
	    remote->ops->table->sync(remote->ops, err) < 0)
		return -1;
	/* Somebody may have been quicker, with another version. */
	found = remote_check_format(remote, err);
	if (found == 0)
		return err_set(err, MLDV_FAILED,
		    "cannot read back what was written to remote '%s'",
		    remote->name);
	return found < 0 ? -1 : 0;
}

/* Is all that lies in a directory of the remote named as mldv names it? */
static int is_ours(struct remote *remote, const char *dir, size_t *count,
    struct mldv_error *err)
{
	struct strs names = {0};
	struct content content;
	struct slice project;
	struct oid id;
	int ret = remote->ops->table->list(remote->ops, dir, &names, err);

	ret = ret < 0 ? -1 : 1;
	for (size_t i = 0; ret > 0 && i < names.count; i++) {
		const char *name = names.items[i];

		ret = remote_parse_pack_name(name, &id) ||
		    remote_parse_manifest_name(name, &project, &content);
	}
	*count = names.count;
	strs_release(&names);
	return ret;
}

int remote_lost_format(struct remote *remote, struct mldv_error *err)
{
	struct buf text = {0};
	size_t manifests = 0;
	size_t packs = 0;
	int found = remote->ops->table->get(remote->ops, "format", FORMAT_LIMIT,
	    &text, err);

	buf_release(&text);
	if (found != 0)
		return found < 0 ? -1 : 0;
	found = is_ours(remote, "manifests", &manifests, err);
	if (found > 0)
		found = is_ours(remote, "packs", &packs, err);
	if (found <= 0)
		return found;
	return manifests > 0 || has_readme(remote);
}

int remote_mend_format(struct remote *remote, struct mldv_error *err)
{
	if (put_text(remote, "format", FORMAT_PREFIX "1\n", err) < 0 ||
	    put_text(remote, "README.txt", readme, err) < 0)
		return -1;
	return remote->ops->table->sync(remote->ops, err);
}

int remote_has(struct remote *remote, const struct content *item,
    struct mldv_error *err)
{
	char name[REMOTE_NAME + 64];
	struct ops_info info;

	remote_manifest_name(remote, item, name);
	return remote->ops->table->head(remote->ops, name, false, &info, err);
}

static int damaged_manifest(const struct remote *remote, const char *name,
    struct mldv_error *err)
{
	struct mldv_error cause = *err;

	if (cause.code != MLDV_CORRUPT)
		return -1;
	return err_set(err, MLDV_CORRUPT,
	    "'%s' on remote '%s' is damaged: %s; remove it there and push the "
	    "item again from a clone that has it",
	    name, remote->name, cause.text);
}

bool remote_is_manifest_of(const struct manifest *manifest,
    const struct content *item)
{
	const struct content *content = &manifest->content;

	return (content->kind == KIND_DIR) == (item->kind == KIND_DIR) &&
	    oid_equal(&content->oid, &item->oid) &&
	    content->size == item->size && content->files == item->files;
}

int remote_read_manifest(struct remote *remote, const struct content *item,
    struct arena *arena, struct manifest *out, struct mldv_error *err)
{
	char name[REMOTE_NAME + 64];
	struct buf text = {0};
	int ret;

	remote_manifest_name(remote, item, name);
	ret = remote->ops->table->get(remote->ops, name, MANIFEST_LIMIT, &text,
	    err);
	if (ret > 0 &&
	    manifest_parse(out, arena, buf_str(&text), text.len, err) < 0) {
		ret = damaged_manifest(remote, name, err);
	} else if (ret > 0 && !remote_is_manifest_of(out, item)) {
		(void)err_set(err, MLDV_CORRUPT,
		    "it is of another item, or of other sizes than the "
		    "pointer says");
		ret = damaged_manifest(remote, name, err);
	}
	buf_release(&text);
	return ret;
}

int remote_manifest(struct remote *remote, const struct content *item,
    struct arena *arena, struct manifest *out, struct mldv_error *err)
{
	return remote_read_manifest(remote, item, arena, out, err);
}

void remote_damaged(const struct remote *remote, const struct oid *pack,
    const struct content *item, struct mldv_error *err)
{
	char pack_name[REMOTE_NAME];
	char manifest[REMOTE_NAME + 64];
	struct mldv_error cause = *err;

	if (cause.code == MLDV_NOT_FOUND)
		(void)err_set(&cause, MLDV_CORRUPT,
		    "it is not there, although the manifest names it");
	if (cause.code != MLDV_CORRUPT)
		return;
	remote_pack_name(pack, pack_name);
	remote_manifest_name(remote, item, manifest);
	(void)err_set(err, MLDV_CORRUPT,
	    "'%s' on remote '%s' is damaged: %s; remove it and '%s' there and "
	    "push the item again from a clone that has it",
	    pack_name, remote->name, cause.text, manifest);
}

const char *remote_state_path(const struct remote *remote, struct arena *arena,
    const char *dir, const struct oid *oid)
{
	char hex[OID_HEX + 1];

	oid_hex(oid, hex);
	return arena_printf(arena, "%s/%s/%s", remote->state, dir, hex);
}
