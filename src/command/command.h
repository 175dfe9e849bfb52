/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COMMAND_COMMAND_H
#define COMMAND_COMMAND_H

/*
 * The commands, and what they are given.
 *
 * To add one: 1. src/command/foo.c with `const struct command command_foo`;
 * 2. a line here and in table.c; 3. man/mldv-foo.1; 4. test/cli/foo.t; 5.
 * `make completion`. test/cli/docs.t fails if a page or option is missing.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/strs.h"
#include "command/option.h"
#include "command/term.h"

struct mldv_project;

enum command_group {
	GROUP_DAILY,
	GROUP_START,
	GROUP_DATA,
	GROUP_PIPELINE,
	GROUP_OTHER,
	GROUP_HIDDEN,
};

enum { ANY_NUMBER = 1 << 30 };

/* What a command is given. */
struct context {
	struct term *term;
	struct mldv_project *project; /* if needs_project */
	const struct mldv_events *events;
	const struct strs *words; /* the arguments */
	size_t before;            /* how many of them stood before "--" */
	bool quiet;
};

struct command {
	const char *name;      /* one word, or two: "remote add" */
	const char *summary;   /* a phrase: "send items to a remote" */
	const char *arguments; /* after the options: "PATH..." */
	enum command_group group;
	unsigned least, most; /* how many arguments */
	bool needs_project;
	const struct option *options; /* or NULL */
	size_t size;                  /* of the options' values, zeroed */
	int (*run)(const struct context *context, const void *values,
	    struct mldv_error *err);
};

extern const struct command command_add, command_cat, command_checkout,
    command_completion, command_config, command_dag, command_diff,
    command_doctor, command_drop, command_du, command_env, command_fetch,
    command_fsck, command_gc, command_get, command_help, command_hooks_install,
    command_hooks_run, command_hooks_status, command_hooks_uninstall,
    command_how, command_import, command_init, command_jobs_attach,
    command_jobs_list, command_jobs_logs, command_jobs_stop, command_tune,
    command_logs, command_ls, command_merge_driver, command_metrics_show,
    command_mv, command_new_notebook, command_new_stage, command_notify_test,
    command_publish, command_pull, command_purge, command_push,
    command_remote_add, command_remote_create, command_remote_default,
    command_remote_list, command_remote_remove, command_repro, command_rm,
    command_run_container, command_run_elsewhere, command_run_stage,
    command_run_job, command_status, command_unprotect, command_update,
    command_verify, command_accept, command_metrics_diff, command_params_diff,
    command_find, command_runs, command_version, command_why;

/* Every command, daily ones first; ends with NULL. */
extern const struct command *const commands[];

/* The options that stand before the command. */
struct globals {
	const char *dir;
	bool quiet;
	bool no_wait;
	bool version;
	bool help;
};
extern const struct option global_options[];

/* The options that every command has besides its own. */
struct common {
	bool quiet;
	bool no_wait;
	bool help;
};
extern const struct option common_options[];

/* The command of this name (with a space, if of two words), or NULL. */
const struct command *command_named(const char *name);
/* The first word of a command's name, as its page is called. */
struct buf;
void command_page(const struct command *command, struct buf *out);
/*
 * Is word the first word of commands of two words? *names, if given, gets the
 * second words, with spaces between.
 */
bool command_is_family(const char *word, struct buf *names);
/* "usage: mldv add [--note TEXT] PATH..." without the first word. */
void command_usage(const struct command *command, struct buf *out);
/* What -h prints. */
void command_help_text(const struct command *command, struct buf *out);

/* Does what the command line says; stdout is flushed and checked. */
CHECKED int command_main(int argc, char **argv, struct mldv_error *err);

#endif
