/* SPDX-License-Identifier: Apache-2.0 */
#include "mldv/runstage.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/path.h"
#include "format/run.h"
#include "mldv/pipeline.h"
#include "project/remotes.h"
#include "project/worktree.h"
#include "remote/confirm.h"
#include "runner/parcel.h"

#define REMOTE "run-stage" /* what the remote is called there */
#define NOBODY "0000000000000000"

struct running_stage {
	const struct mldv_run_stage *how;
	struct arena arena;
	struct oid key;
	const char *scratch;
	const char *work;
	struct parcel parcel;
	struct mldv_project *project;
	struct remote *remote;
	struct buf log;
	int status; /* of the command */
};

static void say(const struct running_stage *stage, const char *fmt, ...)
    PRINTF(2, 3);
static void say(const struct running_stage *stage, const char *fmt, ...)
{
	char line[4096];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(line, sizeof line, fmt, args);
	va_end(args);
	if (stage->how->say)
		stage->how->say(stage->how->context, line);
}

/* Its end tells most. */
static void keep(struct buf *log, const char *data, size_t size)
{
	size_t half = PARCEL_LOG / 2;

	if (size > half) {
		data += size - half;
		size = half;
	}
	if (log->len + size > PARCEL_LOG) {
		memmove(log->data, log->data + log->len - half, half);
		log->len = half;
	}
	buf_add(log, data, size);
}

static void take_output(void *context, const char *data, size_t size)
{
	struct running_stage *stage = context;

	keep(&stage->log, data, size);
	if (stage->how->output)
		stage->how->output(stage->how->context, data, size);
}

/* What scheduling systems pass on may name a directory of another machine. */
static int make_scratch(struct running_stage *stage, struct mldv_error *err)
{
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): nothing sets it */
	const char *base = getenv("TMPDIR");
	char name[TEMP_NAME];
	struct stat st;

	if (!base || !path_is_absolute(base) || stat(base, &st) < 0)
		base = "/tmp";
	temp_name(name);
	stage->scratch = arena_printf(&stage->arena, "%s/mldv-stage.%s", base,
	    name + sizeof TEMP_PREFIX - 1);
	if (mkdir(stage->scratch, 0700) < 0)
		return err_errno(err, "cannot make '%s'", stage->scratch);
	stage->work = path_join(&stage->arena, stage->scratch, "work");
	return 0;
}

static int open_remote(struct running_stage *stage, const char *project,
    const struct mldv_events *events, struct mldv_error *err)
{
	const struct ops_options how = {.events = events};
	const struct remote_options options = {
	    .name = REMOTE,
	    .url = stage->how->url,
	    .project = project,
	    .state = path_join(&stage->arena, stage->scratch, "state"),
	    .events = events,
	    .ops = &how,
	};

	remote_close(stage->remote);
	stage->remote = NULL;
	return remote_open(&stage->remote, &options, err);
}

static int read_parcel(struct running_stage *stage, struct mldv_error *err)
{
	struct buf text = {0};
	const char *name =
	    parcel_name(&stage->arena, "parcels", stage->how->key, 0);
	int ret =
	    remote_plain_read(stage->remote, name, PARCEL_LIMIT, &text, err);

	if (ret == 0)
		ret = err_set(err, MLDV_MISSING,
		    "nothing on '%s' says what the stage with the key %s is; "
		    "'mldv repro' puts it there, of stages with 'run = batch' "
		    "or 'run = fargate'",
		    stage->how->url, stage->how->key);
	else if (ret > 0)
		ret = parcel_parse(&stage->parcel, &stage->arena, text.data,
		    text.len, err);
	if (ret == 0 && strcmp(stage->parcel.key, stage->how->key) != 0)
		ret = err_set(err, MLDV_CORRUPT,
		    "'%s' on the remote is of another key", name);
	buf_release(&text);
	return ret;
}

/* Has somebody done it? 1, 0, or -1. Of the outputs the proofs are asked for.
 */
static int is_done(struct running_stage *stage, struct mldv_error *err)
{
	struct arena arena = {0};
	struct buf text = {0};
	struct run run = {0};
	int ret = remote_run_get(stage->remote, &stage->key, &text, err);

	if (ret > 0 &&
	    run_parse(&run, &arena, &stage->key, text.data, text.len, err) < 0)
		ret = -1;
	for (size_t i = 0; ret > 0 && i < run.made_count; i++)
		ret = remote_has(stage->remote, &run.made[i].content, err);
	run_release(&run);
	buf_release(&text);
	arena_release(&arena);
	return ret;
}

