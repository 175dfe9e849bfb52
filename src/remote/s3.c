/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "aws/s3.h"
#include "remote/ops.h"
#include "remote/s3bucket.h"

/*
 * A bucket, below a prefix, as a remote. What is there is there whole, or not
 * at all, so nothing is to be synced; and no lock is needed: rules P1 to G3.
 */

#define SCHEME "s3://"

/* As many threads as may wait for an answer each. */
enum { THREADS = 32 };

struct bucket {
	struct ops ops;
	struct arena arena;
	struct net_client *net;
	struct s3 *s3;
	const char *name;   /* of the remote */
	const char *url;    /* for messages */
	const char *bucket; /* its own name */
	const char *prefix; /* "", or with a final slash */
	struct ops_options options;
};

static const char *key_of(const struct bucket *bucket, struct arena *arena,
    const char *name)
{
	return arena_printf(arena, "%s%s", bucket->prefix, name);
}

static void bucket_close(struct ops *ops)
{
	struct bucket *bucket = (struct bucket *)ops;

	s3_close(bucket->s3);
	net_close(bucket->net);
	arena_release(&bucket->arena);
	free(bucket);
}

struct foreign {
	size_t skip; /* length of the prefix */
	struct buf key;
};

static int note_foreign(void *context, const struct s3_listed *object,
    struct mldv_error *err)
{
	struct foreign *foreign = context;

	(void)err;
	/* What 'mldv doctor' may not remove again is no data. */
	if (foreign->key.len == 0 &&
	    strcmp(object->key + foreign->skip, S3_PROBE) != 0)
		buf_add_str(&foreign->key, object->key);
	return 0;
}

static int bucket_prepare(struct ops *ops, struct mldv_error *err)
{
	struct bucket *bucket = (struct bucket *)ops;
	struct arena arena = {0};
	struct foreign foreign = {.skip = strlen(bucket->prefix)};
	struct s3_info info;
	int ret =
	    s3_list(bucket->s3, bucket->prefix, 2, note_foreign, &foreign, err);

	/* Somebody else's first push writes 'format' before anything else. */
	if (ret == 0 && foreign.key.len > 0) {
		ret = s3_head(bucket->s3, key_of(bucket, &arena, "format"),
		    &info, err);
		if (ret == 0)
			ret = err_set(err, MLDV_FAILED,
			    "cannot use '%s' as remote '%s': it holds '%s' and "
			    "is no mldv remote; give the remote a prefix of "
			    "its own, as in '%s/mldv'",
			    bucket->url, bucket->name, buf_str(&foreign.key),
			    bucket->url);
	}
	buf_release(&foreign.key);
	arena_release(&arena);
	return ret < 0 ? -1 : 0;
}

static int bucket_lock(struct ops *ops, struct mldv_error *err)
{
	(void)ops;
	(void)err;
	return 0;
}

/* G3: what is deleted is a version, unless there are none. */
static int bucket_lock_all(struct ops *ops, const struct ops_alone *how,
    struct mldv_error *err)
{
	struct bucket *bucket = (struct bucket *)ops;
	int kept = how->exclusive ? 1 : s3_keeps_versions(bucket->s3, err);

	if (kept == 0)
		return err_set(err, MLDV_USAGE,
		    "cannot delete from remote '%s': its bucket keeps no "
		    "versions, so that what is pushed just now could be lost; "
		    "see to it that nobody pushes, and give --exclusive",
		    bucket->name);
	return kept < 0 ? -1 : 0;
}

static void bucket_unlock(struct ops *ops)
{
	(void)ops;
}

static int bucket_head(struct ops *ops, const char *name, bool with_age,
    struct ops_info *out, struct mldv_error *err)
{
	struct bucket *bucket = (struct bucket *)ops;
	struct arena arena = {0};
	struct s3_info info;
	int ret = s3_head(bucket->s3, key_of(bucket, &arena, name), &info, err);

	if (ret > 0) {
		out->size = info.size;
		out->age = 0;
		if (with_age && info.modified != 0 && info.now > info.modified)
			out->age = (uint64_t)(info.now - info.modified);
		out->has_oid = info.has_oid;
		out->oid = info.oid;
		memcpy(out->version, info.version, sizeof(info.version));
	}
	arena_release(&arena);
	return ret;
}

