/* SPDX-License-Identifier: Apache-2.0 */

/*
 * 'run = batch': any system of jobs that has a command to start one, and one
 * to ask about it. The commands stand in mldv.ini, with places for what they
 * need to know; each place becomes one word of the shell's.
 */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/path.h"
#include "runner/elsewhere.h"

#define PATIENCE (5 * 60) /* seconds */

enum {
	GRACE_SECONDS = 2,
	ANSWER_MOST = 64 << 10, /* bytes of what a command prints */
	PIECE = 64 << 10,
};

struct batch {
	const char *submit, *poll, *cancel;
	const char *program; /* mldv, over there */
	uint64_t patience;   /* seconds */
};

/* --- settings --- */

static int read_setting(struct elsewhere *job, struct batch *batch,
    const struct setting *setting, struct mldv_error *err)
{
	const char *name = setting->key + strlen("batch.");

	if (strcmp(name, "submit") == 0)
		batch->submit = setting->value;
	else if (strcmp(name, "poll") == 0)
		batch->poll = setting->value;
	else if (strcmp(name, "cancel") == 0)
		batch->cancel = setting->value;
	else if (strcmp(name, "mldv") == 0)
		batch->program = setting->value;
	else if (strcmp(name, "remote") == 0)
		job->file.url = setting->value;
	else if (strcmp(name, "patience") != 0)
		return err_set(err, MLDV_USAGE,
		    "%s:%u: there is no '%s'; there are batch.submit, "
		    "batch.poll, batch.cancel, batch.mldv, "
		    "batch.remote and batch.patience",
		    job->file.ini, setting->line, setting->key);
	else if (!slice_seconds(slice_of(setting->value), &batch->patience))
		return elsewhere_wrong(job, setting, err,
		    "write 90s, 15m or 4h");
	return 0;
}

static int check_places(const struct elsewhere *job, const char *key,
    const char *command, struct mldv_error *err);

static int open_batch(struct elsewhere *job, struct mldv_error *err)
{
	struct batch *batch = arena_alloc(&job->arena, sizeof *batch);

	*batch = (struct batch){.program = "mldv", .patience = PATIENCE};
	job->state = batch;
	for (size_t i = 0; i < job->file.setting_count; i++) {
		if (read_setting(job, batch, &job->file.settings[i], err) < 0)
			return -1;
	}
	if (!batch->submit || !batch->poll)
		return err_set(err, MLDV_USAGE,
		    "stage '%s' with 'run = batch' needs 'batch.submit' and "
		    "'batch.poll', the commands that start a job and tell its "
		    "state",
		    job->file.stage);
	if (check_places(job, "batch.submit", batch->submit, err) < 0 ||
	    check_places(job, "batch.poll", batch->poll, err) < 0)
		return -1;
	return batch->cancel
	    ? check_places(job, "batch.cancel", batch->cancel, err)
	    : 0;
}

static void close_batch(struct elsewhere *job)
{
	job->state = NULL;
}

static double patience(const struct elsewhere *job)
{
	const struct batch *batch = job->state;

	return (double)batch->patience;
}

/* --- commands --- */

/* As one word of the shell's, and as it is where it may be. */
static const char *quote(struct arena *arena, const char *text)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
	                            "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	                            "0123456789-_./:@%+=,";
	struct buf out = {0};
	const char *word;

	if (text[0] && strspn(text, plain) == strlen(text))
		return text;
	str_quote(text, &out);
	word = arena_str(arena, buf_str(&out));
	buf_release(&out);
	return word;
}

static const char *number(struct arena *arena, uint64_t value)
{
	return arena_printf(arena, "%" PRIu64, value);
}

/* What the job is to run. */
static const char *run_line(struct elsewhere *job)
{
	const struct batch *batch = job->state;
	struct arena *arena = &job->arena;

	return arena_printf(arena,
	    "%s run-stage --remote %s --attempt %" PRIu64 " %s", batch->program,
	    quote(arena, job->file.url), job->attempt, job->file.key);
}

struct place {
	const char *name;
	const char *value;
};
enum { PLACES = 12 };