static int unpack_source(struct running_stage *stage, struct mldv_error *err)
{
	struct tempfile temp = {0};
	const char *name = parcel_source(&stage->arena, stage->parcel.commit);
	const struct git_unbundle what = {
	    .file = name,
	    .dir = stage->work,
	    .base = stage->parcel.base,
	    .branch = stage->parcel.branch ? stage->parcel.branch : "detached",
	};
	int ret = tempfile_open(&temp, stage->scratch, 0600, err);

	if (ret == 0)
		ret = remote_plain_get(stage->remote, name, PARCEL_SOURCE,
		    temp.fd, err);
	if (ret == 0)
		ret = err_set(err, MLDV_MISSING,
		    "'%s' is not on the remote '%s', where it expires after a "
		    "while; run 'mldv repro' again",
		    name, stage->how->url);
	if (ret > 0)
		ret = git_bundle_open(&what, temp.fd, err);
	tempfile_release(&temp);
	return ret;
}

/* "Ann Lee <ann@example.org>", so that the record says who wanted it. */
static int set_who(struct running_stage *stage, struct mldv_error *err)
{
	struct git *git = stage->project->git;
	const char *who = stage->parcel.who;
	const char *mail = who ? strrchr(who, '<') : NULL;
	size_t len = mail ? strlen(mail) : 0;
	size_t name = mail ? (size_t)(mail - who) : 0;

	if (len < 2)
		return 0;
	while (name > 0 && who[name - 1] == ' ')
		name--;
	if (name > 0 &&
	    git_config_put(git, "user.name",
	        arena_strn(&stage->arena, who, name), err) < 0)
		return -1;
	return git_config_put(git, "user.email",
	    arena_strn(&stage->arena, mail + 1, len - 2), err);
}

/* A remote that mldv.ini knows under this address has its settings, too. */
static int set_remote(struct running_stage *stage, struct mldv_error *err)
{
	struct config *config = &stage->project->config;
	struct strs names = {0};
	const char *found = NULL;
	int ret = 0;

	config_names(config, "remote", &names);
	for (size_t i = 0; !found && i < names.count; i++) {
		const char *url = config_get(config,
		    arena_printf(&stage->arena, "remote.%s.url",
		        names.items[i]));

		if (url && strcmp(url, stage->how->url) == 0)
			found = arena_str(&stage->arena, names.items[i]);
	}
	strs_release(&names);
	if (!found) {
		found = REMOTE;
		ret = mldv_setting_set(stage->project, MLDV_CLONE,
		    "remote." REMOTE ".url", stage->how->url, NULL, err);
	}
	if (ret == 0)
		ret = mldv_setting_set(stage->project, MLDV_CLONE,
		    "project.remote", found, NULL, err);
	if (ret == 0) {
		remote_close(stage->remote);
		stage->remote = NULL;
		ret = remotes_open(stage->project, found, &stage->remote, err);
	}
	return ret;
}

static void set_variables(const struct running_stage *stage)
{
	const struct strs *variables = &stage->parcel.variables;
	struct arena arena = {0};

	for (size_t i = 0; i < variables->count; i++) {
		const char *text = variables->items[i];
		size_t len = strcspn(text, "=");
		const char *name = arena_strn(&arena, text, len);

		/* NOLINTBEGIN(concurrency-mt-unsafe): no other thread yet */
		if (text[len] == '=')
			(void)setenv(name, text + len + 1, 1);
		else
			(void)unsetenv(name);
		/* NOLINTEND(concurrency-mt-unsafe) */
	}
	/* Those of the machine that the job was started from. */
	/* NOLINTBEGIN(concurrency-mt-unsafe): no other thread yet */
	(void)unsetenv("MLDV_STAGE");
	(void)unsetenv("MLDV_ROOT");
	(void)unsetenv("GIT_AUTHOR_NAME");
	(void)unsetenv("GIT_AUTHOR_EMAIL");
	/* NOLINTEND(concurrency-mt-unsafe) */
	arena_release(&arena);
}

/* Just what the stage reads, where it is not there as it should be. */
static int bring(struct running_stage *stage, const struct parcel_dep *dep,
    struct mldv_error *err)
{
	struct mldv_project *project = stage->project;
	struct content now;
	struct mldv_error cause;

	if (worktree_hash(project, dep->path, &now, NULL, &cause) == 0 &&
	    content_equal(&now, &dep->content))
		return 0;
	if (file_make_parents(project_absolute(project, &stage->arena,
	                          dep->path),
	        err) < 0)
		return -1;
	remote_set_label(stage->remote, dep->path);
	if (parcel_fetch(project, stage->remote, &dep->content, err) < 0 ||
	    worktree_place(project, dep->path, &dep->content, true, NULL, err) <
	        0)
		return err_prefix(err, "input '%s'", dep->path);
	return 0;
}

static int bring_all(struct running_stage *stage, struct mldv_error *err)
{
	struct lock lock = {0};
	int ret = project_lock_store(stage->project, &lock, LOCK_SHARED, err);

	for (size_t i = 0; ret == 0 && i < stage->parcel.dep_count; i++)
		ret = bring(stage, &stage->parcel.deps[i], err);
	lock_release(&lock);
	return ret;
}

static int prepare(struct running_stage *stage, struct mldv_error *err)
{
	if (unpack_source(stage, err) < 0)
		return -1;
	set_variables(stage);
	if (mldv_project_open(&stage->project, stage->work, stage->how->events,
	        err) < 0 ||
	    set_who(stage, err) < 0 || set_remote(stage, err) < 0)
		return -1;
	return bring_all(stage, err);
}

