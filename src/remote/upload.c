/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "format/lines.h"
#include "remote/push.h"

/*
 * The journal names the packs that were confirmed, so that a push begun again
 * builds nothing twice. Each line is believed only after the remote said that
 * the pack is there, has its length and is young (P1a).
 */

#define JOURNAL_LIMIT (16 << 20)

static const char *journal_path(struct push *push)
{
	const struct remote *remote = push->remote;
	struct buf text = {0};
	struct oid oid;
	const char *path;

	buf_printf(&text, "%s\n%s\n%s\n", remote->url, remote->project,
	    push->many                         ? "many"
	        : push->item->kind == KIND_DIR ? "dir"
	                                       : "file");
	if (!push->many)
		lines_add_oid(&text, &push->item->oid);
	oid_of(text.data, text.len, &oid);
	path = remote_state_path(remote, &push->arena, "pushes", &oid);
	buf_release(&text);
	return path;
}

static bool take_number(struct slice *line, uint32_t *out)
{
	struct slice word;
	uint64_t number;

	if (!slice_cut(line, ' ', &word))
		*line = (struct slice){NULL, 0};
	if (!slice_number(word, &number) || number > UINT32_MAX)
		return false;
	*out = (uint32_t)number;
	return true;
}

static bool parse_line(struct slice line, struct manifest_pack *out)
{
	struct slice word;
	struct slice id;

	if (!slice_cut(&line, ' ', &word) || !slice_cut(&line, ' ', &id))
		return false;
	out->trees = slice_is(word, "trees");
	return (out->trees || slice_is(word, "pack")) &&
	    oid_parse(&out->id, id) && take_number(&line, &out->bytes) &&
	    take_number(&line, &out->index) &&
	    take_number(&line, &out->objects) && out->index < out->bytes &&
	    out->bytes <= PACK_LIMIT;
}

/* Is the pack there, whole and young? */
static int is_there(struct push *push, const struct oid *id, uint64_t bytes,
    struct mldv_error *err)
{
	struct remote *remote = push->remote;
	char name[REMOTE_NAME];
	struct ops_info info;
	int found;

	remote_pack_name(id, name);
	found = remote->ops->table->head(remote->ops, name,
	    !push->options->dry_run, &info, err);
	if (found <= 0)
		return found;
	return info.size == bytes && info.age <= REMOTE_YOUNG &&
	    (!info.has_oid || oid_equal(&info.oid, id));
}

static int take_journal(struct push *push, struct slice text,
    struct mldv_error *err)
{
	struct slice line;

	/* What stands behind the last LF was torn. */
	while (slice_cut(&text, '\n', &line)) {
		struct manifest_pack info;
		int there;

		if (!parse_line(line, &info) || push_is_damaged(push, &info.id))
			continue;
		there = is_there(push, &info.id, info.bytes, err);
		if (there < 0)
			return -1;
		if (there > 0)
			known_add(&push->known, &info, push->item)->own = true;
	}
	return 0;
}

int upload_resume(struct push *push, struct mldv_error *err)
{
	struct buf text = {0};
	struct mldv_error ignored;
	int ret = 0;

	if (!push->remote->state)
		return 0;
	push->journal_path = journal_path(push);
	if (file_read(push->journal_path, JOURNAL_LIMIT, &text, &ignored) == 0)
		ret = take_journal(push,
		    (struct slice){buf_str(&text), text.len}, err);
	buf_release(&text);
	if (ret < 0 || push->options->dry_run)
		return ret;
	/* Without a journal it works all the same. */
	if (file_make_parents(push->journal_path, &ignored) == 0)
		push->journal = open(push->journal_path,
		    O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	return 0;
}

static void write_journal(struct push *push, const struct manifest_pack *info)
{
	struct buf line = {0};
	struct mldv_error ignored;

	if (push->journal < 0)
		return;
	buf_add_str(&line, info->trees ? "trees " : "pack ");
	lines_add_oid(&line, &info->id);
	buf_printf(&line, " %u %u %u\n", info->bytes, info->index,
	    info->objects);
	if (file_write(push->journal, push->journal_path, line.data, line.len,
	        &ignored) < 0) {
		(void)close(push->journal);
		push->journal = -1;
	}
	buf_release(&line);
}

void upload_end(struct push *push, bool done)
{
	if (push->journal >= 0)
		(void)close(push->journal);
	push->journal = -1;
	if (done && push->journal_path)
		(void)unlink(push->journal_path);
}

static void confirm(struct push *push, const struct manifest_pack *info,
    bool written)
{
	struct known_pack *pack;

	(void)pthread_mutex_lock(&push->mutex);
	pack = known_add(&push->known, info, push->item);
	pack->own = pack->used = true;
	pack->dropped = false;
	push->count.packs++;
	push->count.objects += info->objects;
	if (written) {
		push->count.bytes += info->bytes;
		write_journal(push, info);
	}
	(void)pthread_mutex_unlock(&push->mutex);
	remote_advance(push->remote, info->bytes);
}

/*
 * P3: that the name is taken is not enough. Unless the pack is whole and
 * young it is put again, which renews its age.
 */
static int upload(struct push *push, const struct manifest_pack *info,
    const struct ops_source *source, struct mldv_error *err)
{
	struct ops *ops = push->remote->ops;
	char name[REMOTE_NAME];
	int written;
	int there = 0;

	if (remote_stopped(push->remote, err) < 0)
		return -1;
	remote_pack_name(&info->id, name);
	written = ops->table->put(ops, name, source,
	    push_is_damaged(push, &info->id) ? OPS_REPLACE : OPS_NEW, err);
	if (written == 0)
		there = is_there(push, &info->id, info->bytes, err);
	if (written < 0 || there < 0)
		return -1;
	if (written == 0 && there == 0) {
		if (ops->table->put(ops, name, source, OPS_REPLACE, err) < 0)
			return -1;
		written = 1;
	}
	confirm(push, info, written > 0);
	return 0;
}

int upload_file(struct push *push, const struct plan_whole *whole,
    struct mldv_error *err)
{
	const struct store_pack *pack = whole->pack;
	const struct manifest_pack info = {
	    .id = pack->id,
	    .bytes = (uint32_t)pack->bytes,
	    .index = pack->index.begin,
	    .objects = (uint32_t)pack->index.count,
	    .trees = whole->trees,
	};
	struct ops_source source = {
	    .name = pack->path,
	    .size = pack->bytes,
	    .oid = &pack->id,
	};
	int ret;

	if (push->options->dry_run) {
		confirm(push, &info, true);
		return 0;
	}
	source.fd = open(pack->path, O_RDONLY | O_CLOEXEC);
	if (source.fd < 0)
		return err_errno(err, "cannot open '%s'", pack->path);
	ret = upload(push, &info, &source, err);
	(void)close(source.fd);
	return ret;
}

int upload_bytes(struct push *push, const struct pack_info *pack, bool trees,
    const struct buf *bytes, struct mldv_error *err)
{
	const struct manifest_pack info = {
	    .id = pack->id,
	    .bytes = pack->bytes,
	    .index = pack->index,
	    .objects = pack->objects,
	    .trees = trees,
	};
	const struct ops_source source = {
	    .data = bytes->data,
	    .size = bytes->len,
	    .oid = &pack->id,
	};

	if (push->options->dry_run) {
		confirm(push, &info, true);
		return 0;
	}
	if (upload(push, &info, &source, err) < 0)
		return -1;
	known_keep_index(push->remote, &pack->id, bytes->data + pack->index,
	    bytes->len - pack->index);
	return 0;
}
