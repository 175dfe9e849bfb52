/* SPDX-License-Identifier: Apache-2.0 */
#include "aws/logs.h"

#include <string.h>

#include "base/jsonout.h"

enum { PAGES = 10 }; /* of 50 streams each */

const struct aws_json_service logs_service = {
    .name = "logs",
    .setting = "cloudwatch_logs",
    .host = "logs",
    .target = "Logs_20140328",
};

/* A page of names; *token becomes where the next begins, or empty. */
static int list_page(struct aws_json *json, const char *group,
    const char *prefix, struct buf *token, struct strs *out,
    struct mldv_error *err)
{
	struct buf body = {0};
	struct jsonout args = {.out = &body};
	struct json *doc = NULL;
	const struct json *list;
	const char *next;
	int ret;

	jsonout_begin(&args, NULL, '{');
	jsonout_text(&args, "logGroupName", group);
	jsonout_text(&args, "logStreamNamePrefix", prefix);
	jsonout_text(&args, "orderBy", "LogStreamName");
	if (token->len > 0)
		jsonout_text(&args, "nextToken", buf_str(token));
	jsonout_end(&args, '}');
	ret = aws_json_call(json, "DescribeLogStreams", &body, &doc, err);
	buf_reset(token);
	if (ret > 0) {
		list = json_get(doc, "logStreams");
		for (size_t i = 0; i < json_len(list); i++) {
			const char *name = json_str(
			    json_get(json_item(list, i), "logStreamName"));

			if (name)
				strs_add(out, name);
		}
		next = json_str(json_get(doc, "nextToken"));
		buf_add_str(token, next ? next : "");
	} else if (ret == 0 &&
	    !aws_json_refused_for(json, "ResourceNotFoundException")) {
		ret = aws_json_refused(json, "list streams of logs", err);
	}
	json_close(doc);
	buf_release(&body);
	return ret;
}

int logs_streams(struct aws_json *json, const char *group, const char *prefix,
    struct strs *out, struct mldv_error *err)
{
	struct buf token = {0};
	int ret = 0;

	for (int page = 0; page < PAGES && ret == 0; page++) {
		ret = list_page(json, group, prefix, &token, out, err) < 0;
		if (token.len == 0)
			break;
	}
	strs_unique(out);
	buf_release(&token);
	return ret ? -1 : 0;
}

/* Of a page that came. 1: there may be more. */
static int take_page(const struct json *doc, struct logs_place *place,
    void (*visit)(void *context, const char *line), void *context)
{
	const struct json *events = json_get(doc, "events");
	const char *next = json_str(json_get(doc, "nextForwardToken"));
	int more;

	for (size_t i = 0; i < json_len(events); i++) {
		const char *line =
		    json_str(json_get(json_item(events, i), "message"));

		if (line)
			visit(context, line);
	}
	/* At the end the token is the one that was sent. */
	more = next && strcmp(next, buf_str(&place->token)) != 0;
	if (more) {
		buf_reset(&place->token);
		buf_add_str(&place->token, next);
	}
	return more;
}

int logs_read(struct aws_json *json, struct logs_place *place,
    void (*visit)(void *context, const char *line), void *context,
    struct mldv_error *err)
{
	struct buf body = {0};
	struct jsonout args = {.out = &body};
	struct json *doc = NULL;
	int ret;

	jsonout_begin(&args, NULL, '{');
	jsonout_text(&args, "logGroupName", place->group);
	jsonout_text(&args, "logStreamName", place->stream);
	jsonout_bool(&args, "startFromHead", true);
	if (place->token.len > 0)
		jsonout_text(&args, "nextToken", buf_str(&place->token));
	jsonout_end(&args, '}');
	ret = aws_json_call(json, "GetLogEvents", &body, &doc, err);
	if (ret > 0)
		ret = take_page(doc, place, visit, context);
	else if (ret == 0 &&
	    !aws_json_refused_for(json, "ResourceNotFoundException"))
		ret = aws_json_refused(json, "read logs", err);
	json_close(doc);
	buf_release(&body);
	return ret;
}
