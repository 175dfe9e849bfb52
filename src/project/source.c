/* SPDX-License-Identifier: Apache-2.0 */
#include "project/source.h"

#include <errno.h>
#include <unistd.h>

#define PIECE 262144 /* bytes of a large file that are read at once */

int source_open(struct source *source, struct mldv_error *err)
{
	if (store_load(source->store, err) < 0)
		return -1;
	source->reader = store_reader_open(source->store);
	return 0;
}

static void leave(struct source *source)
{
	remote_view_close(source->view);
	source->view = NULL;
}

void source_enter(struct source *source, const struct content *item)
{
	if (!content_equal(&source->item, item))
		leave(source);
	source->item = *item;
}

static int view(struct source *source, struct mldv_error *err)
{
	if (source->view)
		return 0;
	return remote_view_open(&source->view, source->remote, source->store,
	    &source->item, err);
}

static int keep(struct source *source, const struct oid *oid,
    struct mldv_error *err)
{
	if (!source->keep)
		return 0;
	if (!source->packer)
		source->packer = store_packer_open(source->store);
	return store_packer_put(source->packer, oid, source->text.data,
	    source->text.len, err);
}

static int get_tree(void *context, const struct oid *oid, struct slice *out,
    struct mldv_error *err)
{
	struct source *source = context;

	if (!source->remote || store_find(source->store, oid, NULL))
		return store_reader_get(source->reader, oid, out, err);
	buf_reset(&source->text);
	if (view(source, err) < 0 ||
	    remote_view_tree(source->view, oid, &source->text, err) < 0 ||
	    keep(source, oid, err) < 0)
		return -1;
	*out = (struct slice){buf_str(&source->text), source->text.len};
	return 0;
}

struct trees source_trees(struct source *source)
{
	return (struct trees){source, get_tree};
}

static int write_pieces(int fd, const struct remote_sink *sink,
    struct mldv_error *err)
{
	struct buf piece = {0};
	char *room = buf_room(&piece, PIECE);
	int ret = 0;

	while (ret == 0) {
		ssize_t got = read(fd, room, PIECE);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			ret = err_errno(err, "cannot read from the store");
		if (got <= 0)
			break;
		ret = sink->write(sink->context, room, (size_t)got, err);
	}
	buf_release(&piece);
	return ret;
}

static int write_stored(struct source *source, const struct content *file,
    const struct remote_sink *sink, struct mldv_error *err)
{
	struct slice data;
	int fd, ret;

	if (file->size <= OBJECT_WHOLE_MAX) {
		if (store_reader_get(source->reader, &file->oid, &data, err) <
		    0)
			return -1;
		return sink->write(sink->context, data.data, data.len, err);
	}
	if (store_file_open(source->store, &file->oid, file->size, &fd, err) <
	    0)
		return -1;
	ret = write_pieces(fd, sink, err);
	(void)close(fd);
	return ret;
}

int source_file(struct source *source, const struct content *file,
    const struct remote_sink *sink, struct mldv_error *err)
{
	int here = store_has(source->store, &file->oid, file->size, err);

	if (here < 0)
		return -1;
	if (here || !source->remote)
		return write_stored(source, file, sink, err);
	if (view(source, err) < 0)
		return -1;
	return remote_view_file(source->view, &file->oid, file->size, sink,
	    err);
}

int source_end(struct source *source, struct mldv_error *err)
{
	if (!source->packer)
		return 0;
	if (store_packer_end(source->packer, err) < 0)
		return -1;
	store_packer_close(source->packer);
	source->packer = NULL;
	/* Its packs are not in the list that was read. */
	store_reader_close(source->reader);
	store_unload(source->store);
	source->reader = NULL;
	return source_open(source, err);
}

void source_close(struct source *source)
{
	leave(source);
	store_packer_close(source->packer);
	store_reader_close(source->reader);
	buf_release(&source->text);
	*source = (struct source){0};
}
