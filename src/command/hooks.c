/* SPDX-License-Identifier: Apache-2.0 */

/* mldv hooks: let Git call mldv, and what it does then. */

#include "mldv/hooks.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"
#include "command/command.h"
#include "command/report.h"

#define REFS_LIMIT (64 << 20)

/* --- install, uninstall, status --- */

static void say_hook(void *context, const struct mldv_hook *hook)
{
	static const char *const states[] = {
	    [MLDV_HOOK_INSTALLED] = "installed",
	    [MLDV_HOOK_MISSING] = "not installed",
	    [MLDV_HOOK_FOREIGN] = "not installed: another hook is there",
	    [MLDV_HOOK_OLD] = "to be installed again",
	};
	const struct context *at = context;
	struct buf line = {0};

	buf_printf(&line, "%s: %s", hook->name, states[hook->state]);
	if (hook->chained && hook->state == MLDV_HOOK_MISSING)
		buf_add_str(&line, "; what was there before is back");
	else if (hook->chained)
		buf_add_str(&line, "; what was there before runs first");
	if (hook->path) {
		buf_add_str(&line, " (");
		show_text(hook->path, &line);
		buf_add_char(&line, ')');
	}
	term_say(at->term, "%s", buf_str(&line));
	buf_release(&line);
}

static int run_install(const struct context *context, const void *values,
    struct mldv_error *err)
{
	struct context at = *context;
	struct strs staged = {0};
	int ret =
	    mldv_hooks_install(context->project, say_hook, &at, &staged, err);

	(void)values;
	if (ret == 0)
		say_staged(context, &staged);
	strs_release(&staged);
	return ret;
}

static int run_uninstall(const struct context *context, const void *values,
    struct mldv_error *err)
{
	struct context at = *context;

	(void)values;
	return mldv_hooks_uninstall(context->project, say_hook, &at, err);
}

static int run_status(const struct context *context, const void *values,
    struct mldv_error *err)
{
	struct context at = *context;
	bool all;

	(void)values;
	if (mldv_hooks_status(context->project, say_hook, &at, &all, err) < 0)
		return -1;
	if (!all)
		return err_set(err, MLDV_NO,
		    "not every hook is installed; run 'mldv hooks install'");
	return 0;
}

/* --- run --- */

static void say_done(void *context, const struct mldv_done *done)
{
	const struct context *at = context;
	struct buf line = {0};

	if (done->changed == 0)
		return;
	show_path(at, done->path, &line);
	buf_add_str(&line, ": ");
	show_size(done->files, done->bytes, &line);
	show_took(done->seconds, &line);
	term_say(at->term, "%s", buf_str(&line));
	buf_release(&line);
}

/* "the remote has all that these commits need: 3 items, 2 sent, 1.2 MB" */
static void say_pushed(const struct context *context,
    const struct mldv_pre_pushed *pushed)
{
	struct buf line = {0};

	if (pushed->guessed)
		term_say(context->term,
		    "mldv: Git named no refs to push; the commits of HEAD were "
		    "looked at");
	if (pushed->changed == 0)
		return;
	show_count(pushed->sum.items + pushed->sum.up_to_date, "item", &line);
	buf_add_str(&line, ", ");
	show_count(pushed->sum.items, "item", &line);
	buf_add_str(&line, " sent, ");
	str_bytes(pushed->sum.bytes, &line);
	term_say(context->term,
	    "mldv: the data of these commits is on the remote: %s",
	    buf_str(&line));
	buf_release(&line);
}

static int check_missing(const struct mldv_pre_pushed *pushed,
    struct mldv_error *err)
{
	if (pushed->sum.missing == 0)
		return 0;
	return err_set(err, MLDV_MISSING,
	    "the commits to be pushed need data that is neither here nor on "
	    "the remote; push it from the clone that has it, or push without "
	    "this check: git push --no-verify");
}

static int run_pre_push(const struct context *context, struct mldv_error *err)
{
	const struct strs *words = context->words;
	struct context at = *context;
	struct mldv_pre_pushed pushed;
	struct buf refs = {0};
	struct mldv_pre_push push = {
	    .remote = words->count > 1 ? words->items[1] : NULL,
	    .url = words->count > 2 ? words->items[2] : NULL,
	    .done = say_done,
	    .context = &at,
	    .events = context->events,
	};
	int ret = 0;

	if (!isatty(STDIN_FILENO))
		ret = file_read_fd(STDIN_FILENO, "standard input", REFS_LIMIT,
		    &refs, err);
	push.refs = buf_str(&refs);
	push.size = refs.len;
	if (ret == 0)
		ret = mldv_pre_push(&push, &pushed, err);
	if (ret == 0)
		ret = check_missing(&pushed, err);
	if (ret == 0)
		say_pushed(context, &pushed);
	buf_release(&refs);
	return ret;
}

static int run_hook(const struct context *context, const void *values,
    struct mldv_error *err)
{
	const char *name = context->words->items[0];

	(void)values;
	if (strcmp(name, "pre-push") == 0)
		return run_pre_push(context, err);
	return err_set(err, MLDV_USAGE,
	    "there is nothing to do for a hook '%s'; run 'mldv hooks install'",
	    name);
}

const struct command command_hooks_install = {
    .name = "hooks install",
    .summary = "let Git call mldv",
    .arguments = "",
    .group = GROUP_START,
    .needs_project = true,
    .run = run_install,
};

const struct command command_hooks_uninstall = {
    .name = "hooks uninstall",
    .summary = "take the hooks away again",
    .arguments = "",
    .group = GROUP_START,
    .needs_project = true,
    .run = run_uninstall,
};

const struct command command_hooks_status = {
    .name = "hooks status",
    .summary = "say which hooks are installed",
    .arguments = "",
    .group = GROUP_START,
    .needs_project = true,
    .run = run_status,
};

const struct command command_hooks_run = {
    .name = "hooks run",
    .summary = "do what a Git hook does; for the hooks themselves",
    .arguments = "HOOK [ARG...]",
    .group = GROUP_START,
    .least = 1,
    .most = ANY_NUMBER,
    .run = run_hook,
};