static int bucket_get(struct ops *ops, const char *name, size_t limit,
    struct buf *out, struct mldv_error *err)
{
	struct bucket *bucket = (struct bucket *)ops;
	struct arena arena = {0};
	int ret =
	    s3_get(bucket->s3, key_of(bucket, &arena, name), limit, out, err);

	arena_release(&arena);
	return ret;
}

static int bucket_get_range(struct ops *ops, const char *name, uint64_t offset,
    size_t size, char *out, struct mldv_error *err)
{
	struct bucket *bucket = (struct bucket *)ops;
	struct arena arena = {0};
	const struct s3_range range = {.offset = offset, .size = size};
	int ret = s3_get_range(bucket->s3, key_of(bucket, &arena, name), &range,
	    out, err);

	arena_release(&arena);
	return ret;
}

/* P3: 412 only says that the name is taken, and may be wrong even there. */
static int put_new(struct bucket *bucket, const char *key, struct s3_put *put,
    struct mldv_error *err)
{
	struct s3_info info;
	int ret;

	put->only_new = true;
	ret = s3_put(bucket->s3, key, put, err);
	if (ret != 0)
		return ret;
	ret = s3_head(bucket->s3, key, &info, err);
	if (ret != 0)
		return ret < 0 ? -1 : 0;
	put->only_new = false;
	return s3_put(bucket->s3, key, put, err);
}

static int bucket_put(struct ops *ops, const char *name,
    const struct ops_source *source, enum ops_put how, struct mldv_error *err)
{
	struct bucket *bucket = (struct bucket *)ops;
	struct arena arena = {0};
	struct s3_put put = {
	    .data = source->data,
	    .fd = source->fd,
	    .name = source->name,
	    .size = source->size,
	    .oid = source->oid,
	    .type = source->type,
	    .sse = bucket->options.sse,
	    .kms_key = bucket->options.kms_key,
	};
	int ret;

	/* What is small and read often stays where that is cheap. */
	if (strncmp(name, "packs/", 6) == 0)
		put.storage_class = bucket->options.storage_class;
	if (how == OPS_NEW)
		ret = put_new(bucket, key_of(bucket, &arena, name), &put, err);
	else
		ret =
		    s3_put(bucket->s3, key_of(bucket, &arena, name), &put, err);
	arena_release(&arena);
	return ret;
}

struct names {
	size_t skip; /* length of the prefix */
	struct strs *out;
};

static int note_name(void *context, const struct s3_listed *object,
    struct mldv_error *err)
{
	struct names *names = context;

	(void)err;
	if (strlen(object->key) > names->skip)
		strs_add(names->out, object->key + names->skip);
	return 0;
}

static int bucket_list(struct ops *ops, const char *dir, struct strs *out,
    struct mldv_error *err)
{
	struct bucket *bucket = (struct bucket *)ops;
	struct arena arena = {0};
	struct names names = {strlen(bucket->prefix), out};
	int ret = s3_list(bucket->s3,
	    arena_printf(&arena, "%s%s/", bucket->prefix, dir), 0, note_name,
	    &names, err);

	strs_sort(out);
	arena_release(&arena);
	return ret;
}

/* What is put is there whole; but a killed doctor leaves its probe. */
static int bucket_list_pieces(struct ops *ops, struct strs *out,
    struct mldv_error *err)
{
	return bucket_list(ops, "doctor", out, err);
}

static_assert(S3_VERSION == OPS_VERSION, "they are one thing");

static int bucket_drop(struct ops *ops, const char *name, const char *version,
    struct mldv_error *err)
{
	struct bucket *bucket = (struct bucket *)ops;
	struct arena arena = {0};
	const char *key = key_of(bucket, &arena, name);
	int ret = version ? s3_delete_until(bucket->s3, key, version, err)
	                  : s3_delete(bucket->s3, key, err);

	arena_release(&arena);
	return ret;
}

static int bucket_erase(struct ops *ops, const char *name,
    struct mldv_error *err)
{
	struct bucket *bucket = (struct bucket *)ops;
	struct arena arena = {0};
	int ret = s3_delete_all(bucket->s3, key_of(bucket, &arena, name), err);

	arena_release(&arena);
	return ret;
}