static void fill_places(struct elsewhere *job, struct place out[PLACES])
{
	const struct elsewhere_file *file = &job->file;
	struct arena *arena = &job->arena;
	const struct place all[PLACES] = {
	    {"run", run_line(job)},
	    {"name", job->name ? job->name : ""},
	    {"stage", file->stage},
	    {"key", file->key},
	    {"id", job->id ? job->id : ""},
	    {"log", job->log ? job->log : ""},
	    {"remote", file->url},
	    {"cpus", number(arena, file->cpus)},
	    {"gpus", number(arena, file->gpus)},
	    {"timeout", number(arena, file->timeout)},
	    {"minutes", number(arena, (file->timeout + 59) / 60)},
	    {"attempt", number(arena, job->attempt)},
	};

	memcpy(out, all, sizeof all);
}

static size_t place_length(const char *text)
{
	size_t len = 1;

	while (text[len] >= 'a' && text[len] <= 'z')
		len++;
	return text[0] == '{' && len > 1 && text[len] == '}' ? len + 1 : 0;
}

static const struct place *find_place(const struct place *places,
    struct slice name)
{
	for (size_t i = 0; i < PLACES; i++) {
		if (slice_is(name, places[i].name))
			return &places[i];
	}
	return NULL;
}

/* NULL, and *unknown, if the command has a place that there is not. */
static const char *fill(struct elsewhere *job, const char *command,
    struct slice *unknown)
{
	struct place places[PLACES];
	struct buf out = {0};
	const char *text;

	fill_places(job, places);
	*unknown = (struct slice){0};
	while (*command) {
		size_t len = place_length(command);
		const struct place *place;

		if (len == 0) {
			buf_add_char(&out, *command++);
			continue;
		}
		place =
		    find_place(places, (struct slice){command + 1, len - 2});
		if (!place && unknown->len == 0)
			*unknown = (struct slice){command, len};
		if (place)
			buf_add_str(&out, quote(&job->arena, place->value));
		command += len;
	}
	text = unknown->len > 0 ? NULL : arena_str(&job->arena, buf_str(&out));
	buf_release(&out);
	return text;
}

static int check_places(const struct elsewhere *job, const char *key,
    const char *command, struct mldv_error *err)
{
	struct elsewhere copy = *job;
	struct slice unknown;
	int ret = 0;

	copy.arena = (struct arena){0};
	if (!fill(&copy, command, &unknown))
		ret = err_set(err, MLDV_USAGE,
		    "stage '%s': '%s' has '%.*s', and there are only {run}, "
		    "{name}, {stage}, {key}, {id}, {log}, {remote}, {cpus}, "
		    "{gpus}, {timeout}, {minutes} and {attempt}",
		    job->file.stage, key, (int)unknown.len, unknown.data);
	arena_release(&copy.arena);
	return ret;
}

static void take_answer(void *context, const char *data, size_t size)
{
	struct buf *out = context;

	if (out->len + size <= ANSWER_MOST)
		buf_add(out, data, size);
}

/* A job that is to go on is not started, or asked about, by halves. */
static bool is_cancelled(void *context)
{
	(void)context;
	return false;
}

/* Its exit status, or -1; out gets its standard output. */
static int run_command(struct elsewhere *job, const char *command,
    struct buf *out, struct mldv_error *err)
{
	struct proc_options options = {
	    .dir = job->project->root,
	    .errors = STDERR_FILENO,
	};
	struct proc_result result = {0};
	struct proc proc = {0};
	struct strs words = {0};
	const char **argv;
	int ret;

	strs_add_words(&words, job->file.shell);
	strs_add(&words, "-c");
	strs_add(&words, command);
	argv = arena_array(&job->arena, words.count + 1, sizeof *argv);
	memcpy(argv, words.items, words.count * sizeof *argv);
	options.argv = argv;
	ret = proc_start(&proc, &options, err);
	if (ret == 0)
		ret = proc_wait(&proc, &result, take_answer, is_cancelled, out,
		    GRACE_SECONDS, err);
	strs_release(&words);
	return ret < 0 ? -1 : result.status;
}

/* --- the system --- */

