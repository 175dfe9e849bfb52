/* SPDX-License-Identifier: Apache-2.0 */

/* mldv new stage, mldv new notebook: write a stage into mldv.ini. */

#include <string.h>

#include "command/command.h"
#include "command/report.h"
#include "mldv/pipeline.h"

struct values {
	struct strs deps;
	struct strs outs;
	struct strs metrics;
	struct strs git_outs;
	struct strs params;
	const char *cwd;
	const char *desc;
	const char *kernel; /* of a notebook */
	bool force;
};

static const struct option options[] = {
    {'d', "dep", "PATH", "a file or directory it reads",
        LIST(struct values, deps)},
    {'o', "out", "PATH", "a file or directory it writes",
        LIST(struct values, outs)},
    {'m', "metrics", "PATH", "a file of metrics it writes",
        LIST(struct values, metrics)},
    {0, "git-out", "PATH", "an output that is kept in Git",
        LIST(struct values, git_outs)},
    {'p', "param", "NAME[=VALUE]",
        "a parameter it depends on; sets it, if it has a value",
        LIST(struct values, params)},
    {0, "cwd", "DIR", "where the command runs; else the root",
        TEXT(struct values, cwd)},
    {0, "desc", "TEXT", "what it is for", TEXT(struct values, desc)},
    {'f', "force", NULL, "replace the stage if there is one",
        FLAG(struct values, force)},
    {0},
};

