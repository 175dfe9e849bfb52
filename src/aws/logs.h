/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AWS_LOGS_H
#define AWS_LOGS_H

/*
 * What a job prints, from CloudWatch Logs: "Amazon CloudWatch Logs API
 * Reference", version 2014-03-28.
 */

#include "aws/jsoncall.h"
#include "base/strs.h"

extern const struct aws_json_service logs_service;

/*
 * Adds the names of a group's streams that begin so, sorted; at most 500.
 * That there is no such group is no error: it is made with the first line.
 */
CHECKED int logs_streams(struct aws_json *json, const char *group,
    const char *prefix, struct strs *out, struct mldv_error *err);

struct logs_place {
	const char *group;
	const char *stream;
	struct buf token; /* "": from the beginning */
};

/*
 * Visits the lines of one page, from where the token says, and takes the next
 * token: 1; 0 if there is no more for now. A page may be empty, and not be the
 * last. That the stream is not there is 0, too.
 */
CHECKED int logs_read(struct aws_json *json, struct logs_place *place,
    void (*visit)(void *context, const char *line), void *context,
    struct mldv_error *err);

#endif
