/* SPDX-License-Identifier: Apache-2.0 */
#include "aws/jsoncall.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "aws/endpoint.h"
#include "aws/sign.h"
#include "format/oid.h"

/* So often a request is sent in all. */
enum { ATTEMPTS = 10, REGION = 64 };
/* A clock that differs by less is good enough (AWS allows 5 minutes). */
enum { SKEW = 4 * 60 };

#define TYPE "application/x-amz-json-1.1"

struct aws_json {
	struct arena arena;
	const struct aws_json_service *service;
	struct net_client *net;
	struct aws_provider *provider;
	const char *region;   /* NULL: not found yet */
	const char *endpoint; /* NULL: Amazon's */
	bool settled;
	int64_t skew; /* what to add to this machine's clock */
	struct aws_refusal refusal;
	char access_key[256]; /* of the last request */
};

/* What was tried so far for one call. */
struct tries {
	unsigned attempts;
	bool renewed;
	bool corrected;
};

struct aws_json *aws_json_open(const struct aws_json_options *options)
{
	const struct aws_provider_options who = {
	    .profile = options->profile,
	    .net = options->net,
	    .events = options->events,
	};
	struct aws_json *json = xcalloc(1, sizeof(*json));

	json->service = options->service;
	json->net = options->net;
	if (options->region)
		json->region = arena_str(&json->arena, options->region);
	json->provider = aws_provider_open(&who);
	return json;
}

void aws_json_close(struct aws_json *json)
{
	if (!json)
		return;
	aws_provider_close(json->provider);
	arena_release(&json->arena);
	free(json);
}

static int find_region(struct aws_json *json, struct mldv_error *err)
{
	static const struct aws_lookup what = {
	    {"AWS_REGION", "AWS_DEFAULT_REGION"},
	    NULL,
	    "region",
	};
	size_t len;

	if (!json->region &&
	    aws_look_up(json->provider, &what, &json->arena, &json->region,
	        err) < 0)
		return -1;
	if (!json->region)
		return err_set(err, MLDV_USAGE,
		    "nothing says in which region of AWS; set AWS_REGION, or "
		    "'region' of the remote");
	len = strspn(json->region, "abcdefghijklmnopqrstuvwxyz0123456789-");
	if (len == 0 || json->region[len] != '\0' || len >= REGION)
		return err_set(err, MLDV_USAGE, "'%s' is no region of AWS",
		    json->region);
	return 0;
}

static int settle(struct aws_json *json, struct mldv_error *err)
{
	const struct aws_json_service *service = json->service;
	const char *setting =
	    service->setting ? service->setting : service->name;
	const char *name = setting;
	char variable[64] = "AWS_ENDPOINT_URL_";
	const struct aws_lookup what = {
	    {variable, "AWS_ENDPOINT_URL"},
	    setting,
	    "endpoint_url",
	};
	size_t len = strlen(variable);

	if (json->settled)
		return 0;
	for (; *name && len + 1 < sizeof variable; name++)
		variable[len++] =
		    (char)(*name >= 'a' && *name <= 'z' ? *name - 32 : *name);
	if (find_region(json, err) < 0 ||
	    aws_look_up(json->provider, &what, &json->arena, &json->endpoint,
	        err) < 0)
		return -1;
	json->settled = true;
	return 0;
}

int aws_json_region(struct aws_json *json, const char **out,
    struct mldv_error *err)
{
	if (settle(json, err) < 0)
		return -1;
	*out = json->region;
	return 0;
}

static const char *amazon(const struct aws_json *json, struct arena *arena)
{
	return arena_printf(arena, "https://%s.%s.amazonaws.com%s",
	    json->service->host, json->region,
	    strncmp(json->region, "cn-", 3) == 0 ? ".cn" : "");
}

/* Where a request goes, and with what headers. */
struct outgoing {
	struct arena arena;
	struct strs lines;
	const char *url;
};

static int prepare(struct aws_json *json, const char *operation,
    const struct buf *arguments, struct outgoing *out, struct mldv_error *err)
{
	struct arena *arena = &out->arena;
	const struct aws_header headers[] = {
	    {"content-type", TYPE},
	    {"x-amz-target",
	        arena_printf(arena, "%s.%s", json->service->target, operation)},
	};
	struct aws_endpoint where;
	struct aws_credentials keys;
	struct oid payload;
	struct aws_unsigned request = {
	    .method = "POST",
	    .query = "",
	    .region = json->region,
	    .service = json->service->name,
	    .payload = &payload,
	    .headers = headers,
	    .header_count = sizeof headers / sizeof headers[0],
	};

	if (aws_endpoint_parse(json->endpoint ? json->endpoint
	                                      : amazon(json, arena),
	        arena, &where, err) < 0 ||
	    aws_credentials_get(json->provider, arena, &keys, err) < 0)
		return -1;
	(void)snprintf(json->access_key, sizeof(json->access_key), "%s",
	    keys.access_key);
	oid_of(arguments->data, arguments->len, &payload);
	request.host = where.host;
	request.path = arena_printf(arena, "%s/", where.base);
	request.time = time(NULL) + json->skew;
	out->url = arena_printf(arena, "%s://%s%s", where.scheme, where.host,
	    request.path);
	return aws_sign(&request, &keys, &out->lines, err);
}

static int send_once(struct aws_json *json, const char *operation,
    const struct buf *arguments, struct net_answer *answer,
    struct mldv_error *err)
{
	struct outgoing out = {0};
	struct net_request request = {
	    .method = "POST",
	    .body = {.data = buf_str(arguments), .size = arguments->len},
	    .sink = {.size = JSON_LIMIT},
	};
	int ret = -1;

