/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MLDV_NOTIFY_H
#define MLDV_NOTIFY_H

/*
 * Telling people, by Slack, what was done. See [notify slack] in
 * mldv-config(5).
 */

#include <stddef.h>

#include "mldv/project.h"

struct mldv_notice {
	const char *stage; /* NULL: the whole repro, or with test, nothing */
	bool failed;
	bool test;       /* is sent however little it took */
	double seconds;  /* that it took */
	const char *why; /* it failed, or NULL */
	size_t ran;      /* of the whole repro: stages */
	const void *key; /* of the stage, 32 bytes; NULL: not known */
};

/*
 * 1 if it was sent, 0 if nobody wants to know. Takes five seconds at most.
 * The error says nothing of the webhook, which is a secret.
 */
MLDV_CHECKED int mldv_notify(struct mldv_project *project,
    const struct mldv_notice *notice, struct mldv_error *err);

#endif
