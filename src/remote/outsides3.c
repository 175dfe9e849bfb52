/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "aws/s3.h"
#include "base/file.h"
#include "base/path.h"
#include "base/pool.h"
#include "format/tree.h"
#include "remote/outsidekind.h"

/*
 * An object, or all below a prefix. Large ones come in pieces, many at once,
 * each only if the object still has the ETag that it had when it was looked
 * at.
 */

#define SCHEME "s3://"

/* Bytes of a piece, and how many may be in memory at once. */
enum { PIECE = 8 << 20, THREADS = 16 };

struct object {
	const char *key;
	const char *path; /* where it goes */
	const char *etag;
	uint64_t size;
};

struct piece {
	size_t object;
	uint64_t offset;
	size_t size;
};

struct outside_s3 {
	struct outside outside;
	struct arena arena;
	struct net_client *net;
	struct s3 *s3;
	const struct mldv_events *events;
	const char *address;
	const char *key; /* "" or with a final slash: a prefix */
};

/* What is to be read. */
struct fetching {
	struct outside_s3 *from;
	const char *to; /* the directory of all objects; NULL: only look */
	struct arena arena;
	struct object *objects;
	size_t count;
	size_t capacity;
	struct piece *pieces;
	size_t piece_count;
	size_t piece_capacity;
	struct hasher *hasher; /* of the listing */
	struct outside_progress progress;
};

static bool is_prefix(const struct outside_s3 *from)
{
	size_t len = strlen(from->key);

	return len == 0 || from->key[len - 1] == '/';
}

static void close_s3(struct outside *outside)
{
	struct outside_s3 *from = (struct outside_s3 *)outside;

	s3_close(from->s3);
	net_close(from->net);
	arena_release(&from->arena);
	free(from);
}

static void end(struct fetching *fetching)
{
	free(fetching->objects);
	free(fetching->pieces);
	hasher_close(fetching->hasher);
	arena_release(&fetching->arena);
}

/* --- looking --- */

static int nothing_there(const struct outside_s3 *from, bool is_dir,
    struct mldv_error *err)
{
	if (is_dir)
		return err_set(err, MLDV_NOT_FOUND,
		    "there is no '%s', and nothing below it; end the address "
		    "of one object without a slash",
		    from->address);
	return err_set(err, MLDV_NOT_FOUND,
	    "there is no '%s'; for all objects below it give '%s/'",
	    from->address, from->address);
}

static void add_version(struct buf *version, const struct s3_info *info)
{
	/* "null" is what was put while the bucket kept no versions. */
	if (*info->version && strcmp(info->version, "null") != 0 &&
	    outside_add_etag(version, slice_of(info->version)))
		return;
	if (!outside_add_etag(version, slice_of(info->etag)))
		buf_add_str(version, OUTSIDE_UNKNOWN);
}

static int look_at_object(struct outside_s3 *from, struct s3_info *info,
    struct mldv_error *err)
{
	int there = s3_head(from->s3, from->key, info, err);

	if (there == 0)
		return nothing_there(from, false, err);
	return there < 0 ? -1 : 0;
}

/* Why it cannot become a file below a directory: a phrase, or NULL. */
static const char *refused(const char *below)
{
	struct slice rest = slice_of(below);
	struct slice name;
	const char *why = NULL;
	size_t depth = 0;
	bool more = true;

	while (more && !why) {
		/* "a/b/" stands for a directory. */
		more = slice_cut(&rest, '/', &name) && rest.len > 0;
		why = tree_name_refused(name);
		if (++depth >= TREE_DEPTH)
			why = "lies too deep";
	}
	return why;
}

static int refuse_key(const struct outside_s3 *from, const char *key,
    const char *why, struct mldv_error *err)
{
	return err_set(err, MLDV_FAILED,
	    "cannot import '%s': the key '%s' cannot be a file here: %s",
	    from->address, key, why);
}

static int note_object(void *context, const struct s3_listed *object,
    struct mldv_error *err)
{
	struct fetching *fetching = context;
	const struct outside_s3 *from = fetching->from;
	const char *below = object->key + strlen(from->key);
	struct arena *arena = &fetching->arena;
	struct object *out;
	const char *line;