/*
 * What it prints goes to a file at once, so that a job is known, too, whose
 * start this process did not live to see.
 */
static int submit(struct elsewhere *job, const char **why,
    struct mldv_error *err)
{
	const struct batch *batch = job->state;
	const char *file = arena_printf(&job->arena, "%s.id", job->log);
	struct slice unknown;
	struct buf text = {0};
	const char *command;
	int ret;

	*why = NULL;
	if (file_make_parents(file, err) < 0 || file_remove(file, err) < 0 ||
	    file_remove(job->log, err) < 0)
		return -1;
	command = arena_printf(&job->arena, "{ %s\n} >%s",
	    fill(job, batch->submit, &unknown), quote(&job->arena, file));
	ret = run_command(job, command, &text, err);
	if (ret > 0)
		ret = err_set(err, MLDV_FAILED,
		    "cannot start a job: 'batch.submit' ended with status %d",
		    ret);
	if (ret == 0)
		ret = file_read(file, ANSWER_MOST, &text, err);
	if (ret == 0)
		job->id = elsewhere_id(job, &text);
	buf_release(&text);
	return ret < 0 ? -1 : 1;
}

static int look(struct elsewhere *job, struct elsewhere_look *out,
    struct mldv_error *err)
{
	const struct batch *batch = job->state;
	struct slice unknown;
	struct buf text = {0};
	int ret =
	    run_command(job, fill(job, batch->poll, &unknown), &text, err);

	*out = (struct elsewhere_look){0};
	if (ret == 0)
		elsewhere_read_word(job, &text, out);
	buf_release(&text);
	return ret < 0 ? -1 : 0;
}

/* Says the lines that end in it, from where the last piece ended. */
static void say_piece(struct elsewhere *job, const struct buf *text)
{
	struct slice rest = {buf_str(text), text->len};
	struct slice line;

	while (slice_cut(&rest, '\n', &line)) {
		job->say(job->context,
		    arena_strn(&job->arena, line.data, line.len));
		job->shown += line.len + 1;
	}
	/* A bar of progress may be one line for hours. */
	if (line.len >= PIECE) {
		job->say(job->context,
		    arena_strn(&job->arena, line.data, line.len));
		job->shown += line.len;
	}
}

/* Whole lines of the file that the system writes, if it can be seen here. */
static void logs(struct elsewhere *job)
{
	struct buf text = {0};
	char piece[4096];
	FILE *file = fopen(job->log, "re");
	size_t got = 0;

	if (!file)
		return;
	do {
		buf_reset(&text);
		if (fseeko(file, (off_t)job->shown, SEEK_SET) == 0) {
			while (text.len < PIECE &&
			    (got = fread(piece, 1, sizeof piece, file)) > 0)
				buf_add(&text, piece, got);
		}
		say_piece(job, &text);
	} while (text.len >= PIECE);
	(void)fclose(file);
	buf_release(&text);
}

static int stop(struct elsewhere *job, struct mldv_error *err)
{
	const struct batch *batch = job->state;
	struct slice unknown;
	struct buf text = {0};
	int ret;

	if (!batch->cancel)
		return err_set(err, MLDV_USAGE,
		    "stage '%s' has no 'batch.cancel', the command that ends a "
		    "job",
		    job->file.stage);
	ret = run_command(job, fill(job, batch->cancel, &unknown), &text, err);
	buf_release(&text);
	if (ret > 0)
		return err_set(err, MLDV_FAILED,
		    "cannot stop job '%s': 'batch.cancel' ended with status %d",
		    job->name, ret);
	return ret < 0 ? -1 : 1;
}

const struct elsewhere_system elsewhere_batch = {
    .name = "batch",
    .open = open_batch,
    .close = close_batch,
    .submit = submit,
    .look = look,
    .logs = logs,
    .stop = stop,
    .patience = patience,
};

static int prepare(struct runner_job *job, struct mldv_error *err)
{
	return elsewhere_prepare(job, &elsewhere_batch, err);
}

const struct runner runner_batch = {
    .name = "batch",
    .version = 1,
    .elsewhere = true,
    .prepare = prepare,
    .finish = elsewhere_finish,
};
