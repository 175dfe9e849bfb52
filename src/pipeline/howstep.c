/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "format/lock.h"
#include "format/pointer.h"
#include "format/stages.h"
#include "pipeline/enclosed.h"
#include "pipeline/how.h"
#include "project/inifiles.h"

/* A file of Git that is larger is not read for comparing it. */
#define CODE_LIMIT (64 << 20)

static const char *hex_of(struct arena *arena, const struct oid *oid)
{
	char hex[OID_HEX + 1];

	oid_hex(oid, hex);
	return arena_str(arena, hex);
}

static struct mldv_how_file file_of(struct how *how, const char *path,
    const struct content *content)
{
	return (struct mldv_how_file){
	    .path = path,
	    .oid = hex_of(&how->arena, &content->oid),
	    .kind = kind_letter(content->kind),
	    .files = content->files,
	    .bytes = content->size,
	};
}

/* --- a stage --- */

static void fill_outs(struct how *how, const struct lock_stage *locked,
    struct mldv_how_step *told)
{
	struct mldv_how_file *outs =
	    arena_array(&how->arena, locked->made_count + 1, sizeof *outs);

	for (size_t i = 0; i < locked->made_count; i++)
		outs[i] = file_of(how, locked->made[i].path,
		    &locked->made[i].content);
	told->outs = outs;
	told->out_count = locked->made_count;
}

/* What else the result depends on, but for what always is the same. */
static bool is_told(const struct key_fact *fact)
{
	static const char *const silent[] = {"cmd", "dep", "out", "nb",
	    "envlock"};

	for (size_t i = 0; i < sizeof silent / sizeof silent[0]; i++)
		if (strcmp(fact->word, silent[i]) == 0)
			return false;
	if (strcmp(fact->word, "cwd") == 0)
		return strcmp(fact->value, ".") != 0;
	if (strcmp(fact->word, "runner") == 0)
		return strncmp(fact->value, "shell ", 6) != 0;
	return strcmp(fact->word, "shell") != 0;
}

static void fill_values(struct how *how, const struct key_facts *facts,
    struct mldv_how_step *told)
{
	struct mldv_how_value *values =
	    arena_array(&how->arena, facts->count + 1, sizeof *values);

	for (size_t i = 0; i < facts->count; i++) {
		const struct key_fact *fact = &facts->list[i];

		if (is_told(fact))
			values[told->value_count++] =
			    (struct mldv_how_value){fact->word, fact->name,
			        fact->value};
	}
	told->values = values;
}

/* The record of another clone's run has the diff in it: 1, or 0 if not. */
CHECKED static int keep_diff(struct how *how, const struct run *run,
    struct mldv_error *err)
{
	const struct run_object *object = run_enclosed(run, &run->diff);
	struct lock store = {0};
	int ret;

	if (!object)
		return 0;
	ret = project_lock_store(how->project, &store, LOCK_SHARED, err);
	if (ret == 0)
		ret = enclosed_keep(how->project, object, 1, err);
	lock_release(&store);
	return ret < 0 ? -1 : 1;
}

CHECKED static int fill_run(struct how *how, const struct record *record,
    struct mldv_how_step *told, struct mldv_error *err)
{
	const struct run *run = &record->run;
	int here = 0;

	told->known = true;
	told->started = run->started;
	told->seconds = (double)run->took / 1000;
	told->host = run->host;
	told->platform = run->platform;
	told->command = run->command;
	told->code_commit = run->commit;
	told->branch = run->branch;
	told->who = run->who;
	told->interpreter = run->interpreter;
	told->job = run->job;
	told->cost = run->cost;
	told->about = records_about(run, &how->arena);
	told->about_count = run->about_count;
	told->metrics = records_metrics(run, &how->arena);
	told->metric_count = run->metric_count;
	if (!run->dirty)
		return 0;
	told->diff = hex_of(&how->arena, &run->diff);
	here = store_has(how->project->store, &run->diff, run->diff_size, err);
	if (here == 0)
		here = keep_diff(how, run, err);
	told->diff_here = here > 0;
	return here < 0 ? -1 : 0;
}

/*
 * The command out of mldv.ini, where no record has it: of the commit that
 * recorded the run, or as it is now; if it is the one that the key names.
 */
CHECKED static int find_command(struct how *how, const struct how_step *step,
    struct mldv_how_step *told, struct mldv_error *err)
{
	const char *revision = step->commit ? step->commit : how->revision;
	struct mldv_error ignored;
	struct ini_files files;
	struct stages stages;
	struct buf text = {0};
	struct ini ini = {0};
	const struct stage *stage;
	struct oid oid;
	int found = 1;

	if (!revision)
		found = project_read_ini(how->project, &text, &ignored) == 0;
	else
		found = git_read(how->project->git, revision, PROJECT_INI,
		    INI_LIMIT, &text, err);
	if (found > 0 &&
	    ini_parse(&ini, &how->arena, PROJECT_INI, buf_str(&text), text.len,
	        &ignored) < 0)
		found = 0;
	ini_files_set(&files, how->project, revision, &ini);
	if (found > 0 &&
	    stages_parse(&stages, &how->arena, &ini, NULL, &ignored) == 0) {
		stage = stages_find(&stages, step->locked->name);
		for (size_t i = 0; stage && i < step->facts.count; i++) {
			const struct key_fact *fact = &step->facts.list[i];

			if (strcmp(fact->word, "cmd") != 0)
				continue;
			oid_of(stage->cmd, strlen(stage->cmd), &oid);
			if (oid_equal(&oid, &fact->oid))
				told->command = stage->cmd;
		}
	}
	buf_release(&text);
	return found < 0 ? -1 : 0;
}