	if (ops_stopped(from->events, err) < 0)
		return -1;
	line = arena_printf(arena, "%s %llu %s\n", object->etag,
	    (unsigned long long)object->size, below);
	hasher_add(fetching->hasher, line, strlen(line));
	fetching->objects = xgrow(fetching->objects, fetching->count,
	    &fetching->capacity, sizeof(*fetching->objects));
	out = &fetching->objects[fetching->count++];
	*out = (struct object){.size = object->size};
	/* The prefix itself, as some tools put it there. */
	if (*below == '\0' || !fetching->to)
		return 0;
	if (refused(below))
		return refuse_key(from, object->key, refused(below), err);
	out->key = arena_str(arena, object->key);
	out->path = path_join(arena, fetching->to, below);
	out->etag = arena_str(arena, object->etag);
	return 0;
}

static int list(struct fetching *fetching, struct buf *version,
    struct mldv_error *err)
{
	struct outside_s3 *from = fetching->from;
	char hex[OID_HEX + 1];
	struct oid oid;

	fetching->hasher = hasher_open();
	hasher_start(fetching->hasher);
	if (s3_list(from->s3, from->key, 0, note_object, fetching, err) < 0)
		return -1;
	if (fetching->count == 0)
		return nothing_there(from, true, err);
	hasher_end(fetching->hasher, &oid);
	oid_hex(&oid, hex);
	buf_add_str(version, hex);
	return 0;
}

static int look_s3(struct outside *outside, struct buf *version,
    struct mldv_error *err)
{
	struct outside_s3 *from = (struct outside_s3 *)outside;
	struct fetching fetching = {.from = from};
	struct s3_info info;
	int ret;

	if (is_prefix(from)) {
		ret = list(&fetching, version, err);
		end(&fetching);
		return ret;
	}
	ret = look_at_object(from, &info, err);
	if (ret == 0)
		add_version(version, &info);
	return ret;
}

/* --- fetching --- */

/* Makes the directories of a path below another, which is there. */
static int make_dirs(struct fetching *fetching, const char *path,
    struct mldv_error *err)
{
	char *name = arena_str(&fetching->arena, path);
	char *slash = name + strlen(fetching->to);

	while ((slash = strchr(slash + 1, '/')) != NULL) {
		*slash = '\0';
		if (mkdir(name, 0777) < 0 && errno != EEXIST)
			return err_errno(err, "cannot make '%s'", name);
		*slash = '/';
	}
	return 0;
}

static int make_object(struct fetching *fetching, const struct object *object,
    struct mldv_error *err)
{
	struct mldv_error cause;
	int fd;

	if (!object->path)
		return 0;
	if (make_dirs(fetching, object->path, &cause) == 0) {
		if (object->path[strlen(object->path) - 1] == '/')
			return 0;
		fd = outside_create(object->path, &cause);
		if (fd >= 0) {
			(void)close(fd);
			return 0;
		}
	}
	if (errno == EEXIST || errno == EISDIR || errno == ENOTDIR)
		return refuse_key(fetching->from, object->key,
		    "another key has it as a directory, or is one above it",
		    err);
	*err = cause;
	return -1;
}

static void divide(struct fetching *fetching, size_t number)
{
	const struct object *object = &fetching->objects[number];
	uint64_t at = 0;

	if (!object->path)
		return;
	fetching->progress.total += object->size;
	while (at < object->size) {
		uint64_t left = object->size - at;
		size_t size = left < PIECE ? (size_t)left : PIECE;

		fetching->pieces =
		    xgrow(fetching->pieces, fetching->piece_count,
		        &fetching->piece_capacity, sizeof(*fetching->pieces));
		fetching->pieces[fetching->piece_count++] =
		    (struct piece){number, at, size};
		at += size;
	}
}

