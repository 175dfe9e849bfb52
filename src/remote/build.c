/* SPDX-License-Identifier: Apache-2.0 */
#include "remote/push.h"

static int write_bytes(void *context, const void *data, size_t size,
    struct mldv_error *err)
{
	(void)err;
	buf_add(context, data, size);
	return 0;
}

int push_build(struct push *push, const struct plan *plan, size_t i,
    struct mldv_error *err)
{
	const struct plan_build *build = &plan->builds[i];
	struct buf bytes = {0};
	const struct pack_sink sink = {.context = &bytes, .write = write_bytes};
	struct pack_writer *writer = pack_writer_open();
	struct pack_info info;
	int ret;

	(void)buf_room(&bytes, PACK_MEMORY);
	pack_writer_start(writer, &sink);
	ret = pieces_copy(writer, plan->pieces + build->first, build->count,
	    push->remote->events, err);
	if (ret == 0)
		ret = pack_writer_end(writer, &info, err);
	if (ret == 0)
		ret = upload_bytes(push, &info, build->trees, &bytes, err);
	pack_writer_close(writer);
	buf_release(&bytes);
	return ret;
}
