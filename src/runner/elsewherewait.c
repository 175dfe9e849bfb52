/* SPDX-License-Identifier: Apache-2.0 */

/* Waiting for a job on another machine, and looking at it from elsewhere. */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/jsonout.h"
#include "base/path.h"
#include "format/json.h"
#include "project/remotes.h"
#include "runner/elsewhere.h"
#include "runner/jobservice.h"

/* Seconds between two questions: from the one, half as much more each time. */
#define FIRST_WAIT 0.2
#define MOST_WAIT  30.0
/* What is out of reach for longer is given up. */
#define OUT_OF_REACH (26 * 3600)
/* Of a stage's name in a job's, and of its key. */
#define NAME_STAGE 20
#define NAME_KEY   16
#define ID_MOST    200

void elsewhere_say(const struct elsewhere *job, const char *fmt, ...)
{
	char line[4096];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(line, sizeof line, fmt, args);
	va_end(args);
	job->say(job->context, line);
}

/* Names of jobs are letters, digits and '-' in every system. */
void elsewhere_name(struct elsewhere *job, uint64_t attempt)
{
	char *stage = arena_str(&job->arena, job->file.stage);

	for (char *c = stage; *c; c++) {
		if (!(*c >= 'a' && *c <= 'z') && !(*c >= 'A' && *c <= 'Z') &&
		    !(*c >= '0' && *c <= '9'))
			*c = '-';
	}
	job->attempt = attempt;
	job->id = NULL;
	job->shown = 0;
	job->name = arena_printf(&job->arena, "mldv-%.*s-%.*s-%llu", NAME_STAGE,
	    stage, NAME_KEY, job->file.key, (unsigned long long)attempt);
	job->log = arena_printf(&job->arena, "%s/joblogs/%s.log",
	    job->project->home, job->name);
}

const char *elsewhere_id(struct elsewhere *job, const struct buf *text)
{
	struct slice all = slice_trim((struct slice){buf_str(text), text->len});
	size_t begin = all.len;
	size_t len = 0;

	while (begin > 0 && (unsigned char)all.data[begin - 1] > ' ')
		begin--;
	while (begin + len < all.len && all.data[begin + len] != ';')
		len++;
	if (len == 0 || len > ID_MOST)
		return job->name;
	return arena_strn(&job->arena, all.data + begin, len);
}

/* --- what it has said --- */

static void say_lines(struct elsewhere *job, const struct buf *text)
{
	struct slice rest = {buf_str(text), text->len};
	struct slice line;

	while (rest.len > 0) {
		char *copy;

		(void)slice_cut(&rest, '\n', &line);
		if (line.len > 0 && line.data[line.len - 1] == '\r')
			line.len--;
		copy = arena_strn(&job->arena, line.data, line.len);
		job->say(job->context, copy);
	}
}

/* Says the lines of the log on the remote. */
static void show_kept(struct elsewhere *job)
{
	struct mldv_error ignored;
	struct buf text = {0};

	if (job->remote &&
	    remote_plain_read(job->remote,
	        parcel_name(&job->arena, "logs", job->file.key, job->attempt),
	        2 * PARCEL_LOG, &text, &ignored) > 0)
		say_lines(job, &text);
	buf_release(&text);
}

/* --- the record --- */

const struct elsewhere_system *elsewhere_named(const char *runner,
    struct mldv_error *err)
{
	static const struct elsewhere_system *const all[] = {&elsewhere_batch,
	    &elsewhere_fargate};

	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		if (strcmp(all[i]->name, runner) == 0)
			return all[i];
	}
	(void)err_set(err, MLDV_CORRUPT, "there is no runner '%s' for jobs",
	    runner);
	return NULL;
}

int elsewhere_note(struct elsewhere *job, struct mldv_error *err)
{
	const char *path = arena_printf(&job->arena, "%s/jobs/%s",
	    job->project->home, job->name);
	struct buf text = {0};
	struct jsonout json = {.out = &text};
	int ret = file_make_parents(path, err);

	jsonout_begin(&json, NULL, '{');
	jsonout_text(&json, "stage", job->file.stage);
	jsonout_text(&json, "key", job->file.key);
	jsonout_text(&json, "region", job->file.region ? job->file.region : "");
	jsonout_text(&json, "profile", job->file.profile);
	jsonout_count(&json, "started", (uint64_t)time(NULL));
	jsonout_text(&json, "runner", job->file.runner);
	jsonout_text(&json, "id", job->id);
	jsonout_count(&json, "attempt", job->attempt);
	elsewhere_format(&job->file, false, &json, "job");
	jsonout_end(&json, '}');
	buf_add_char(&text, '\n');
	if (ret == 0)
		ret = file_replace(path, text.data, text.len, err);
	buf_release(&text);
	return ret;
}