static int write_at(const char *path, const char *data, const struct piece *at,
    struct mldv_error *err)
{
	int fd = open(path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
	size_t done = 0;
	int ret = 0;

	if (fd < 0)
		return err_errno(err, "cannot open '%s'", path);
	while (ret == 0 && done < at->size) {
		ssize_t n = pwrite(fd, data + done, at->size - done,
		    (off_t)(at->offset + done));

		if (n >= 0)
			done += (size_t)n;
		else if (errno != EINTR)
			ret = err_errno(err, "cannot write '%s'", path);
	}
	if (close(fd) < 0 && ret == 0)
		ret = err_errno(err, "cannot write '%s'", path);
	return ret;
}

static int fetch_piece(void *context, size_t i, struct mldv_error *err)
{
	struct fetching *fetching = context;
	const struct piece *piece = &fetching->pieces[i];
	const struct object *object = &fetching->objects[piece->object];
	const struct s3_range range = {
	    .offset = piece->offset,
	    .size = piece->size,
	    .etag = *object->etag ? object->etag : NULL,
	};
	char *data;
	int ret;

	if (ops_stopped(fetching->from->events, err) < 0)
		return -1;
	data = xmalloc(piece->size);
	ret = s3_get_range(fetching->from->s3, object->key, &range, data, err);
	if (ret == 0)
		ret = write_at(object->path, data, piece, err);
	free(data);
	if (ret == 0)
		outside_advance(&fetching->progress, piece->size);
	return ret;
}

static int fetch_objects(struct fetching *fetching, struct mldv_error *err)
{
	for (size_t i = 0; i < fetching->count; i++) {
		if (make_object(fetching, &fetching->objects[i], err) < 0)
			return -1;
		divide(fetching, i);
	}
	fetching->progress.events = fetching->from->events;
	fetching->progress.address = fetching->from->address;
	return pool_run(THREADS, fetching->piece_count, fetch_piece, fetching,
	    err);
}

static int fetch_dir(struct fetching *fetching, const char *to,
    struct buf *version, struct mldv_error *err)
{
	fetching->to = to;
	if (mkdir(to, 0777) < 0)
		return err_errno(err, "cannot make '%s'", to);
	if (list(fetching, version, err) < 0)
		return -1;
	return fetch_objects(fetching, err);
}

static int fetch_object(struct fetching *fetching, const char *to,
    struct buf *version, struct mldv_error *err)
{
	struct outside_s3 *from = fetching->from;
	struct s3_info info;

	if (look_at_object(from, &info, err) < 0)
		return -1;
	add_version(version, &info);
	fetching->to = path_parent(&fetching->arena, to);
	fetching->objects = xcalloc(1, sizeof(*fetching->objects));
	fetching->count = fetching->capacity = 1;
	fetching->objects[0] = (struct object){
	    .key = from->key,
	    .path = to,
	    .etag = arena_str(&fetching->arena, info.etag),
	    .size = info.size,
	};
	return fetch_objects(fetching, err);
}

static int fetch_s3(struct outside *outside, const char *to,
    struct buf *version, struct mldv_error *err)
{
	struct outside_s3 *from = (struct outside_s3 *)outside;
	struct fetching fetching = {.from = from};
	int ret = is_prefix(from) ? fetch_dir(&fetching, to, version, err)
	                          : fetch_object(&fetching, to, version, err);

	end(&fetching);
	return ret;
}

static const struct outside_table table = {close_s3, look_s3, fetch_s3};

int outside_open_s3(struct outside **out, const char *address,
    const struct ops_options *options, struct mldv_error *err)
{
	struct outside_s3 *from = xcalloc(1, sizeof(*from));
	const struct net_options net = {.events = options->events};
	const char *begin = address + sizeof(SCHEME) - 1;
	size_t name = strcspn(begin, "/");
	struct s3_options how = {
	    .events = options->events,
	    .endpoint = options->endpoint,
	    .region = options->region,
	    .profile = options->profile,
	    .addressing = s3_addressing_of(options->addressing),
	    .bucket = arena_strn(&from->arena, begin, name),
	};

	from->outside.table = &table;
	from->events = options->events;
	from->address = arena_str(&from->arena, address);
	from->key =
	    arena_str(&from->arena, begin + name + (begin[name] == '/'));
	from->net = net_open(&net);
	how.net = from->net;
	if (s3_open(&from->s3, &how, err) < 0) {
		close_s3(&from->outside);
		return -1;
	}
	*out = &from->outside;
	return 0;
}
