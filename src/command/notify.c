/* SPDX-License-Identifier: Apache-2.0 */

/* mldv notify test; and what repro tells people. */

#include "mldv/notify.h"

#include "command/command.h"
#include "command/notify.h"

void notify_begin(struct notifying *notifying)
{
	*notifying = (struct notifying){0};
	(void)clock_gettime(CLOCK_MONOTONIC, &notifying->began);
}

static double since(const struct timespec *began)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - began->tv_sec) +
	    (double)(now.tv_nsec - began->tv_nsec) / 1e9;
}

/* No run fails because nobody hears of it. */
static void send(struct notifying *notifying, const struct context *context,
    const struct mldv_notice *notice)
{
	struct mldv_error why;

	if (notifying->warned ||
	    mldv_notify(context->project, notice, &why) >= 0)
		return;
	notifying->warned = true;
	term_warn(context->term, why.text);
}

void notify_stage(struct notifying *notifying, const struct context *context,
    const struct mldv_stage *stage)
{
	struct mldv_notice notice = {
	    .stage = stage->name,
	    .failed = stage->state == MLDV_STAGE_FAILED,
	    .seconds = stage->seconds,
	    .why = stage->reason,
	    .key = stage->key,
	};

	if (stage->state != MLDV_STAGE_RAN && !notice.failed)
		return;
	/* Of what failed, it may not be known how long it took. */
	if (notice.failed && notice.seconds <= 0)
		notice.seconds = since(&notifying->began);
	notifying->ran++;
	send(notifying, context, &notice);
}

void notify_end(struct notifying *notifying, const struct context *context,
    const char *why)
{
	const struct mldv_notice notice = {
	    .failed = why != NULL,
	    .seconds = since(&notifying->began),
	    .why = why,
	    .ran = notifying->ran,
	};

	if (notifying->ran > 0)
		send(notifying, context, &notice);
}

static int run(const struct context *context, const void *values,
    struct mldv_error *err)
{
	const struct mldv_notice notice = {.test = true};

	(void)values;
	if (mldv_notify(context->project, &notice, err) < 0)
		return -1;
	term_say(context->term, "sent a message to Slack");
	return 0;
}

const struct command command_notify_test = {
    .name = "notify test",
    .summary = "send a message to Slack, to see that it arrives",
    .arguments = "",
    .group = GROUP_START,
    .needs_project = true,
    .run = run,
};
