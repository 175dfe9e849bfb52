/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What EC2 gives to a machine: "Use the Instance Metadata Service to access
 * instance metadata", Amazon EC2 User Guide; version 2 only.
 *
 * On a machine that is not one of EC2's, nobody answers, and perhaps a packet
 * just vanishes: so a second has to do, and once.
 */

#include <string.h>
#include <strings.h>

#include "aws/document.h"
#include "aws/source.h"

enum { WAIT_MS = 1000, ROLE_LIMIT = 256 };

#define TOKEN_SECONDS "21600" /* the most */
#define ROLES         "/latest/meta-data/iam/security-credentials/"

struct instance {
	struct aws_search *search;
	const char *base;
	const char *header;
	struct net_answer answer;
};

static const char *base_address(struct arena *arena)
{
	const char *url = aws_environment("AWS_EC2_METADATA_SERVICE_ENDPOINT");
	const char *mode =
	    aws_environment("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE");
	size_t len;

	if (!url)
		url = mode && strcasecmp(mode, "ipv6") == 0
		    ? "http://[fd00:ec2::254]"
		    : "http://169.254.169.254";
	len = strlen(url);
	while (len > 0 && url[len - 1] == '/')
		len--;
	return arena_strn(arena, url, len);
}

/* 1 if there is a good answer. */
static int ask(struct instance *instance, const char *method, const char *path)
{
	const struct net_request request = {
	    .method = method,
	    .url = arena_printf(instance->search->arena, "%s%s", instance->base,
	        path),
	    .headers = &instance->header,
	    .header_count = 1,
	    .sink = {.size = NET_ERROR_LIMIT},
	    .direct = true,
	    .connect_ms = WAIT_MS,
	    .total_ms = WAIT_MS,
	};
	struct mldv_error why = {0};

	if (net_send(instance->search->net, &request, &instance->answer, &why) <
	    0) {
		aws_looked(instance->search,
		    "an EC2 instance ('%s' does not "
		    "answer)",
		    instance->base);
		return 0;
	}
	if (!aws_is_good(&instance->answer)) {
		aws_looked(instance->search,
		    "an EC2 instance ('%s' says HTTP status %d)", request.url,
		    instance->answer.status);
		return 0;
	}
	return 1;
}

/* The first line of the answer; NULL: a header or path cannot hold it. */
static const char *answer_line(struct instance *instance)
{
	struct slice left = {buf_str(&instance->answer.body),
	    instance->answer.body.len};
	struct slice line;

	(void)slice_cut(&left, '\n', &line);
	line = slice_trim(line);
	for (size_t i = 0; i < line.len; i++) {
		if (line.data[i] <= ' ' || line.data[i] > '~')
			return NULL;
	}
	return line.len > 0
	    ? arena_strn(instance->search->arena, line.data, line.len)
	    : NULL;
}

static int read_answer(struct instance *instance, const char *role,
    struct aws_credentials *out, struct mldv_error *err)
{
	const struct aws_member_names names = {"AccessKeyId", "SecretAccessKey",
	    "Token", "Expiration"};
	struct arena *arena = instance->search->arena;
	const char *message;
	struct json_values values;

	if (json_flatten(&values, arena, instance->answer.body.data,
	        instance->answer.body.len, err) < 0)
		return err_prefix(err,
		    "cannot read the credentials of the instance");
	message = aws_member(&values, "Message");
	if (!aws_member(&values, "AccessKeyId") && message)
		return err_set(err, MLDV_FAILED,
		    "the instance has no credentials for role '%s': %s", role,
		    aws_shown(arena, slice_of(message)));
	if (aws_document_read(&values, &names, out, err) < 0)
		return err_prefix(err,
		    "cannot read the credentials of the instance");
	out->source = arena_printf(arena, "role '%s' of the instance", role);
	out->of_machine = true;
	return 1;
}

static int search_instance(struct instance *instance,
    struct aws_credentials *out, struct mldv_error *err)
{
	struct arena *arena = instance->search->arena;
	const char *line;

	instance->header =
	    "x-aws-ec2-metadata-token-ttl-seconds: " TOKEN_SECONDS;
	if (ask(instance, "PUT", "/latest/api/token") == 0)
		return 0;
	line = answer_line(instance);
	if (!line)
		return err_set(err, MLDV_FAILED,
		    "'%s' does not answer as the metadata service does",
		    instance->base);
	instance->header =
	    arena_printf(arena, "x-aws-ec2-metadata-token: %s", line);
	if (ask(instance, "GET", ROLES) == 0)
		return 0;
	line = answer_line(instance);
	if (!line || strlen(line) > ROLE_LIMIT) {
		aws_looked(instance->search,
		    "an EC2 instance (it has no role)");
		return 0;
	}
	if (ask(instance, "GET", arena_printf(arena, ROLES "%s", line)) == 0)
		return 0;
	return read_answer(instance, line, out, err);
}

int aws_from_instance(struct aws_search *search, struct aws_credentials *out,
    struct mldv_error *err)
{
	const char *off = aws_environment("AWS_EC2_METADATA_DISABLED");
	struct instance instance = {
	    .search = search,
	    .base = base_address(search->arena),
	};
	int ret;

	if (off && strcasecmp(off, "true") == 0) {
		aws_looked(search,
		    "an EC2 instance (not asked, by AWS_EC2_METADATA_DISABLED)");
		return 0;
	}
	ret = search_instance(&instance, out, err);
	net_answer_release(&instance.answer);
	return ret;
}