/*
 * Whoever edits, runs and then commits all of it has lost nothing, though the
 * run was not of a commit: is the code, file by file, what the commit has?
 */
CHECKED static int compare_code(struct how *how, const struct how_step *step,
    struct mldv_how_step *told, struct mldv_error *err)
{
	struct buf text = {0};
	struct oid oid;
	bool same = true;
	int found = 0;

	for (size_t i = 0; same && found >= 0 && i < step->input_count; i++) {
		const struct mldv_how_file *input = &step->inputs[i];

		if (input->step > 0)
			continue;
		buf_reset(&text);
		found = git_read(how->project->git, step->commit, input->path,
		    CODE_LIMIT, &text, err);
		oid_of(buf_str(&text), text.len, &oid);
		same = found > 0 && input->kind != 'd' &&
		    strcmp(hex_of(&how->arena, &oid), input->oid) == 0;
	}
	buf_release(&text);
	told->code_committed = same;
	return found < 0 ? -1 : 0;
}

CHECKED static int fill_stage(struct how *how, const struct how_step *step,
    struct mldv_how_step *told, struct mldv_error *err)
{
	static const char *const claims[] = {
	    [CLAIM_NONE] = NULL,
	    [CLAIM_ACCEPTED] = "accepted",
	    [CLAIM_ASSERTED] = "asserted",
	};
	const struct lock_stage *locked = step->locked;
	const struct record *record;

	told->stage = locked->name;
	told->key = hex_of(&how->arena, &locked->oid);
	told->claim = claims[locked->claim];
	told->claim_why = locked->why;
	told->inputs = step->inputs;
	told->input_count = step->input_count;
	fill_outs(how, locked, told);
	fill_values(how, &step->facts, told);
	if (records_get(&how->records, lock_stage_run(locked), &record, err) <
	    0)
		return -1;
	if (record->known && fill_run(how, record, told, err) < 0)
		return -1;
	if (step->commit && compare_code(how, step, told, err) < 0)
		return -1;
	if (!told->command && locked->claim != CLAIM_ASSERTED)
		return find_command(how, step, told, err);
	return 0;
}

/* --- an item --- */

CHECKED static int read_pointer(struct how *how, const struct how_step *step,
    struct pointer *out, struct mldv_error *err)
{
	const char *revision = how->revision;
	const char *path = step->path;
	struct mldv_error ignored;
	struct buf text = {0};
	const char *file;
	int found;

	if (step->earlier) {
		if (!step->commit)
			return 0;
		revision = step->commit;
		path = step->path_then ? step->path_then : path;
	}
	if (!revision)
		return item_pointer(how->project, path, out, &how->arena, err);
	file = arena_printf(&how->arena, "%s" POINTER_SUFFIX, path);
	found = git_read(how->project->git, revision, file, POINTER_LIMIT,
	    &text, err);
	if (found > 0 &&
	    pointer_parse(out, &how->arena, buf_str(&text), text.len,
	        &ignored) < 0)
		found = 0;
	buf_release(&text);
	return found;
}

CHECKED static int fill_item(struct how *how, const struct how_step *step,
    struct mldv_how_step *told, struct mldv_error *err)
{
	struct mldv_how_file *item = arena_alloc(&how->arena, sizeof *item);
	struct pointer pointer = {.content = step->content};
	int found = read_pointer(how, step, &pointer, err);

	if (found < 0)
		return -1;
	*item = file_of(how, step->path,
	    oid_equal(&pointer.content.oid, &step->content.oid)
	        ? &pointer.content
	        : &step->content);
	told->outs = item;
	told->out_count = 1;
	told->note = pointer.note;
	told->from_version = pointer.from_version;
	told->from_address = pointer.from_address
	    ? str_hide_password(&how->arena, pointer.from_address)
	    : NULL;
	if (step->path_then && strcmp(step->path_then, step->path) != 0)
		told->path_then = step->path_then;
	return 0;
}

int how_tell(struct how *how, const struct how_step *step,
    struct mldv_error *err)
{
	struct mldv_how_step told = {
	    .number = step->number,
	    .earlier = step->earlier,
	};
	struct git_about about;

	if (step->commit) {
		if (git_about(how->project->git, step->commit, &how->arena,
		        &about, err) < 0)
			return -1;
		told.recorded = (struct mldv_commit){about.commit, about.time,
		    about.who, about.subject};
	}
	if ((step->locked ? fill_stage(how, step, &told, err)
	                  : fill_item(how, step, &told, err)) < 0)
		return -1;
	how->options->step(how->options->context, &told);
	return 0;
}

int mldv_how_diff(struct mldv_project *project, const char *oid,
    struct buf *out, struct mldv_error *err)
{
	struct oid id;

	if (!oid_parse(&id, slice_of(oid)))
		return err_set(err, MLDV_USAGE, "'%s' names no object", oid);
	return store_read(project->store, &id, out, err);
}
