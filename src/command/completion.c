/* SPDX-License-Identifier: Apache-2.0 */

/* mldv completion: what shells need to complete mldv's command lines. */

#include <string.h>

#include "command/command.h"

static const struct option no_options[] = {{0}};

static const struct option *options_of(const struct command *command)
{
	return command->options != NULL ? command->options : no_options;
}

static bool is_hidden(const struct command *command)
{
	return command->group == GROUP_HIDDEN;
}

/* Is it the first in the table with this first word? */
static bool is_first(size_t at)
{
	size_t len = strcspn(commands[at]->name, " ");

	for (size_t i = 0; i < at; i++)
		if (strcspn(commands[i]->name, " ") == len &&
		    memcmp(commands[i]->name, commands[at]->name, len) == 0)
			return false;
	return true;
}

/* --- bash --- */

static void bash_options(const struct option *table, struct buf *out)
{
	for (; table->name != NULL; table++) {
		if (table->letter != 0)
			buf_printf(out, " -%c", table->letter);
		buf_printf(out, " --%s", table->name);
	}
}

static void bash_cases(struct buf *out)
{
	for (size_t i = 0; commands[i] != NULL; i++) {
		const struct command *command = commands[i];
		struct buf page = {0};
		struct buf names = {0};

		if (is_hidden(command))
			continue;
		command_page(command, &page);
		if (is_first(i) && command_is_family(buf_str(&page), &names))
			buf_printf(out, "\t'%s') words='%s' ;;\n",
			    buf_str(&page), buf_str(&names));
		buf_printf(out, "\t'%s') options='", command->name);
		bash_options(common_options, out);
		bash_options(options_of(command), out);
		buf_add_str(out, "' ;;\n");
		buf_release(&page);
		buf_release(&names);
	}
}

static void first_words(struct buf *out)
{
	for (size_t i = 0; commands[i] != NULL; i++) {
		if (is_hidden(commands[i]) || !is_first(i))
			continue;
		buf_add_char(out, ' ');
		command_page(commands[i], out);
	}
}

static void bash(struct buf *out)
{
	buf_add_str(out,
	    "# bash completion of mldv, written by 'mldv completion bash'.\n"
	    "\n"
	    "_mldv()\n"
	    "{\n"
	    "\tlocal word=${COMP_WORDS[COMP_CWORD]} name= words= "
	    "options= i\n"
	    "\n"
	    "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	    "\t\tcase ${COMP_WORDS[i]} in\n"
	    "\t\t-C) ((i++)) ;;\n"
	    "\t\t-*) ;;\n"
	    "\t\t*)\n"
	    "\t\t\tname=${name:+$name }${COMP_WORDS[i]}\n"
	    "\t\t\tcase $name in\n");
	/* A first word that wants a second one. */
	buf_add_str(out, "\t\t\t");
	for (size_t i = 0, count = 0; commands[i] != NULL; i++) {
		struct buf page = {0};

		command_page(commands[i], &page);
		if (is_first(i) && command_is_family(buf_str(&page), NULL))
			buf_printf(out, "%s%s", count++ > 0 ? " | " : "",
			    buf_str(&page));
		buf_release(&page);
	}
	buf_add_str(out,
	    ") ;;\n"
	    "\t\t\t*) break ;;\n"
	    "\t\t\tesac\n"
	    "\t\t\t;;\n"
	    "\t\tesac\n"
	    "\tdone\n"
	    "\tcase $name in\n"
	    "\t'')\n"
	    "\t\twords='");
	first_words(out);
	buf_add_str(out, "'\n\t\toptions='");
	bash_options(global_options, out);
	buf_add_str(out, "'\n\t\t;;\n");
	bash_cases(out);
	buf_add_str(out,
	    "\tesac\n"
	    "\tCOMPREPLY=()\n"
	    "\tcase $word in\n"
	    "\t-*) words=$options ;;\n"
	    "\tesac\n"
	    "\t[ -z \"$words\" ] ||\n"
	    "\t\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- "
	    "\"$word\")\n"
	    "}\n"
	    "\n"
	    "complete -o bashdefault -o default -F _mldv mldv\n");
}

/* --- zsh --- */