	/* Before it is known to have been sent, it is not. */
	answer->trouble = NET_FINAL;
	if (prepare(json, operation, arguments, &out, err) == 0) {
		request.url = out.url;
		request.headers = out.lines.items;
		request.header_count = out.lines.count;
		ret = net_send(json->net, &request, answer, err);
	}
	strs_release(&out.lines);
	arena_release(&out.arena);
	return ret;
}

/* Takes over the service's clock: 1, or 0 if it is not the clock. */
static int correct(struct aws_json *json, const struct net_answer *answer,
    struct tries *tries)
{
	int64_t date = net_header_time(answer, "date");
	int64_t now = time(NULL) + json->skew;

	if (date == 0 || tries->corrected ||
	    (date - now <= SKEW && now - date <= SKEW))
		return 0;
	tries->corrected = true;
	json->skew = date - time(NULL);
	return 1;
}

/* After a refusal: 1 to send it again, 0 if it stands, -1. */
static int judge(struct aws_json *json, const struct net_answer *answer,
    struct tries *tries, struct mldv_error *err)
{
	aws_refusal_read_json(&json->refusal, answer);
	/* Services other than S3 do not tell a wrong clock from a wrong key. */
	if (aws_json_refused_for(json, "InvalidSignatureException") ||
	    aws_json_refused_for(json, "SignatureDoesNotMatch"))
		return correct(json, answer, tries);
	switch (aws_judge(&json->refusal)) {
	case AWS_SKEWED:
		return correct(json, answer, tries);
	case AWS_EXPIRED:
		if (tries->renewed)
			return 0;
		tries->renewed = true;
		aws_credentials_refused(json->provider, json->access_key);
		return 1;
	case AWS_AGAIN:
		if (tries->attempts >= ATTEMPTS)
			return 0;
		return net_wait(json->net, tries->attempts, answer, err);
	default:
		return 0;
	}
}

/* Without an answer: 1 to send it again, or -1. */
static int no_answer(struct aws_json *json, const struct net_answer *answer,
    const struct tries *tries, struct mldv_error *err)
{
	struct mldv_error why;
	int ret = -1;

	if (answer->trouble != NET_FINAL && tries->attempts < ATTEMPTS) {
		ret = net_wait(json->net, tries->attempts, answer, &why);
		if (ret < 0)
			*err = why;
	}
	return ret > 0 ? 1 : -1;
}

static int read_answer(const struct aws_json *json, const char *operation,
    const struct net_answer *answer, struct json **out, struct mldv_error *err)
{
	const struct buf *body = &answer->body;

	/* StopTrainingJob answers with nothing at all. */
	if (body->len == 0)
		return json_open(out, slice_of("{}"), JSON_LIMIT, JSON_STRICTLY,
		           err) < 0
		    ? -1
		    : 1;
	if (json_open(out, (struct slice){body->data, body->len}, JSON_LIMIT,
	        JSON_STRICTLY, err) < 0)
		return err_prefix(err, "the answer of %s to %s",
		    json->service->name, operation);
	return 1;
}

int aws_json_call(struct aws_json *json, const char *operation,
    const struct buf *arguments, struct json **out, struct mldv_error *err)
{
	struct net_answer answer = {0};
	struct mldv_error why = {0};
	struct tries tries = {0};
	bool good = false;
	int ret;

	json->refusal = (struct aws_refusal){0};
	if (settle(json, err) < 0)
		return -1;
	do {
		tries.attempts++;
		if (send_once(json, operation, arguments, &answer, &why) < 0) {
			ret = no_answer(json, &answer, &tries, &why);
			continue;
		}
		good = answer.status >= 200 && answer.status < 300;
		ret = good ? 0 : judge(json, &answer, &tries, &why);
	} while (ret > 0);
	if (ret < 0)
		*err = why;
	else if (good)
		ret = read_answer(json, operation, &answer, out, err);
	net_answer_release(&answer);
	return ret;
}

const struct aws_refusal *aws_json_refusal(const struct aws_json *json)
{
	return &json->refusal;
}

bool aws_json_refused_for(const struct aws_json *json, const char *code)
{
	return strcmp(json->refusal.code, code) == 0;
}

/* "; …", or "". */
static const char *way_out(const struct aws_json *json)
{
	switch (aws_judge(&json->refusal)) {
	case AWS_EXPIRED:
		return "; get new credentials";
	case AWS_SKEWED:
		return "; set this machine's clock";
	case AWS_AGAIN:
		return "; run the command again later";
	default:
		break;
	}
	if (aws_json_refused_for(json, "InvalidSignatureException") ||
	    aws_json_refused_for(json, "SignatureDoesNotMatch"))
		return "; check the secret key";
	if (aws_json_refused_for(json, "ResourceLimitExceeded"))
		return "; ask AWS for a higher quota, or take another instance";
	if (json->refusal.status == 403 ||
	    aws_json_refused_for(json, "AccessDeniedException"))
		return "; check what the credentials may do";
	return "";
}

int aws_json_refused(const struct aws_json *json, const char *what,
    struct mldv_error *err)
{
	struct buf why = {0};

	aws_refusal_text(&json->refusal, &why);
	(void)err_set(err, MLDV_FAILED, "cannot %s: %s%s", what, buf_str(&why),
	    way_out(json));
	buf_release(&why);
	return -1;
}