static int bucket_sync(struct ops *ops, struct mldv_error *err)
{
	(void)ops;
	(void)err;
	return 0;
}

static struct s3_remote of(const struct bucket *bucket)
{
	return (struct s3_remote){
	    .s3 = bucket->s3,
	    .name = bucket->name,
	    .bucket = bucket->bucket,
	    .prefix = bucket->prefix,
	    .options = &bucket->options,
	};
}

static int bucket_create(struct ops *ops, mldv_finding_fn *visit, void *context,
    struct mldv_error *err)
{
	struct s3_remote remote = of((struct bucket *)ops);

	return s3_remote_create(&remote, visit, context, err);
}

static int bucket_examine(struct ops *ops, mldv_finding_fn *visit,
    void *context, struct mldv_error *err)
{
	struct s3_remote remote = of((struct bucket *)ops);

	return s3_remote_examine(&remote, visit, context, err);
}

static const struct ops_table table = {
    .threads = THREADS,
    .lockless = true,
    .close = bucket_close,
    .prepare = bucket_prepare,
    .lock = bucket_lock,
    .lock_all = bucket_lock_all,
    .unlock = bucket_unlock,
    .head = bucket_head,
    .get = bucket_get,
    .get_range = bucket_get_range,
    .put = bucket_put,
    .list = bucket_list,
    .list_pieces = bucket_list_pieces,
    .drop = bucket_drop,
    .erase = bucket_erase,
    .sync = bucket_sync,
    .create = bucket_create,
    .examine = bucket_examine,
};

/* Divides "s3://bucket/a/b/" into "bucket" and "a/b/". */
static int parse_url(struct bucket *bucket, const char *url, const char **out,
    struct mldv_error *err)
{
	const char *begin = url + sizeof(SCHEME) - 1;
	size_t name = strcspn(begin, "/");
	const char *prefix = begin + name;
	size_t len;

	while (*prefix == '/')
		prefix++;
	len = strlen(prefix);
	while (len > 0 && prefix[len - 1] == '/')
		len--;
	/* With a name below it, a key has at most 1,024 bytes. */
	if (name == 0 || len > 700 || strpbrk(url, "?#"))
		return err_set(err, MLDV_USAGE,
		    "cannot understand '%s', the address of remote '%s'; give "
		    "a bucket, as 's3://bucket/prefix'",
		    url, bucket->name);
	bucket->bucket = arena_strn(&bucket->arena, begin, name);
	*out = bucket->bucket;
	bucket->prefix = len == 0
	    ? ""
	    : arena_printf(&bucket->arena, "%.*s/", (int)len, prefix);
	return 0;
}

static const char *copy(struct bucket *bucket, const char *text)
{
	return text ? arena_str(&bucket->arena, text) : NULL;
}

static void copy_options(struct bucket *bucket,
    const struct ops_options *options)
{
	bucket->options = *options;
	bucket->options.sse = copy(bucket, options->sse);
	bucket->options.kms_key = copy(bucket, options->kms_key);
	bucket->options.storage_class = copy(bucket, options->storage_class);
}

bool s3_is_url(const char *url)
{
	return strncmp(url, SCHEME, sizeof(SCHEME) - 1) == 0;
}

int s3_open_ops(struct ops **out, const char *url, const char *remote_name,
    const struct ops_options *options, struct mldv_error *err)
{
	struct bucket *bucket = xcalloc(1, sizeof(*bucket));
	const struct net_options net = {.events = options->events,
	    .most = options->jobs};
	struct s3_options how = {
	    .events = options->events,
	    .endpoint = options->endpoint,
	    .region = options->region,
	    .profile = options->profile,
	    .addressing = s3_addressing_of(options->addressing),
	};

	bucket->ops.table = &table;
	bucket->name = arena_str(&bucket->arena, remote_name);
	bucket->url = arena_str(&bucket->arena, url);
	copy_options(bucket, options);
	bucket->net = net_open(&net);
	how.net = bucket->net;
	if (parse_url(bucket, url, &how.bucket, err) < 0 ||
	    s3_open(&bucket->s3, &how, err) < 0) {
		bucket_close(&bucket->ops);
		return -1;
	}
	*out = &bucket->ops;
	return 0;
}