/* Text inside '…[…]', where quotes, brackets and colons mean something. */
static void zsh_text(const char *text, struct buf *out)
{
	for (; *text != '\0'; text++) {
		if (*text == '\'')
			buf_add_str(out, "'\\'");
		else if (strchr("[]:\\", *text) != NULL)
			buf_add_char(out, '\\');
		buf_add_char(out, *text);
	}
}

static bool is_path_value(const struct option *option)
{
	return strcmp(option->value, "PATH") == 0 ||
	    strcmp(option->value, "DIR") == 0;
}

static void zsh_options(const struct option *table, const char *indent,
    struct buf *out)
{
	for (; table->name != NULL; table++) {
		buf_printf(out, " \\\n%s'", indent);
		if (table->kind == OPTION_LIST)
			buf_add_char(out, '*');
		else if (table->letter != 0)
			buf_printf(out, "(-%c --%s)", table->letter,
			    table->name);
		if (table->letter != 0)
			buf_printf(out, "'{-%c,--%s}'", table->letter,
			    table->name);
		else
			buf_printf(out, "--%s", table->name);
		buf_add_char(out, '[');
		zsh_text(table->help, out);
		buf_add_char(out, ']');
		if (table->value != NULL)
			buf_printf(out, ":%s:%s", table->value,
			    is_path_value(table) ? "_files" : "");
		buf_add_char(out, '\'');
	}
}

static void zsh_arguments(const struct command *command, const char *indent,
    struct buf *out)
{
	buf_printf(out, "%s_arguments -s", indent);
	zsh_options(common_options, indent, out);
	zsh_options(options_of(command), indent, out);
	if (command->most > 0)
		buf_printf(out, " \\\n%s'*:file:_files'", indent);
	buf_add_char(out, '\n');
}

static void zsh_family(const char *page, struct buf *out)
{
	size_t len = strlen(page);

	buf_add_str(out, "\t\tif ((CURRENT == 2)); then\n\t\t\tnames=(");
	for (size_t i = 0; commands[i] != NULL; i++) {
		if (strncmp(commands[i]->name, page, len) != 0 ||
		    commands[i]->name[len] != ' ')
			continue;
		buf_printf(out, "\n\t\t\t\t'%s:", commands[i]->name + len + 1);
		zsh_text(commands[i]->summary, out);
		buf_add_char(out, '\'');
	}
	buf_add_str(out,
	    "\n\t\t\t)\n\t\t\t_describe command names\n"
	    "\t\t\treturn\n\t\tfi\n"
	    "\t\tshift words\n\t\t((CURRENT--))\n"
	    "\t\tcase $words[1] in\n");
	for (size_t i = 0; commands[i] != NULL; i++) {
		if (strncmp(commands[i]->name, page, len) != 0 ||
		    commands[i]->name[len] != ' ')
			continue;
		buf_printf(out, "\t\t%s)\n", commands[i]->name + len + 1);
		zsh_arguments(commands[i], "\t\t\t", out);
		buf_add_str(out, "\t\t\t;;\n");
	}
	buf_add_str(out, "\t\tesac\n");
}

static void zsh_cases(struct buf *out)
{
	for (size_t i = 0; commands[i] != NULL; i++) {
		struct buf page = {0};

		if (is_hidden(commands[i]) || !is_first(i))
			continue;
		command_page(commands[i], &page);
		buf_printf(out, "\t%s)\n", buf_str(&page));
		if (command_is_family(buf_str(&page), NULL))
			zsh_family(buf_str(&page), out);
		else
			zsh_arguments(commands[i], "\t\t", out);
		buf_add_str(out, "\t\t;;\n");
		buf_release(&page);
	}
}

static void zsh(struct buf *out)
{
	buf_add_str(out,
	    "#compdef mldv\n"
	    "# zsh completion of mldv, written by 'mldv completion zsh'.\n"
	    "\n"
	    "_mldv() {\n"
	    "\tlocal context state state_descr line\n"
	    "\tlocal -a names\n"
	    "\ttypeset -A opt_args\n"
	    "\n"
	    "\t_arguments -C -s");
	zsh_options(global_options, "\t\t", out);
	buf_add_str(out,
	    " \\\n\t\t'1: :->command' '*::: :->arguments' && return\n"
	    "\tif [[ $state == command ]]; then\n"
	    "\t\tnames=(");
	for (size_t i = 0; commands[i] != NULL; i++) {
		struct buf page = {0};

		if (is_hidden(commands[i]) || !is_first(i))
			continue;
		command_page(commands[i], &page);
		buf_printf(out, "\n\t\t\t'%s:", buf_str(&page));
		zsh_text(command_is_family(buf_str(&page), NULL)
		        ? "more commands"
		        : commands[i]->summary,
		    out);
		buf_add_char(out, '\'');
		buf_release(&page);
	}
	buf_add_str(out,
	    "\n\t\t)\n"
	    "\t\t_describe command names\n"
	    "\t\treturn\n"
	    "\tfi\n"
	    "\twords=($line[1] \"${words[@]}\")\n"
	    "\t((CURRENT++))\n"
	    "\tcase $line[1] in\n");
	zsh_cases(out);
	buf_add_str(out,
	    "\tesac\n"
	    "}\n"
	    "\n"
	    "_mldv \"$@\"\n");
}

