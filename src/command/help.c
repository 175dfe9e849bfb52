/* SPDX-License-Identifier: Apache-2.0 */

/* mldv help: the commands, or the manual page of one. */

#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "command/command.h"

static void list_group(enum command_group group, const char *title,
    struct buf *out)
{
	buf_printf(out, "\n%s\n", title);
	for (size_t i = 0; commands[i] != NULL; i++)
		if (commands[i]->group == group)
			buf_printf(out, "  %-15s %s\n", commands[i]->name,
			    commands[i]->summary);
}

static void list_commands(struct buf *out)
{
	buf_add_str(out, "usage: mldv");
	option_usage(global_options, out);
	buf_add_str(out, " COMMAND ...\n");
	list_group(GROUP_DAILY, "Every day", out);
	list_group(GROUP_START, "Set up a project", out);
	list_group(GROUP_DATA, "Look after data", out);
	list_group(GROUP_PIPELINE, "Define stages and compare results", out);
	list_group(GROUP_OTHER, "Find out more", out);
	buf_add_char(out, '\n');
	option_help(global_options, out);
	buf_add_str(out,
	    "\n'mldv COMMAND -h' is short, 'mldv help COMMAND' "
	    "the manual.\n");
}

/* Does man have the page? Asked quietly. */
static bool has_page(const char *page)
{
	const char *words[] = {"man", "-w", page, NULL};
	posix_spawn_file_actions_t actions;
	char *argv[4] = {NULL};
	struct arena arena = {0};
	int status = 1;
	pid_t pid;

	for (size_t i = 0; words[i] != NULL; i++)
		argv[i] = arena_str(&arena, words[i]);
	(void)posix_spawn_file_actions_init(&actions);
	(void)posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO,
	    "/dev/null", O_WRONLY, 0);
	(void)posix_spawn_file_actions_addopen(&actions, STDERR_FILENO,
	    "/dev/null", O_WRONLY, 0);
	if (posix_spawnp(&pid, "man", &actions, NULL, argv, environ) == 0)
		(void)waitpid(pid, &status, 0);
	(void)posix_spawn_file_actions_destroy(&actions);
	arena_release(&arena);
	return status == 0;
}

static void show_usage(const struct context *context, const char *name)
{
	size_t len = strlen(name);
	struct buf text = {0};

	for (size_t i = 0; commands[i] != NULL; i++) {
		const char *known = commands[i]->name;

		if (strcmp(known, name) != 0 &&
		    (strncmp(known, name, len) != 0 || known[len] != ' '))
			continue;
		if (text.len > 0)
			buf_add_char(&text, '\n');
		command_help_text(commands[i], &text);
	}
	term_write(context->term, buf_str(&text), text.len);
	buf_release(&text);
}

static int explain(const struct context *context, struct mldv_error *err)
{
	const struct strs *words = context->words;
	struct buf name = {0};
	struct buf page = {0};
	int ret = 0;

	buf_add_str(&name, words->items[0]);
	if (words->count > 1)
		buf_printf(&name, " %s", words->items[1]);
	if (command_named(buf_str(&name)) == NULL &&
	    (words->count > 1 || !command_is_family(buf_str(&name), NULL))) {
		ret = err_set(err, MLDV_USAGE,
		    "unknown command '%s'; run 'mldv help'", buf_str(&name));
		goto out;
	}
	buf_printf(&page, "mldv-%s", words->items[0]);
	if (has_page(buf_str(&page)))
		(void)execlp("man", "man", buf_str(&page), (char *)NULL);
	show_usage(context, buf_str(&name));
out:
	buf_release(&name);
	buf_release(&page);
	return ret;
}

static int run(const struct context *context, const void *values,
    struct mldv_error *err)
{
	struct buf text = {0};

	(void)values;
	if (context->words->count > 0)
		return explain(context, err);
	list_commands(&text);
	term_write(context->term, buf_str(&text), text.len);
	buf_release(&text);
	return 0;
}

const struct command command_help = {
    .name = "help",
    .summary = "list the commands, or show the manual page of one",
    .arguments = "[COMMAND]",
    .group = GROUP_OTHER,
    .most = 2,
    .run = run,
};
