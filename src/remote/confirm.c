/* SPDX-License-Identifier: Apache-2.0 */
#include "remote/confirm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/pool.h"
#include "base/str.h"
#include "remote/inner.h"

/* More items than this are looked up in a list of all manifests. */
#define ASK_EACH 200

#define RUN_NAME (sizeof "runs/ab/" + OID_HEX)

int remote_exists(struct remote *remote, struct mldv_error *err)
{
	return remote_check_format(remote, err);
}

int remote_is_there(struct remote *remote, struct mldv_error *err)
{
	int found = remote_check_format(remote, err);

	if (found == 0)
		return err_set(err, MLDV_FAILED,
		    "cannot find out what remote '%s' has: it is not there, or "
		    "nothing was ever pushed to it",
		    remote->name);
	return found < 0 ? -1 : 0;
}

struct asking {
	struct remote *remote;
	const struct content *items;
	bool *out;
};

static int ask(void *context, size_t i, struct mldv_error *err)
{
	const struct asking *asking = context;
	int found;

	if (remote_stopped(asking->remote, err) < 0)
		return -1;
	found = remote_has(asking->remote, &asking->items[i], err);
	asking->out[i] = found > 0;
	return found < 0 ? -1 : 0;
}

static int compare_name(const void *key, const void *item)
{
	return strcmp(key, *(const char *const *)item);
}

static int look_up(struct asking *asking, size_t count, struct mldv_error *err)
{
	struct remote *remote = asking->remote;
	char dir[REMOTE_NAME];
	char name[REMOTE_NAME + 64];
	struct strs names = {0};
	int ret;

	(void)snprintf(dir, sizeof(dir), "manifests/%.32s", remote->project);
	ret = remote->ops->table->list(remote->ops, dir, &names, err);
	strs_sort(&names);
	for (size_t i = 0; ret == 0 && i < count; i++) {
		remote_manifest_name(remote, &asking->items[i], name);
		asking->out[i] = names.count > 0 &&
		    bsearch(name, names.items, names.count,
		        sizeof(*names.items), compare_name) != NULL;
	}
	strs_release(&names);
	return ret;
}

int remote_has_each(struct remote *remote, const struct content *items,
    size_t count, bool *out, struct mldv_error *err)
{
	struct asking asking = {remote, items, out};

	if (count > ASK_EACH)
		return look_up(&asking, count, err);
	return pool_run(remote->threads, count, ask, &asking, err);
}

int remote_has_pack(struct remote *remote, const struct manifest_pack *pack,
    struct mldv_error *err)
{
	char name[REMOTE_NAME];
	struct ops_info info;
	int found;

	remote_pack_name(&pack->id, name);
	found = remote->ops->table->head(remote->ops, name, false, &info, err);
	return found > 0 ? info.size == pack->bytes : found;
}

static void run_name(const struct oid *key, char out[RUN_NAME])
{
	char hex[OID_HEX + 1];

	oid_hex(key, hex);
	(void)snprintf(out, RUN_NAME, "runs/%.2s/%s", hex, hex);
}

int remote_run_get(struct remote *remote, const struct oid *key,
    struct buf *out, struct mldv_error *err)
{
	char name[RUN_NAME];

	run_name(key, name);
	return remote->ops->table->get(remote->ops, name, RUN_RECORD_LIMIT, out,
	    err);
}

struct reading {
	struct remote *remote;
	const struct oid *keys;
	struct remote_run *out;
};

static int read_run(void *context, size_t i, struct mldv_error *err)
{
	const struct reading *reading = context;
	struct remote_run *run = &reading->out[i];

	if (remote_stopped(reading->remote, err) < 0)
		return -1;
	run->found =
	    remote_run_get(reading->remote, &reading->keys[i], &run->text, err);
	return run->found < 0 ? -1 : 0;
}

int remote_run_get_many(struct remote *remote, const struct oid *keys,
    size_t count, struct remote_run *out, struct mldv_error *err)
{
	struct reading reading = {remote, keys, out};

	return pool_run(remote->threads, count, read_run, &reading, err);
}

int remote_run_put(struct remote *remote, const struct oid *key,
    const struct buf *text, struct mldv_error *err)
{
	const struct ops_source source = {.data = text->data,
	    .size = text->len};
	struct ops *ops = remote->ops;
	char name[RUN_NAME];
	int ret;

	run_name(key, name);
	if (remote_prepare(remote, err) < 0 || ops->table->lock(ops, err) < 0)
		return -1;
	ret = ops->table->put(ops, name, &source, OPS_NEW, err);
	if (ret > 0 && ops->table->sync(ops, err) < 0)
		ret = -1;
	ops->table->unlock(ops);
	return ret;
}
