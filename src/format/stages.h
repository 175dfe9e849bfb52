/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_STAGES_H
#define FORMAT_STAGES_H

/*
 * The pipeline as mldv.ini defines it: parameters and stages, interpolated.
 */

#include "base/mem.h"
#include "base/strs.h"
#include "format/ini.h"
#include "format/value.h"

struct param {
	const char *name;
	struct value value;
	unsigned line;
};

struct stage_dep {
	const char *path;    /* clean, relative to the root */
	const char *channel; /* of a training job; or NULL */
	bool envlock;        /* it says what the environment is */
	bool notebook;       /* the stage runs it: its source is in the key */
};

/* "python:pkg.mod", whose imports are deps, too: see pipeline/imports.h. */
struct stage_module {
	const char *name; /* dotted, or the clean path of a script */
	unsigned line;
};

enum out_kind { OUT_PLAIN, OUT_METRICS, OUT_PLOT, OUT_NOTEBOOK };

struct stage_out {
	const char *path; /* clean, relative to the root, no final slash */
	enum out_kind kind;
	bool git;         /* kept in Git, not in the store */
	const char *from; /* "model.tar.gz:model.pt"; or NULL */
	/* Of a plot, or NULL: columns, the name of a template, a title. */
	const char *x, *y, *layout, *title;
};

enum runner_kind {
	RUN_SHELL,
	RUN_NOTEBOOK,
	RUN_CONTAINER,
	RUN_SAGEMAKER,
	RUN_FARGATE,
	RUN_BATCH,
};
#define RUNNERS (RUN_BATCH + 1)

/* A variable of the command's environment. */
struct stage_var {
	const char *name;
	const char *value; /* NULL: what mldv's own environment has */
	unsigned line;
};

/* A value that is put into a notebook. */
struct stage_inject {
	const char *name;
	struct value value;
	/* value.text is a dep, an output, or lies in one: a clean path
	   relative to the root, to be said from the working directory */
	bool is_path;
	unsigned line;
	/* The parameter whose value it is, unchanged; or NULL. */
	const struct param *param;
	/* It goes into a notebook only if that assigns the name. */
	bool optional;
};

/* A key that belongs to a runner: "sagemaker.role", interpolated. */
struct setting {
	const char *key;
	const char *value;
	unsigned line;
};

struct stage {
	const char *name;
	const char *file; /* where it stands, as messages show it; or NULL */
	unsigned line;
	const char *desc;    /* or NULL */
	const char *base;    /* the name before '@' */
	const char *variant; /* what stands behind it, or NULL */
	/* Interpolated, lines joined with LF; "" where a runner needs none. */
	const char *cmd;
	const char *cwd; /* clean, relative to the root; "" is the root */
	struct stage_dep *deps; /* sorted by path */
	size_t dep_count;
	struct stage_module *modules; /* of Python */
	size_t module_count;
	/* "x.py:3", where what is imported cannot be known; or NULL. */
	const char *unknown_import;
	struct stage_out *outs; /* sorted by path */
	size_t out_count;
	const struct param **params; /* sorted by name */
	size_t param_count;
	/* "config.json:train.lr", with the value that it has there. */
	struct param *file_params;
	size_t file_param_count;
	bool frozen; /* never runs */
	bool always; /* always runs */

	enum runner_kind run;
	uint64_t timeout; /* seconds; 0: none */
	unsigned retries;
	unsigned cpus; /* at least 1 */
	unsigned gpus;
	const char *pool;  /* one of stages.pools, or NULL */
	struct strs mutex; /* in the arena, as all lists here */
	bool publish;

	struct stage_var *env; /* keyed; sorted by name */
	size_t env_count;
	struct stage_var *pass; /* not keyed; sorted by name */
	size_t pass_count;
	bool clean;          /* environment = clean */
	struct strs envlock; /* paths, sorted; they are among the deps, too */
	struct strs probe;   /* commands, sorted, whose output is in the key */
	const char *salt;    /* or NULL */
	const char *params_write; /* clean path, or NULL */

	const char *notebook;        /* clean path, or NULL */
	const char *kernel;          /* or NULL */
	struct stage_inject *inject; /* as `inject` says, sorted by name */
	size_t inject_count;
	/* All that the notebook gets: that, and parameters under the last part
	   of their names. Sorted by name, which are those of variables. */
	struct stage_inject *given;
	size_t given_count;
	bool allow_early_exit;
	const char *papermill; /* the program's path or name, or NULL */

	const char *image;        /* or NULL */
	const char *entry;        /* entry_point, or NULL */
	struct setting *settings; /* sorted by key */
	size_t setting_count;
};

/* How many stages may run at once that name it. */
struct stage_pool {
	const char *name;
	unsigned slots;
	const char
	    *assign; /* the variable that gets the slot's number, or NULL */
	unsigned line;
};

struct stages {
	struct param *params; /* sorted by name */
	size_t param_count;
	struct stage *stages; /* in the order of the file */
	size_t count;
	const char *shell;   /* [pipeline] shell, "/bin/sh -eu" */
	struct strs targets; /* [pipeline] default; empty: all stages. In the
	                        arena, so not to be released */
	struct stage_pool *pools; /* in the order of the file */
	size_t pool_count;
};

/*
 * Reads [params], [pipeline] and every [stage …], also those of files that
 * [include] names. overrides are "name=value"
 * from the command line; a name that [params] lacks is refused. Errors are
 * MLDV_USAGE with path and line. An output that lies in another's, outside
 * the root or among its own stage's deps is refused here; cycles are the
 * graph's matter.
 */
CHECKED int stages_parse(struct stages *out, struct arena *arena,
    const struct ini *ini, const struct strs *overrides,
    struct mldv_error *err);
const struct stage *stages_find(const struct stages *stages, const char *name);
/*
 * Does the word name the stage: by its name, by the name before its '@', or
 * as a pattern with * and ?
 */
bool stage_is_called(const struct stage *stage, const char *word);
#define STAGE_NAME 40 /* bytes of a stage's name, with its variant */
/* May it be the name of a parameter in a key, perhaps of one in a file? */
bool param_is_name(struct slice name);
/* Reads the value that a parameter like "config.json:train.lr" has now. */
CHECKED int file_param_read(const struct ini_source *source,
    struct arena *arena, const char *name, struct value *out,
    struct mldv_error *err);
/* May it be a stage's name, perhaps with a variant? */
bool stage_is_name(struct slice name);
const struct stage_pool *stages_pool(const struct stages *stages,
    const char *name);
/* "shell", "notebook", "container", "sagemaker", "fargate", "batch" */
const char *runner_name(enum runner_kind kind);
/*
 * Is it carried out as 'run = shell' is, but on another machine? Then the key
 * is the same: it says what is done, and not where.
 */
bool stage_runs_remotely(const struct stage *stage);
/* "reports/eval", for the stage's notebook notebooks/eval.ipynb. */
const char *stage_reports(const struct stage *stage, struct arena *arena);
/* The stage that makes this path, or something above or below it; or NULL. */
const struct stage *stages_maker(const struct stages *stages, const char *path);

#endif
