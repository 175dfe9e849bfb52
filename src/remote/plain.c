/* SPDX-License-Identifier: Apache-2.0 */
#include "remote/plain.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/pool.h"
#include "remote/inner.h"
#include "remote/ops.h"

enum { PIECE = 8 << 20 };

/* Without the slashes at its end. */
static size_t url_length(const struct remote *remote)
{
	size_t len = strlen(remote->url);

	while (len > 0 && remote->url[len - 1] == '/')
		len--;
	return len;
}

int remote_plain_url(const struct remote *remote, const char *name,
    struct arena *arena, const char **out, struct mldv_error *err)
{
	if (!s3_is_url(remote->url))
		return err_set(err, MLDV_USAGE,
		    "remote '%s' is no bucket of S3, where a job of AWS could "
		    "read its data; run 'mldv remote add NAME s3://BUCKET'",
		    remote->name);
	*out = arena_printf(arena, "%.*s/%s", (int)url_length(remote),
	    remote->url, name);
	return 0;
}

const char *remote_plain_name(const struct remote *remote, const char *url,
    struct arena *arena)
{
	size_t len = url_length(remote);

	if (strncmp(remote->url, url, len) != 0 || url[len] != '/')
		return NULL;
	return arena_str(arena, url + len + 1);
}

int remote_plain_has(struct remote *remote, const char *name, uint64_t age,
    struct mldv_error *err)
{
	struct ops_info info = {0};
	int ret = remote->ops->table->head(remote->ops, name, true, &info, err);

	return ret > 0 ? info.age <= age : ret;
}

int remote_plain_put(struct remote *remote, const char *name, const void *data,
    size_t size, struct mldv_error *err)
{
	const struct ops_source source = {.data = data, .size = size};

	if (remote_prepare(remote, err) < 0)
		return -1;
	return remote->ops->table->put(remote->ops, name, &source, OPS_REPLACE,
	           err) < 0
	    ? -1
	    : 0;
}

int remote_plain_put_new(struct remote *remote, const char *name,
    const struct buf *text, struct mldv_error *err)
{
	const struct ops_source source = {.data = buf_str(text),
	    .size = text->len};

	if (remote_prepare(remote, err) < 0)
		return -1;
	return remote->ops->table->put(remote->ops, name, &source, OPS_NEW,
	    err);
}

int remote_plain_read(struct remote *remote, const char *name, size_t limit,
    struct buf *out, struct mldv_error *err)
{
	return remote->ops->table->get(remote->ops, name, limit, out, err);
}

struct many {
	struct remote *remote;
	const struct remote_plain *files;
};

static int put_one(void *context, size_t i, struct mldv_error *err)
{
	const struct many *many = context;
	struct remote *remote = many->remote;
	const struct remote_plain *file = &many->files[i];
	struct ops_source source = {
	    .fd = open(file->file, O_RDONLY | O_CLOEXEC),
	    .name = file->file,
	    .size = file->size,
	    .oid = &file->oid,
	};
	int ret;

	if (source.fd < 0)
		return err_errno(err, "cannot open '%s'", file->file);
	/* An empty file has no bytes to be read. */
	if (file->size == 0)
		source.data = "";
	ret = remote_stopped(remote, err);
	if (ret == 0)
		ret = remote->ops->table->put(remote->ops, file->name, &source,
		    OPS_REPLACE, err);
	(void)close(source.fd);
	remote_advance(remote, file->size);
	return ret < 0 ? -1 : 0;
}

int remote_plain_put_many(struct remote *remote,
    const struct remote_plain *files, size_t count, struct mldv_error *err)
{
	struct many many = {remote, files};
	uint64_t total = 0;

	for (size_t i = 0; i < count; i++)
		total += files[i].size;
	if (remote_prepare(remote, err) < 0)
		return -1;
	remote_begin(remote, "sending", total);
	return pool_run(remote->threads, count, put_one, &many, err);
}

int remote_plain_get(struct remote *remote, const char *name, uint64_t most,
    int fd, struct mldv_error *err)
{
	const struct ops_table *table = remote->ops->table;
	struct ops_info info = {0};
	int ret = table->head(remote->ops, name, false, &info, err);
	char *piece;

	if (ret > 0 && info.size > most)
		return err_set(err, MLDV_CORRUPT,
		    "'%s' on the remote has more than %" PRIu64 " bytes", name,
		    most);
	piece = ret > 0 ? xmalloc(PIECE) : NULL;
	if (ret > 0)
		remote_begin(remote, "fetching", info.size);
	for (uint64_t at = 0; ret > 0 && at < info.size; at += PIECE) {
		size_t size =
		    info.size - at < PIECE ? (size_t)(info.size - at) : PIECE;

		if (remote_stopped(remote, err) < 0 ||
		    table->get_range(remote->ops, name, at, size, piece, err) <
		        0 ||
		    file_write(fd, name, piece, size, err) < 0)
			ret = -1;
		remote_advance(remote, size);
	}
	free(piece);
	return ret;
}
