/* SPDX-License-Identifier: Apache-2.0 */
#include "command/command.h"

#include <string.h>

#include "base/buf.h"

const struct command *const commands[] = {
    &command_add,
    &command_repro,
    &command_status,
    &command_push,
    &command_pull,
    &command_how,

    &command_init,
    &command_remote_add,
    &command_remote_create,
    &command_remote_list,
    &command_remote_default,
    &command_remote_remove,
    &command_config,
    &command_notify_test,
    &command_hooks_install,
    &command_hooks_uninstall,
    &command_hooks_status,
    &command_hooks_run,
    &command_merge_driver,

    &command_rm,
    &command_mv,
    &command_diff,
    &command_ls,
    &command_cat,
    &command_get,
    &command_import,
    &command_update,
    &command_checkout,
    &command_unprotect,
    &command_fetch,
    &command_fsck,
    &command_gc,
    &command_drop,
    &command_publish,
    &command_purge,
    &command_du,

    &command_new_stage,
    &command_new_notebook,
    &command_why,
    &command_dag,
    &command_env,
    &command_logs,
    &command_run_stage,
    &command_accept,
    &command_runs,
    &command_find,
    &command_metrics_show,
    &command_metrics_diff,
    &command_params_diff,
    &command_verify,

    &command_jobs_list,
    &command_jobs_logs,
    &command_jobs_attach,
    &command_jobs_stop,
    &command_tune,
    &command_run_job,
    &command_run_container,
    &command_run_elsewhere,

    &command_doctor,
    &command_help,
    &command_version,
    &command_completion,
    NULL,
};

const struct option global_options[] = {
    {'C', "directory", "DIR", "work as if started in DIR",
        TEXT(struct globals, dir)},
    {'q', "quiet", NULL, "no progress, no report of what was done",
        FLAG(struct globals, quiet)},
    {0, "no-wait", NULL, "fail if somebody holds a lock",
        FLAG(struct globals, no_wait)},
    {0, "version", NULL, "print the version", FLAG(struct globals, version)},
    {'h', "help", NULL, "print a summary", FLAG(struct globals, help)},
    {0},
};

const struct option common_options[] = {
    {'q', "quiet", NULL, "no progress, no report of what was done",
        FLAG(struct common, quiet)},
    {0, "no-wait", NULL, "fail if somebody holds a lock",
        FLAG(struct common, no_wait)},
    {'h', "help", NULL, "print a summary", FLAG(struct common, help)},
    {0},
};

const struct command *command_named(const char *name)
{
	for (size_t i = 0; commands[i] != NULL; i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	return NULL;
}

void command_page(const struct command *command, struct buf *out)
{
	buf_add(out, command->name, strcspn(command->name, " "));
}

bool command_is_family(const char *word, struct buf *names)
{
	size_t len = strlen(word);
	bool found = false;

	for (size_t i = 0; commands[i] != NULL; i++) {
		const char *name = commands[i]->name;

		if (strncmp(name, word, len) != 0 || name[len] != ' ')
			continue;
		found = true;
		if (names != NULL)
			buf_printf(names, "%s%s", names->len > 0 ? " " : "",
			    name + len + 1);
	}
	return found;
}

void command_usage(const struct command *command, struct buf *out)
{
	buf_printf(out, "mldv %s", command->name);
	if (command->options != NULL)
		option_usage(command->options, out);
	if (command->arguments[0] != '\0')
		buf_printf(out, " %s", command->arguments);
}

void command_help_text(const struct command *command, struct buf *out)
{
	buf_add_str(out, "usage: ");
	command_usage(command, out);
	buf_printf(out, "\n\n%s\n", command->summary);
	if (command->options != NULL) {
		buf_add_char(out, '\n');
		option_help(command->options, out);
	}
	buf_add_str(out,
	    "\nOf every command: -h, -q, --no-wait. More: 'mldv "
	    "help ");
	command_page(command, out);
	buf_add_str(out, "'.\n");
}