void elsewhere_close(struct elsewhere *job)
{
	if (job->system)
		job->system->close(job);
	remote_close(job->remote);
	arena_release(&job->arena);
	*job = (struct elsewhere){0};
}

static int take_record(struct elsewhere *job, const struct json *doc,
    struct mldv_error *err)
{
	if (elsewhere_take(&job->file, &job->arena, json_get(doc, "job"), false,
	        err) < 0)
		return -1;
	elsewhere_name(job, (uint64_t)json_int(json_get(doc, "attempt")));
	job->id = json_text_at(doc, "id", &job->arena);
	if (!job->id)
		return err_set(err, MLDV_CORRUPT,
		    "the record of job '%s' does not say what it is called",
		    job->name);
	return remotes_open(job->project, job->file.remote, &job->remote, err);
}

/* A job that is known, for looking at it. */
static int open_known(struct elsewhere *job, struct mldv_project *project,
    const struct job_record *record, struct mldv_error *err)
{
	const char *path;
	struct json *doc = NULL;
	struct buf text = {0};
	int ret;

	*job = (struct elsewhere){.project = project};
	path = arena_printf(&job->arena, "%s/jobs/%s", project->home,
	    record->name);
	ret = file_read(path, PARCEL_LIMIT, &text, err);
	if (ret == 0)
		ret = json_open(&doc, (struct slice){text.data, text.len},
		    PARCEL_LIMIT, JSON_STRICTLY, err);
	if (ret == 0)
		ret = take_record(job, doc, err);
	json_close(doc);
	buf_release(&text);
	if (ret == 0) {
		job->system = elsewhere_named(job->file.runner, err);
		ret = job->system ? job->system->open(job, err) : -1;
	}
	if (ret < 0)
		elsewhere_close(job);
	return ret;
}

/* --- waiting --- */

struct waiting {
	struct elsewhere *job;
	double wait;
	double lost;   /* since when it is unknown; 0: it is known */
	double silent; /* since when there is no answer; 0: there is */
	const char *word;
};

static void note_state(struct waiting *waiting,
    const struct elsewhere_look *look)
{
	struct elsewhere *job = waiting->job;

	waiting->lost = 0;
	waiting->silent = 0;
	if (waiting->word && strcmp(waiting->word, look->word) == 0)
		return;
	waiting->word = look->word;
	waiting->wait = FIRST_WAIT;
	elsewhere_say(job, "mldv: job '%s': %s", job->name, look->word);
}

/* Has it left a word, or a result? 1, or 0. */
static int left_something(struct elsewhere *job, struct mldv_error *err)
{
	struct parcel_end end;

	return parcel_end_read(job->remote, job->file.key, job->attempt,
	    &job->arena, &end, err);
}

/*
 * No answer, of which err says why: 0 to go on asking, or -1 if that is of no
 * use. The job goes on in any case.
 */
static int note_silence(struct waiting *waiting, bool passing,
    struct mldv_error *err)
{
	double now = project_clock();

	if (!passing || err->code == MLDV_INTERRUPTED ||
	    err->code == MLDV_TERMINATED)
		return -1;
	if (waiting->silent <= 0) {
		waiting->silent = now;
		elsewhere_say(waiting->job,
		    "mldv: %s; the job goes on, and is asked about again",
		    err->text);
	}
	return now - waiting->silent < OUT_OF_REACH ? 0 : -1;
}

/* The system does not know it: 1 if that is the end, 0 to go on. */
static int note_loss(struct waiting *waiting, struct elsewhere_look *look,
    struct mldv_error *err)
{
	struct elsewhere *job = waiting->job;
	double now = project_clock();
	int ret = left_something(job, err);

	if (ret != 0)
		return ret < 0 ? note_silence(waiting, true, err) : 1;
	waiting->silent = 0;
	if (waiting->lost <= 0) {
		waiting->lost = now;
		waiting->wait = FIRST_WAIT;
		elsewhere_say(job,
		    "mldv: nothing is known of job '%s'; it is asked about "
		    "again",
		    job->name);
	}
	if (now - waiting->lost < job->system->patience(job))
		return 0;
	look->why = arena_printf(&job->arena, "job '%s' vanished", job->name);
	look->passing = true;
	return 1;
}