/* --- fish --- */

static void fish_quoted(const char *text, struct buf *out)
{
	buf_add_char(out, '\'');
	for (; *text != '\0'; text++) {
		if (*text == '\'' || *text == '\\')
			buf_add_char(out, '\\');
		buf_add_char(out, *text);
	}
	buf_add_char(out, '\'');
}

static void fish_options(const struct option *table, const char *name,
    struct buf *out)
{
	for (; table->name != NULL; table++) {
		buf_printf(out, "complete -c mldv -n '__mldv_at %s'", name);
		if (table->letter != 0)
			buf_printf(out, " -s %c", table->letter);
		buf_printf(out, " -l %s", table->name);
		if (table->value != NULL)
			buf_add_str(out, is_path_value(table) ? " -rF" : " -x");
		buf_add_str(out, " -d ");
		fish_quoted(table->help, out);
		buf_add_char(out, '\n');
	}
}

static void fish_word(const char *before, const char *word, const char *summary,
    struct buf *out)
{
	buf_printf(out, "complete -c mldv -f -n '__mldv_just %s' -a %s -d ",
	    before, word);
	fish_quoted(summary, out);
	buf_add_char(out, '\n');
}

static void fish(struct buf *out)
{
	buf_add_str(out,
	    "# fish completion of mldv, written by 'mldv completion fish'.\n"
	    "\n"
	    "# The words so far that are no options.\n"
	    "function __mldv_words\n"
	    "    set -l words (commandline -opc | string match -v -- '-*')\n"
	    "    string join ' ' -- $words[2..]\n"
	    "end\n"
	    "# Do they begin with these?\n"
	    "function __mldv_at\n"
	    "    set -l words (__mldv_words)\n"
	    "    string match -q -- \"$argv *\" \"$words \"\n"
	    "end\n"
	    "# Are they just these?\n"
	    "function __mldv_just\n"
	    "    set -l words (__mldv_words)\n"
	    "    test \"$words\" = \"$argv\"\n"
	    "end\n"
	    "\n");
	fish_options(global_options, "", out);
	for (size_t i = 0; commands[i] != NULL; i++) {
		const struct command *command = commands[i];
		struct buf page = {0};
		bool family;

		if (is_hidden(command))
			continue;
		command_page(command, &page);
		family = command_is_family(buf_str(&page), NULL);
		if (is_first(i))
			fish_word("", buf_str(&page),
			    family ? "more commands" : command->summary, out);
		if (family)
			fish_word(buf_str(&page), command->name + page.len + 1,
			    command->summary, out);
		fish_options(common_options, command->name, out);
		fish_options(options_of(command), command->name, out);
		buf_release(&page);
	}
}

static int run(const struct context *context, const void *values,
    struct mldv_error *err)
{
	const char *shell = context->words->items[0];
	struct buf text = {0};

	(void)values;
	if (strcmp(shell, "bash") == 0)
		bash(&text);
	else if (strcmp(shell, "zsh") == 0)
		zsh(&text);
	else if (strcmp(shell, "fish") == 0)
		fish(&text);
	else
		return err_set(err, MLDV_USAGE,
		    "no completion for '%s'; there is one for bash, zsh, fish",
		    shell);
	term_write(context->term, text.data, text.len);
	buf_release(&text);
	return 0;
}

const struct command command_completion = {
    .name = "completion",
    .summary = "print the completion script of a shell",
    .arguments = "bash|zsh|fish",
    .group = GROUP_HIDDEN,
    .least = 1,
    .most = 1,
    .run = run,
};
