/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What ECS, Fargate, EKS and SageMaker give to a container: "Container
 * credential provider", AWS SDKs and Tools Reference Guide.
 */

#include <string.h>

#include "aws/document.h"
#include "aws/source.h"
#include "base/file.h"

#define ECS_ADDRESS "http://169.254.170.2"

enum { TOKEN_LIMIT = 64 * 1024, TRIES = 3, WAIT_MS = 2000 };

/*
 * Without encryption only where nobody is between: this machine, and the
 * addresses that ECS and EKS have for it.
 */
static bool may_ask(const char *url)
{
	const char *const prefixes[] = {"http://127.", "http://localhost",
	    "http://[::1]", ECS_ADDRESS, "http://169.254.170.23",
	    "http://[fd00:ec2::23]"};
	size_t len;

	if (strncmp(url, "https://", 8) == 0)
		return true;
	for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
		len = strlen(prefixes[i]);
		if (strncmp(url, prefixes[i], len) != 0)
			continue;
		/* All of 127.0.0.0/8, as long as it is an address. */
		if (i == 0)
			len += strspn(url + len, "0123456789.");
		if (url[len] == '\0' || strchr("/:?", url[len]))
			return true;
	}
	return false;
}

/* A header line, or NULL if none is wanted. The file may change. */
static int make_header(struct aws_search *search, const char **out,
    struct mldv_error *err)
{
	const char *path =
	    aws_environment("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
	const char *token =
	    aws_environment("AWS_CONTAINER_AUTHORIZATION_TOKEN");
	struct buf text = {0};
	int ret = -1;

	if (path && file_read(path, TOKEN_LIMIT, &text, err) < 0)
		goto out;
	if (path)
		token = buf_str(&text);
	*out = NULL;
	if (token && strpbrk(token, "\r\n")) {
		(void)err_set(err, MLDV_USAGE,
		    "the container's authorization token has more than one "
		    "line");
		goto out;
	}
	if (token)
		*out = arena_printf(search->arena, "authorization: %s", token);
	ret = 0;
out:
	buf_release(&text);
	return ret;
}

static int read_answer(struct aws_search *search,
    const struct net_answer *answer, struct aws_credentials *out,
    struct mldv_error *err)
{
	const struct aws_member_names names = {"AccessKeyId", "SecretAccessKey",
	    "Token", "Expiration"};
	struct json_values values;

	if (aws_answer_json(search, answer, &values, err) < 0)
		return -1;
	return aws_document_read(&values, &names, out, err);
}

int aws_from_container(struct aws_search *search, struct aws_credentials *out,
    struct mldv_error *err)
{
	const char *relative =
	    aws_environment("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
	const char *full =
	    aws_environment("AWS_CONTAINER_CREDENTIALS_FULL_URI");
	const char *header = NULL;
	struct net_answer answer = {0};
	struct net_request request = {
	    .method = "GET",
	    .headers = &header,
	    .sink = {.size = NET_ERROR_LIMIT},
	    .direct = true,
	    .connect_ms = WAIT_MS,
	    .total_ms = WAIT_MS,
	};
	int ret = -1;

	if (!relative && !full) {
		aws_looked(search,
		    "a container (AWS_CONTAINER_CREDENTIALS_RELATIVE_URI)");
		return 0;
	}
	request.url = relative
	    ? arena_printf(search->arena, ECS_ADDRESS "%s", relative)
	    : full;
	if (!may_ask(request.url))
		return err_set(err, MLDV_USAGE,
		    "AWS_CONTAINER_CREDENTIALS_FULL_URI is neither https nor "
		    "on this machine: '%s'",
		    request.url);
	if (make_header(search, &header, err) < 0)
		return -1;
	request.header_count = header ? 1 : 0;
	if (aws_ask(search, &request, TRIES, &answer, err) == 0)
		ret = read_answer(search, &answer, out, err);
	if (ret < 0)
		(void)err_prefix(err,
		    "cannot get the container's credentials from '%s'",
		    request.url);
	net_answer_release(&answer);
	if (ret < 0)
		return -1;
	out->source = "the container";
	out->of_machine = true;
	return 1;
}
