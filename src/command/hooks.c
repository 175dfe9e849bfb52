/* SPDX-License-Identifier: Apache-2.0 */

/* mldv hooks: let Git call mldv, and what it does then. */

#include "mldv/hooks.h"
#include "mldv/pipeline.h"
#include "mldv/rules.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"
#include "command/command.h"
#include "command/report.h"
#include "command/transfer.h"

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
	    .done = transfer_done,
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

/* The items that differ after Git went to another commit. */
struct moved {
	struct context *context;
	struct buf names;
	size_t count;
};

static void add_moved(void *context, const char *item)
{
	struct moved *moved = context;

	if (moved->count++ >= 3)
		return;
	buf_add_str(&moved->names, moved->count > 1 ? ", " : "");
	show_path(moved->context, item, &moved->names);
}

static void say_placed(void *context, const struct mldv_done *done)
{
	const struct moved *moved = context;

	transfer_done(moved->context, done);
}

static void say_moved(struct moved *moved, bool placed, bool missing)
{
	struct buf line = {0};

	if (moved->count == 0 || placed)
		return;
	show_count(moved->count, "item", &line);
	buf_printf(&line, " (%s%s) %s another version in this commit",
	    buf_str(&moved->names), moved->count > 3 ? ", ..." : "",
	    moved->count == 1 ? "is" : "are");
	term_say(moved->context->term, "mldv: %s; run 'mldv %s'",
	    buf_str(&line), missing ? "pull" : "checkout");
	buf_release(&line);
}

/*
 * What fails here is said, and is no failure of Git's command, which has done
 * its part.
 */
static int run_after(const struct context *context, const char *from,
    const char *to)
{
	struct context at = *context;
	struct moved moved = {.context = &at};
	const struct mldv_after after = {
	    .from = from,
	    .to = to,
	    .visit = add_moved,
	    .done = say_placed,
	    .context = &moved,
	};
	struct mldv_project *project;
	struct mldv_error why;
	bool placed;
	bool missing;

	/* Not every commit is one of a project. */
	if (mldv_project_open(&project, ".", context->events, &why) < 0)
		return 0;
	if (mldv_after_checkout(project, &after, &placed, &missing, &why) < 0)
		term_error(why.text);
	else
		say_moved(&moved, placed, missing);
	mldv_project_close(project);
	buf_release(&moved.names);
	return 0;
}

/* Git says: from, to, and 1 if it was not only some files. */
static int run_post_checkout(const struct context *context,
    struct mldv_error *err)
{
	const struct strs *words = context->words;

	if (words->count != 4)
		return err_set(err, MLDV_USAGE,
		    "a post-checkout hook is given two commits and a digit");
	if (strcmp(words->items[3], "1") != 0)
		return 0;
	return run_after(context, words->items[1], words->items[2]);
}

/* What was not taken care of before a commit. */
struct before {
	const struct context *context;
	struct mldv_project *project;
	size_t count;
};

static void say_item(void *context, const struct mldv_item *item)
{
	struct before *before = context;
	struct buf called = {0};
	struct buf path = {0};

	if (item->state != MLDV_MODIFIED)
		return;
	before->count++;
	mldv_project_show(before->project, item->path, &called);
	show_text(buf_str(&called), &path);
	if (item->stage)
		term_say(before->context->term,
		    "mldv: '%s' is not what stage '%s' made; run 'mldv repro'",
		    buf_str(&path), item->stage);
	else
		term_say(before->context->term,
		    "mldv: '%s' was changed; run 'mldv add %s'", buf_str(&path),
		    buf_str(&path));
	buf_release(&called);
	buf_release(&path);
}

static void say_stage(void *context, const struct mldv_stage *stage)
{
	struct before *before = context;

	if (stage->state != MLDV_STAGE_STALE &&
	    stage->state != MLDV_STAGE_CACHED)
		return;
	before->count++;
	term_say(before->context->term,
	    "mldv: stage '%s' is stale: %s; run 'mldv repro'", stage->name,
	    stage->reason ? stage->reason : "it did not run");
}

/* What is staged is what the commit is going to have. */
static void say_rule(void *context, const struct mldv_broken *broken)
{
	struct before *before = context;
	struct buf called = {0};
	struct buf what = {0};

	before->count++;
	if (broken->stage)
		buf_printf(&called, "stage %s", broken->stage);
	else
		mldv_project_show(before->project, broken->path, &called);
	buf_printf(&called, "' %s", broken->what);
	show_text(buf_str(&called), &what);
	term_say(before->context->term, "mldv: '%s ([rules] %s)",
	    buf_str(&what), broken->rule);
	buf_release(&called);
	buf_release(&what);
}

static int look_before(struct before *before, struct mldv_error *err)
{
	const struct mldv_status status = {
	    .visit = say_item,
	    .context = before,
	};
	bool dirty;

	if (mldv_rules(before->project, say_rule, before, err) < 0)
		return -1;
	if (mldv_status(before->project, &status, &dirty, err) < 0)
		return -1;
	return mldv_stages(before->project, say_stage, before, err);
}

/* Only who asked for it is kept from committing. */
static int check_before(struct before *before, struct mldv_error *err)
{
	const char *how = mldv_setting(before->project, "hooks.commit");
	bool block = strcmp(how, "block") == 0;

	if (strcmp(how, "off") == 0)
		return 0;
	if (look_before(before, err) < 0) {
		if (block)
			return -1;
		term_error(err->text);
		return 0;
	}
	if (before->count > 0 && block)
		return err_set(err, MLDV_NO,
		    "not committed: [hooks] commit is 'block'; take care of "
		    "that, or commit without this check: git commit "
		    "--no-verify");
	return 0;
}

static int run_pre_commit(const struct context *context, struct mldv_error *err)
{
	struct before before = {.context = context};
	struct mldv_error why;
	int ret;

	if (mldv_project_open(&before.project, ".", context->events, &why) <
	    0) {
		if (why.code != MLDV_NOT_FOUND)
			term_error(why.text);
		return 0;
	}
	ret = check_before(&before, err);
	mldv_project_close(before.project);
	return ret;
}

static int run_hook(const struct context *context, const void *values,
    struct mldv_error *err)
{
	const char *name = context->words->items[0];

	(void)values;
	if (strcmp(name, "pre-push") == 0)
		return run_pre_push(context, err);
	if (strcmp(name, "pre-commit") == 0)
		return run_pre_commit(context, err);
	if (strcmp(name, "post-checkout") == 0)
		return run_post_checkout(context, err);
	if (strcmp(name, "post-merge") == 0)
		return run_after(context, "ORIG_HEAD", "HEAD");
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
