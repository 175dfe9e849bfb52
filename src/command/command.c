/* SPDX-License-Identifier: Apache-2.0 */
#include "command/command.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "command/interrupt.h"
#include "mldv/project.h"

/* An invocation: the command line, taken apart. */
struct call {
	struct globals globals;
	struct common common;
	const struct command *command;
	void *values;
	struct parsed parsed;
	struct arena arena;
};

static int unknown_command(const char *name, struct mldv_error *err)
{
	struct arena arena = {0};
	bool two_words = strchr(name, ' ') != NULL;
	const char *nearest;
	const char **names;
	const char *known;
	size_t count = 0;

	while (commands[count] != NULL)
		count++;
	names = arena_array(&arena, count + 1, sizeof(*names));
	for (size_t i = 0; i < count; i++) {
		known = commands[i]->name;
		names[i] = two_words
		    ? known
		    : arena_strn(&arena, known, strcspn(known, " "));
	}
	nearest = str_nearest(name, names);
	if (nearest != NULL)
		err_set(err, MLDV_USAGE,
		    "unknown command '%s'; did you mean '%s'?", name, nearest);
	else
		err_set(err, MLDV_USAGE,
		    "unknown command '%s'; run 'mldv help'", name);
	arena_release(&arena);
	return -1;
}

/* Prints -h of all the commands that begin with the word. */
static void print_family(const char *word)
{
	size_t len = strlen(word);
	struct buf text = {0};

	for (size_t i = 0; commands[i] != NULL; i++)
		if (strncmp(commands[i]->name, word, len) == 0 &&
		    commands[i]->name[len] == ' ') {
			if (text.len > 0)
				buf_add_char(&text, '\n');
			command_help_text(commands[i], &text);
		}
	(void)fputs(buf_str(&text), stdout);
	buf_release(&text);
}

/* 1 if it is a call for help, which was given, else 0. */
static int find_in_family(struct call *call, int argc, char **argv, int *first,
    struct mldv_error *err)
{
	const char *word = argv[*first];
	const char *second = *first + 1 < argc ? argv[*first + 1] : NULL;
	struct buf names = {0};
	int ret = -1;

	(void)command_is_family(word, &names);
	if (second != NULL &&
	    (strcmp(second, "-h") == 0 || strcmp(second, "--help") == 0)) {
		print_family(word);
		ret = 1;
	} else if (second == NULL || second[0] == '-') {
		err_set(err, MLDV_USAGE,
		    "say what 'mldv %s' should do; it can: %s", word,
		    buf_str(&names));
	} else {
		word = arena_printf(&call->arena, "%s %s", word, second);
		call->command = command_named(word);
		*first += 2;
		ret = call->command != NULL ? 0 : unknown_command(word, err);
	}
	buf_release(&names);
	return ret;
}

static int find_command(struct call *call, int argc, char **argv, int *first,
    struct mldv_error *err)
{
	const char *word = argv[*first];

	if (command_is_family(word, NULL))
		return find_in_family(call, argc, argv, first, err);
	call->command = command_named(word);
	(*first)++;
	return call->command != NULL ? 0 : unknown_command(word, err);
}

/* How many arguments there are is as the command says. */
static int check_count(const struct call *call, struct mldv_error *err)
{
	size_t count = call->parsed.words.count;
	struct buf usage = {0};
	const char *what = NULL;

	if (count < call->command->least)
		what =
		    count == 0 ? "an argument is missing" : "too few arguments";
	else if (count > call->command->most)
		what = "too many arguments";
	if (what == NULL)
		return 0;
	command_usage(call->command, &usage);
	err_set(err, MLDV_USAGE, "%s; usage: %s", what, buf_str(&usage));
	buf_release(&usage);
	return -1;
}