static int run(struct running_stage *stage, struct mldv_error *err)
{
	struct strs targets = {0};
	struct strs staged = {0};
	const struct mldv_repro options = {
	    .force = true,
	    .single = true,
	    .no_run_cache = true,
	    .jobs = 1,
	    .overrides = &stage->parcel.overrides,
	    .here = true,
	    .only_key = stage->how->key,
	    .only_document = stage->parcel.document,
	    .status = &stage->status,
	    .output = take_output,
	    .context = stage,
	};
	int ret;

	strs_add(&targets, stage->parcel.stage);
	ret = mldv_repro(stage->project, &targets, &options, &staged, err);
	strs_release(&targets);
	strs_release(&staged);
	return ret;
}

/* What it made, and then the record that says so. */
static int push(struct running_stage *stage, struct mldv_error *err)
{
	static const struct remote_push how = {0};
	struct store *store = stage->project->store;
	struct remote_count count = {0};
	struct buf text = {0};
	struct run made = {0};
	int ret = store_run_read(store, &stage->key, &text, err);

	if (ret == 0)
		ret = err_set(err, MLDV_FAILED,
		    "stage '%s' has run, and there is no record of it",
		    stage->parcel.stage);
	if (ret > 0)
		ret = run_parse(&made, &stage->arena, &stage->key, text.data,
		    text.len, err);
	for (size_t i = 0; ret >= 0 && i < made.made_count; i++) {
		remote_set_label(stage->remote, made.made[i].path);
		ret = remote_push(stage->remote, store, &made.made[i].content,
		    &how, &count, err);
	}
	if (ret >= 0)
		ret = remote_run_put(stage->remote, &stage->key, &text, err);
	run_release(&made);
	buf_release(&text);
	return ret < 0 ? -1 : 0;
}

static int work(struct running_stage *stage, struct mldv_error *err)
{
	const struct mldv_events *events = stage->how->events;
	int done;

	/* The proofs that outputs are there are the project's. */
	if (open_remote(stage, NOBODY, events, err) < 0 ||
	    read_parcel(stage, err) < 0 ||
	    open_remote(stage, stage->parcel.project, events, err) < 0)
		return -1;
	done = is_done(stage, err);
	if (done != 0) {
		if (done > 0)
			say(stage,
			    "mldv: the remote has the result of stage "
			    "'%s' already",
			    stage->parcel.stage);
		return done < 0 ? -1 : 0;
	}
	say(stage, "mldv: running stage '%s'", stage->parcel.stage);
	if (prepare(stage, err) < 0 || run(stage, err) < 0 ||
	    push(stage, err) < 0)
		return -1;
	say(stage, "mldv: stage '%s' is done, and on the remote",
	    stage->parcel.stage);
	return 0;
}

/* For whoever waits; also after an interruption, which stops nothing here. */
static int note_end(struct running_stage *stage, const struct mldv_error *why,
    struct mldv_error *err)
{
	const struct parcel_end end = {
	    .status = why ? (stage->status ? (uint64_t)stage->status : 1) : 0,
	    .failure = why ? why->text : NULL,
	};
	const struct mldv_run_stage *how = stage->how;
	struct buf text = {0};
	int ret = open_remote(stage, NOBODY, NULL, err);

	parcel_end_format(&end, &text);
	if (ret == 0)
		ret = remote_plain_put(stage->remote,
		    parcel_name(&stage->arena, "logs", how->key, how->attempt),
		    buf_str(&stage->log), stage->log.len, err);
	if (ret == 0)
		ret = remote_plain_put(stage->remote,
		    parcel_name(&stage->arena, "ends", how->key, how->attempt),
		    text.data, text.len, err);
	buf_release(&text);
	return ret;
}

int mldv_run_stage(const struct mldv_run_stage *how, struct mldv_error *err)
{
	struct running_stage stage = {.how = how};
	struct mldv_error other;
	int ret;

	if (!oid_parse(&stage.key, slice_of(how->key)))
		return err_set(err, MLDV_USAGE,
		    "'%s' is no key; it has %d hexadecimal digits", how->key,
		    OID_HEX);
	ret = make_scratch(&stage, err);
	if (ret == 0) {
		ret = work(&stage, err);
		if (how->attempt > 0 &&
		    note_end(&stage, ret < 0 ? err : NULL,
		        ret < 0 ? &other : err) < 0)
			ret = -1;
	}
	remote_close(stage.remote);
	mldv_project_close(stage.project);
	if (stage.scratch && file_remove_tree(stage.scratch, &other) < 0)
		say(&stage, "mldv: %s", other.text);
	if (ret < 0 && err->code == MLDV_FAILED && stage.status > 0 &&
	    stage.status < 256)
		err->code = (enum mldv_code)(MLDV_ENDED + stage.status);
	buf_release(&stage.log);
	arena_release(&stage.arena);
	return ret;
}
