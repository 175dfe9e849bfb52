/* SPDX-License-Identifier: Apache-2.0 */

/* The jobs that this clone knows of. */

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/jsonout.h"
#include "base/path.h"
#include "format/json.h"
#include "runner/jobservice.h"

enum { RECORD_LIMIT = 64 << 10 };

static const char *jobs_dir(const struct mldv_project *project,
    struct arena *arena)
{
	return path_join(arena, project->home, "jobs");
}

int job_record_write(struct mldv_project *project,
    const struct job_record *record, struct mldv_error *err)
{
	struct arena arena = {0};
	struct buf text = {0};
	struct jsonout json = {.out = &text};
	const char *dir = jobs_dir(project, &arena);
	int ret = file_make_dirs(dir, err);

	jsonout_begin(&json, NULL, '{');
	jsonout_text(&json, "stage", record->stage);
	jsonout_text(&json, "key", record->key);
	jsonout_text(&json, "region", record->region);
	jsonout_text(&json, "profile", record->profile);
	jsonout_count(&json, "started", record->started);
	jsonout_end(&json, '}');
	buf_add_char(&text, '\n');
	if (ret == 0)
		ret = file_replace(path_join(&arena, dir, record->name),
		    text.data, text.len, err);
	buf_release(&text);
	arena_release(&arena);
	return ret;
}

void job_record_remove(struct mldv_project *project, const char *name)
{
	struct arena arena = {0};

	(void)unlink(path_join(&arena, jobs_dir(project, &arena), name));
	arena_release(&arena);
}

/* False if it is none: it is only for looking at. */
static bool read_record(const char *path, struct arena *arena,
    struct job_record *out)
{
	struct mldv_error ignored;
	struct json *doc = NULL;
	struct buf text = {0};
	bool good = file_read(path, RECORD_LIMIT, &text, &ignored) == 0 &&
	    json_open(&doc, (struct slice){text.data, text.len}, JSON_LIMIT,
	        JSON_STRICTLY, &ignored) == 0;

	if (good) {
		*out = (struct job_record){
		    .name = arena_str(arena, path_base(path)),
		    .stage = json_text_at(doc, "stage", arena),
		    .key = json_text_at(doc, "key", arena),
		    .region = json_text_at(doc, "region", arena),
		    .profile = json_text_at(doc, "profile", arena),
		    .runner = json_text_at(doc, "runner", arena),
		    .started = (uint64_t)json_int(json_get(doc, "started")),
		};
		good = out->stage && out->key && out->region;
	}
	json_close(doc);
	buf_release(&text);
	return good;
}

static int by_time(const void *a, const void *b)
{
	const struct job_record *x = a;
	const struct job_record *y = b;

	if (x->started != y->started)
		return x->started < y->started ? -1 : 1;
	return strcmp(x->name, y->name);
}

int job_records_read(struct mldv_project *project, struct arena *arena,
    struct job_record **out, size_t *count, struct mldv_error *err)
{
	const char *dir = jobs_dir(project, arena);
	struct strs names = {0};
	int there = file_exists(dir, err);

	*count = 0;
	if (there > 0 && file_list(dir, &names, err) < 0)
		there = -1;
	*out = arena_array(arena, names.count + 1, sizeof **out);
	for (size_t i = 0; i < names.count; i++) {
		if (!temp_is_name(names.items[i]) &&
		    read_record(path_join(arena, dir, names.items[i]), arena,
		        &(*out)[*count]))
			*count += 1;
	}
	if (*count > 0)
		qsort(*out, *count, sizeof **out, by_time);
	strs_release(&names);
	return there < 0 ? -1 : 0;
}
