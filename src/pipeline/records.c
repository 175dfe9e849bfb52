/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/records.h"

#include "base/file.h"
#include "project/remotes.h"
#include "remote/confirm.h"

void records_release(struct records *records)
{
	for (struct record *r = records->first; r; r = r->next)
		if (r->known)
			run_release(&r->run);
	remote_close(records->remote);
	map_release(&records->map);
	arena_release(&records->arena);
	*records = (struct records){0};
}

static struct record *add(struct records *records, const struct oid *key)
{
	struct record *record = arena_alloc(&records->arena, sizeof *record);

	record->key = *key;
	if (!records->last)
		records->last = &records->first;
	*records->last = record;
	records->last = &record->next;
	(void)map_add(&records->map, record->key.bytes, OID_SIZE, record);
	return record;
}

/* What cannot be read is as good as none. */
static void take(struct records *records, struct record *record,
    const struct buf *text)
{
	char hex[OID_HEX + 1];
	struct mldv_error cause;

	if (run_parse(&record->run, &records->arena, &record->key,
	        buf_str(text), text->len, &cause) == 0) {
		record->known = true;
		return;
	}
	oid_hex(&record->key, hex);
	project_warn(records->project, "the record of run %.10s%s: %s", hex,
	    record->remote ? " on the remote" : "", cause.text);
}

static bool is_stop(const struct mldv_error *err)
{
	return err->code == MLDV_INTERRUPTED || err->code == MLDV_TERMINATED;
}

/* Nothing is to fail because a remote cannot be asked. */
CHECKED static int give_up(struct records *records,
    const struct mldv_error *cause, struct mldv_error *err)
{
	if (is_stop(cause)) {
		*err = *cause;
		return -1;
	}
	project_warn(records->project,
	    "what only the remote knows of runs is left out: %s", cause->text);
	remote_close(records->remote);
	records->remote = NULL;
	return 0;
}

/* The remote, or NULL. */
CHECKED static int open_remote(struct records *records, struct mldv_error *err)
{
	struct strs names = {0};
	struct mldv_error cause;
	const char *name;
	int ret = 0;

	records->tried = true;
	config_names(&records->project->config, "remote", &names);
	if (names.count > 0 &&
	    (remotes_choose(records->project, NULL, &records->arena, &name,
	         &cause) < 0 ||
	        remotes_open(records->project, name, &records->remote, &cause) <
	            0 ||
	        remote_is_there(records->remote, &cause) < 0))
		ret = give_up(records, &cause, err);
	strs_release(&names);
	return ret;
}

CHECKED static int ask_remote(struct records *records, struct record *record,
    struct buf *text, struct mldv_error *err)
{
	struct mldv_error cause;
	int found;

	if (!records->tried && !records->here_only &&
	    open_remote(records, err) < 0)
		return -1;
	if (!records->remote)
		return 0;
	found = remote_run_get(records->remote, &record->key, text, &cause);
	if (found > 0)
		record->remote = true;
	return found < 0 ? give_up(records, &cause, err) : found;
}

int records_get(struct records *records, const struct oid *key,
    const struct record **out, struct mldv_error *err)
{
	struct record *record = map_get(&records->map, key->bytes, OID_SIZE);
	struct buf text = {0};
	int found;

	*out = record;
	if (record)
		return 0;
	record = add(records, key);
	*out = record;
	found = store_run_read(records->project->store, key, &text, err);
	if (found == 0)
		found = ask_remote(records, record, &text, err);
	if (found > 0)
		take(records, record, &text);
	buf_release(&text);
	return found < 0 ? -1 : 0;
}

static int read_file(void *context, const struct store_file *file,
    struct mldv_error *err)
{
	struct records *records = context;
	struct buf text = {0};
	int ret = 0;

	if (map_get(&records->map, file->oid.bytes, OID_SIZE))
		return 0;
	ret = file_read(file->path, RUN_RECORD_LIMIT, &text, err);
	if (ret == 0)
		take(records, add(records, &file->oid), &text);
	buf_release(&text);
	return ret;
}

int records_here(struct records *records, struct mldv_error *err)
{
	return store_each(records->project->store, "runs", read_file, records,
	    err);
}

const struct mldv_how_value *records_about(const struct run *run,
    struct arena *arena)
{
	struct mldv_how_value *out =
	    arena_array(arena, run->about_count + 1, sizeof *out);

	for (size_t i = 0; i < run->about_count; i++)
		out[i] = (struct mldv_how_value){"about", run->about[i].word,
		    run->about[i].text};
	return out;
}

const struct mldv_how_value *records_metrics(const struct run *run,
    struct arena *arena)
{
	struct mldv_how_value *out =
	    arena_array(arena, run->metric_count + 1, sizeof *out);

	for (size_t i = 0; i < run->metric_count; i++)
		out[i] = (struct mldv_how_value){run->metrics[i].path,
		    run->metrics[i].name, run->metrics[i].text};
	return out;
}
