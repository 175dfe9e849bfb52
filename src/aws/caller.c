/* SPDX-License-Identifier: Apache-2.0 */
#include "aws/caller.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "aws/endpoint.h"
#include "aws/sign.h"
#include "aws/xml.h"

#define FORM "Action=GetCallerIdentity&Version=2011-06-15"
#define TYPE "application/x-www-form-urlencoded; charset=utf-8"

enum { TRIES = 3, ANSWER_LIMIT = 64 << 10 };

const char *aws_role_of_session(const char *arn, struct arena *arena)
{
	const char *sts = strstr(arn, ":sts::");
	const char *role = strstr(arn, ":assumed-role/");
	const char *path = "";
	const char *end;

	if (!sts || !role || role < sts)
		return NULL;
	role += strlen(":assumed-role/");
	end = strchr(role, '/');
	if (!end || end == role)
		return NULL;
	if (strncmp(role, "AmazonSageMaker-ExecutionRole", 29) == 0)
		path = "service-role/";
	return arena_printf(arena, "%.*s:iam::%.*s:role/%s%.*s",
	    (int)(sts - arn), arn,
	    (int)(strstr(arn, ":assumed-role/") - sts - 6), sts + 6, path,
	    (int)(end - role), role);
}

struct said {
	struct arena *arena;
	const char *arn;
};

static void on_end(void *context, const char *path, struct slice text)
{
	struct said *said = context;
	static const char wanted[] = "/GetCallerIdentityResult/Arn";
	size_t len = strlen(path);
	size_t end = strlen(wanted);

	if (len > end && strcmp(path + len - end, wanted) == 0)
		said->arn = arena_strn(said->arena, text.data, text.len);
}

static int find_endpoint(struct aws_provider *provider,
    const struct aws_caller *caller, struct arena *arena,
    struct aws_endpoint *out, struct mldv_error *err)
{
	static const struct aws_lookup what = {
	    {"AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL"},
	    "sts",
	    "endpoint_url",
	};
	const char *text;

	if (aws_look_up(provider, &what, arena, &text, err) < 0)
		return -1;
	if (!text)
		text = arena_printf(arena, "https://sts.%s.amazonaws.com%s",
		    caller->region,
		    strncmp(caller->region, "cn-", 3) == 0 ? ".cn" : "");
	return aws_endpoint_parse(text, arena, out, err);
}

static int send_form(const struct aws_caller *caller,
    const struct net_request *request, struct net_answer *answer,
    struct mldv_error *err)
{
	for (unsigned attempt = 1;; attempt++) {
		int ret = net_send(caller->net, request, answer, err);
		struct mldv_error why;
		int more;

		if (ret == 0 && answer->status < 500 && answer->status != 429)
			return 0;
		if (attempt == TRIES || answer->trouble == NET_FINAL)
			return ret;
		more = net_wait(caller->net, attempt, answer, &why);
		if (more < 0)
			*err = why;
		if (more <= 0)
			return more < 0 ? -1 : ret;
	}
}

static int ask(const struct aws_caller *caller,
    const struct aws_endpoint *where, const struct aws_credentials *keys,
    struct said *said, struct mldv_error *err)
{
	const struct aws_header type = {"content-type", TYPE};
	const struct xml_visitor visitor = {.end = on_end, .context = said};
	const char *path = arena_printf(said->arena, "%s/", where->base);
	struct oid payload;
	const struct aws_unsigned unsigned_request = {
	    .method = "POST",
	    .host = where->host,
	    .path = path,
	    .query = "",
	    .region = caller->region,
	    .service = "sts",
	    .time = time(NULL),
	    .payload = &payload,
	    .headers = &type,
	    .header_count = 1,
	};
	struct net_answer answer = {0};
	struct strs headers = {0};
	struct net_request request = {
	    .method = "POST",
	    .url = arena_printf(said->arena, "%s://%s%s", where->scheme,
	        where->host, path),
	    .body = {.data = FORM, .size = strlen(FORM)},
	    .sink = {.size = ANSWER_LIMIT},
	};
	int ret;

	oid_of(FORM, strlen(FORM), &payload);
	ret = aws_sign(&unsigned_request, keys, &headers, err);
	request.headers = headers.items;
	request.header_count = headers.count;
	if (ret == 0)
		ret = send_form(caller, &request, &answer, err);
	if (ret == 0 && answer.status != 200)
		ret =
		    err_set(err, MLDV_FAILED, "HTTP status %d", answer.status);
	if (ret == 0)
		ret = xml_read((struct slice){buf_str(&answer.body),
		                   answer.body.len},
		    &visitor, err);
	net_answer_release(&answer);
	strs_release(&headers);
	return ret;
}

int aws_machine_role(const struct aws_caller *caller, struct arena *arena,
    const char **out, struct mldv_error *err)
{
	const struct aws_provider_options options = {
	    .profile = caller->profile,
	    .net = caller->net,
	    .events = caller->events,
	};
	struct aws_provider *provider = aws_provider_open(&options);
	struct said said = {.arena = arena};
	struct aws_endpoint where;
	struct aws_credentials keys;
	int ret = aws_credentials_get(provider, arena, &keys, err);

	if (ret == 0 && !keys.of_machine) {
		aws_provider_close(provider);
		return 0;
	}
	if (ret == 0)
		ret = find_endpoint(provider, caller, arena, &where, err);
	if (ret == 0)
		ret = ask(caller, &where, &keys, &said, err);
	aws_provider_close(provider);
	if (ret < 0)
		return err_prefix(err,
		    "cannot ask whose credentials these are");
	*out = said.arn ? aws_role_of_session(said.arn, arena) : NULL;
	return *out != NULL;
}