static int ask(struct waiting *waiting, struct elsewhere_look *out,
    struct mldv_error *err)
{
	struct elsewhere *job = waiting->job;

	*out = (struct elsewhere_look){0};
	if (job->system->look(job, out, err) < 0)
		return note_silence(waiting, out->passing, err);
	job->system->logs(job);
	if (out->what == ELSEWHERE_UNKNOWN)
		return note_loss(waiting, out, err);
	note_state(waiting, out);
	return out->what == ELSEWHERE_ENDED;
}

int elsewhere_wait(struct elsewhere *job, struct elsewhere_look *out,
    struct mldv_error *err)
{
	struct waiting waiting = {.job = job, .wait = FIRST_WAIT};
	int ret;

	while ((ret = ask(&waiting, out, err)) == 0) {
		if (project_sleep(job->project, waiting.wait, err) < 0)
			return -1;
		waiting.wait *= 1.5;
		if (waiting.wait > MOST_WAIT)
			waiting.wait = MOST_WAIT;
	}
	if (ret < 0)
		return -1;
	job->system->logs(job);
	if (job->shown == 0)
		show_kept(job);
	return 0;
}

/* --- from another process --- */

static void say_nothing(void *context, const char *line)
{
	(void)context;
	(void)line;
}

/* What is to be said of it in a list. */
static int find_state(struct elsewhere *job, struct mldv_job *out,
    struct mldv_error *err)
{
	struct elsewhere_look look = {0};
	struct parcel_end end = {0};
	int ret = parcel_end_read(job->remote, job->file.key, job->attempt,
	    &job->arena, &end, err);

	if (ret > 0) {
		out->state = end.lost ? "lost"
		    : end.failure     ? "failed"
		                      : "done";
		out->why = end.failure;
		return 0;
	}
	if (ret < 0 || job->system->look(job, &look, err) < 0)
		return -1;
	out->state = look.what == ELSEWHERE_UNKNOWN ? NULL : look.word;
	out->why = look.why;
	return 0;
}

int elsewhere_visit(struct mldv_project *project,
    const struct job_record *record,
    void (*visit)(void *context, const struct mldv_job *job), void *context,
    struct mldv_error *err)
{
	struct elsewhere job;
	struct mldv_job out = {
	    .name = record->name,
	    .stage = record->stage,
	    .key = record->key,
	    .started = record->started,
	};
	int ret = open_known(&job, project, record, err);

	if (ret < 0)
		return -1;
	job.say = say_nothing;
	ret = find_state(&job, &out, err);
	if (ret == 0)
		visit(context, &out);
	elsewhere_close(&job);
	return ret;
}

static int follow_job(struct elsewhere *job, struct mldv_error *err)
{
	struct elsewhere_look look = {0};
	struct mldv_job out = {0};

	if (elsewhere_wait(job, &look, err) < 0 ||
	    find_state(job, &out, err) < 0)
		return -1;
	if (!out.why)
		return 0;
	return err_set(err, MLDV_NO, "job '%s' of stage '%s': %s", job->name,
	    job->file.stage, out.why);
}

int elsewhere_logs(struct mldv_project *project,
    const struct elsewhere_asked *asked, bool follow, struct mldv_error *err)
{
	struct elsewhere job;
	int ret = open_known(&job, project, asked->record, err);

	if (ret < 0)
		return -1;
	job.say = asked->say;
	job.context = asked->context;
	if (follow) {
		ret = follow_job(&job, err);
	} else {
		job.system->logs(&job);
		if (job.shown == 0)
			show_kept(&job);
	}
	elsewhere_close(&job);
	return ret;
}

int elsewhere_stop(struct mldv_project *project,
    const struct elsewhere_asked *asked, struct mldv_error *err)
{
	struct elsewhere_look look = {0};
	struct elsewhere job;
	int ret = open_known(&job, project, asked->record, err);

	if (ret < 0)
		return -1;
	job.say = asked->say;
	job.context = asked->context;
	ret = left_something(&job, err);
	if (ret == 0)
		ret = job.system->look(&job, &look, err);
	if (ret == 0 && look.what != ELSEWHERE_ENDED)
		ret = job.system->stop(&job, err);
	else if (ret > 0)
		ret = 0;
	if (ret > 0)
		elsewhere_say(&job, "stopping job '%s'", job.name);
	else if (ret == 0)
		ret = err_set(err, MLDV_NO, "job '%s' has ended", job.name);
	elsewhere_close(&job);
	return ret < 0 ? -1 : 0;
}