/* ${} as well, so that parameters can be named. */
static bool is_plain(const char *word)
{
	static const char plain[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	    "_@%+=:,./${}-";

	return word[0] != '\0' && word[strspn(word, plain)] == '\0';
}

static void add_quoted(const char *word, struct buf *out)
{
	if (is_plain(word)) {
		buf_add_str(out, word);
		return;
	}
	buf_add_char(out, '\'');
	for (; *word != '\0'; word++) {
		if (*word == '\'')
			buf_add_str(out, "'\\'");
		buf_add_char(out, *word);
	}
	buf_add_char(out, '\'');
}

/* The words as a line for sh; one word is taken to be such a line. */
static void join_command(const struct strs *words, size_t first,
    struct buf *out)
{
	if (words->count - first == 1) {
		buf_add_str(out, words->items[first]);
		return;
	}
	for (size_t i = first; i < words->count; i++) {
		if (i > first)
			buf_add_char(out, ' ');
		add_quoted(words->items[i], out);
	}
}

/* Paths as the user calls them to paths from the root. */
static int clean_paths(const struct context *context, const struct strs *from,
    struct strs *to, struct mldv_error *err)
{
	struct context at = *context;

	at.words = from;
	return paths_of(&at, 0, to, err);
}

struct lists {
	struct strs deps, outs, metrics, git_outs, cwd;
};

static int clean_lists(const struct context *context,
    const struct values *given, struct lists *lists, struct mldv_error *err)
{
	struct strs cwd = {0};
	int ret = -1;

	if (given->cwd != NULL)
		strs_add(&cwd, given->cwd);
	if (clean_paths(context, &given->deps, &lists->deps, err) == 0 &&
	    clean_paths(context, &given->outs, &lists->outs, err) == 0 &&
	    clean_paths(context, &given->metrics, &lists->metrics, err) == 0 &&
	    clean_paths(context, &given->git_outs, &lists->git_outs, err) ==
	        0 &&
	    clean_paths(context, &cwd, &lists->cwd, err) == 0)
		ret = 0;
	strs_release(&cwd);
	return ret;
}

static void release(struct lists *lists)
{
	strs_release(&lists->deps);
	strs_release(&lists->outs);
	strs_release(&lists->metrics);
	strs_release(&lists->git_outs);
	strs_release(&lists->cwd);
}

static int check_words(const struct context *context, struct mldv_error *err)
{
	if (context->before == 1 && context->words->count > 1)
		return 0;
	return err_set(err, MLDV_USAGE,
	    "write one name, the options, and the command after '--', as in: "
	    "mldv new stage train -d data -o model -- python train.py");
}

static const struct option notebook_options[] = {
    {'d', "dep", "PATH", "a file or directory it reads",
        LIST(struct values, deps)},
    {'o', "out", "PATH", "a file or directory it writes",
        LIST(struct values, outs)},
    {'m', "metrics", "PATH", "a file of metrics it writes",
        LIST(struct values, metrics)},
    {0, "git-out", "PATH", "an output that is kept in Git",
        LIST(struct values, git_outs)},
    {'p', "param", "NAME[=VALUE]",
        "a parameter it depends on; sets it, if it has a value",
        LIST(struct values, params)},
    {0, "kernel", "NAME", "what runs it; else what the notebook says",
        TEXT(struct values, kernel)},
    {0, "desc", "TEXT", "what it is for", TEXT(struct values, desc)},
    {'f', "force", NULL, "replace the stage if there is one",
        FLAG(struct values, force)},
    {0},
};

static int run_notebook(const struct context *context, const void *values,
    struct mldv_error *err)
{
	const struct values *given = values;
	const char *name = context->words->items[0];
	struct lists lists = {0};
	struct strs staged = {0};
	struct buf path = {0};
	int ret = clean_lists(context, given, &lists, err);

	buf_printf(&path, "notebooks/%s.ipynb", name);
	if (ret == 0)
		ret = mldv_stage_new(context->project,
		    &(struct mldv_new_stage){
		        .name = name,
		        .deps = &lists.deps,
		        .outs = &lists.outs,
		        .metrics = &lists.metrics,
		        .params = &given->params,
		        .git_outs = &lists.git_outs,
		        .notebook = buf_str(&path),
		        .kernel = given->kernel,
		        .desc = given->desc,
		        .replace = given->force,
		    },
		    &staged, err);
	if (ret == 0) {
		say_wrote(context, "mldv.ini", &staged);
		term_say(context->term, "open '%s', then 'mldv repro %s'",
		    buf_str(&path), name);
	}
	release(&lists);
	strs_release(&staged);
	buf_release(&path);
	return ret;
}

static int run(const struct context *context, const void *values,
    struct mldv_error *err)
{
	const struct values *given = values;
	struct lists lists = {0};
	struct strs staged = {0};
	struct buf line = {0};
	int ret = -1;

	if (check_words(context, err) < 0 ||
	    clean_lists(context, given, &lists, err) < 0)
		goto out;
	join_command(context->words, 1, &line);
	ret = mldv_stage_new(context->project,
	    &(struct mldv_new_stage){
	        .name = context->words->items[0],
	        .deps = &lists.deps,
	        .outs = &lists.outs,
	        .metrics = &lists.metrics,
	        .params = &given->params,
	        .git_outs = &lists.git_outs,
	        .cmd = buf_str(&line),
	        .cwd = lists.cwd.count > 0 ? lists.cwd.items[0] : NULL,
	        .desc = given->desc,
	        .replace = given->force,
	    },
	    &staged, err);
	if (ret == 0)
		say_wrote(context, "mldv.ini", &staged);
out:
	release(&lists);
	strs_release(&staged);
	buf_release(&line);
	return ret;
}

const struct command command_new_stage = {
    .name = "new stage",
    .summary = "write a stage into mldv.ini",
    .arguments = "NAME -- COMMAND...",
    .group = GROUP_PIPELINE,
    .least = 1,
    .most = ANY_NUMBER,
    .needs_project = true,
    .options = options,
    .size = sizeof(struct values),
    .run = run,
};

const struct command command_new_notebook = {
    .name = "new notebook",
    .summary = "write a notebook and the stage that runs it",
    .arguments = "NAME",
    .group = GROUP_PIPELINE,
    .least = 1,
    .most = 1,
    .needs_project = true,
    .options = notebook_options,
    .size = sizeof(struct values),
    .run = run_notebook,
};