static int parse_options(struct call *call, int argc, char **argv, int first,
    struct mldv_error *err)
{
	const struct command *command = call->command;
	const struct option_set sets[] = {
	    {common_options, &call->common},
	    {command->options, call->values},
	    {NULL, NULL},
	};
	const struct arguments arguments = {
	    .argc = argc,
	    .argv = argv,
	    .first = first,
	    .who = arena_printf(&call->arena, "mldv %s", command->name),
	};

	if (option_parse(sets, &arguments, &call->parsed, err) < 0)
		return -1;
	if (call->common.help)
		return 0;
	return check_count(call, err);
}

static int start_in(const char *dir, struct mldv_error *err)
{
	if (dir != NULL && chdir(dir) < 0)
		return err_errno(err, "cannot work in '%s'", dir);
	return 0;
}

static int run(const struct call *call, struct mldv_error *err)
{
	struct context context = {
	    .words = &call->parsed.words,
	    .before = call->parsed.before,
	    .quiet = call->globals.quiet || call->common.quiet,
	};
	struct mldv_events events = {.progress = term_progress,
	    .warn = term_warn,
	    .cancelled = interrupt_came};
	int ret = 0;

	interrupt_catch();
	term_open(&context.term, context.quiet);
	events.context = context.term;
	context.events = &events;
	if (call->command->needs_project) {
		ret = mldv_project_open(&context.project, ".", &events, err);
		if (ret == 0 && (call->globals.no_wait || call->common.no_wait))
			mldv_project_no_wait(context.project);
	}
	if (ret == 0)
		ret = call->command->run(&context, call->values, err);
	if (context.project != NULL)
		mldv_project_close(context.project);
	term_close(context.term);
	/* The floors below know only that they were asked to stop. */
	if (ret < 0 && err->code == MLDV_INTERRUPTED &&
	    interrupt_signal() == SIGTERM)
		err->code = MLDV_TERMINATED;
	return ret;
}

static int run_or_help(const struct call *call, struct mldv_error *err)
{
	struct buf text = {0};

	if (!call->common.help)
		return run(call, err);
	command_help_text(call->command, &text);
	(void)fputs(buf_str(&text), stdout);
	buf_release(&text);
	return 0;
}

static int call_command(struct call *call, int argc, char **argv, int first,
    struct mldv_error *err)
{
	int ret = find_command(call, argc, argv, &first, err);

	if (ret != 0)
		return ret < 0 ? -1 : 0;
	call->values = arena_alloc(&call->arena, call->command->size + 1);
	ret = parse_options(call, argc, argv, first, err);
	if (ret == 0)
		ret = run_or_help(call, err);
	if (call->command->options != NULL) {
		const struct option_set set = {call->command->options,
		    call->values};

		option_release(&set);
	}
	return ret;
}

static int call_any(struct call *call, int argc, char **argv,
    struct mldv_error *err)
{
	const struct option_set sets[] = {
	    {global_options, &call->globals},
	    {NULL, NULL},
	};
	const struct arguments arguments = {.argc = argc,
	    .argv = argv,
	    .first = 1,
	    .only_leading = true,
	    .who = "mldv"};

	if (option_parse(sets, &arguments, &call->parsed, err) < 0 ||
	    start_in(call->globals.dir, err) < 0)
		return -1;
	if (call->globals.version)
		call->command = &command_version;
	else if (call->globals.help)
		call->command = &command_help;
	if (call->command != NULL)
		return run(call, err);
	if (call->parsed.next == argc)
		return err_set(err, MLDV_USAGE,
		    "say what to do, as in 'mldv add data'; 'mldv help' lists "
		    "the commands");
	return call_command(call, argc, argv, call->parsed.next, err);
}

int command_main(int argc, char **argv, struct mldv_error *err)
{
	struct call call = {0};
	int ret = call_any(&call, argc, argv, err);

	strs_release(&call.parsed.words);
	arena_release(&call.arena);
	/* What did not arrive was not done. */
	if ((fflush(stdout) != 0 || ferror(stdout)) && ret == 0)
		ret = err_errno(err, "cannot write to standard output");
	return ret;
}
