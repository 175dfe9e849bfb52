/* SPDX-License-Identifier: Apache-2.0 */
#include "aws/answer.h"

#include <string.h>

#include "aws/xml.h"
#include "format/json.h"

/* Cuts what is too long, and keeps out what is not for a terminal. */
static void set(char *out, size_t room, struct slice text)
{
	size_t len = text.len < room - 1 ? text.len : room - 1;

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text.data[i];

		out[i] = c < ' ' || c == 0x7f ? ' ' : (char)c;
	}
	out[len] = '\0';
}

/* S3's <Error>, and STS's <ErrorResponse><Error>. */
static void take(void *context, const char *path, struct slice text)
{
	struct aws_refusal *out = context;
	const char *root = "ErrorResponse/";

	if (strncmp(path, root, strlen(root)) == 0)
		path += strlen(root);
	if (strcmp(path, "Error/Code") == 0)
		set(out->code, sizeof(out->code), text);
	else if (strcmp(path, "Error/Message") == 0)
		set(out->message, sizeof(out->message), text);
	else if (strcmp(path, "Error/Region") == 0)
		set(out->region, sizeof(out->region), text);
	else if (strcmp(path, "Error/RequestId") == 0 ||
	    strcmp(path, "RequestId") == 0)
		set(out->request, sizeof(out->request), text);
}

void aws_refusal_read(struct aws_refusal *out, const struct net_answer *answer)
{
	const struct xml_visitor visitor = {.end = take, .context = out};
	struct slice body = {buf_str(&answer->body), answer->body.len};
	struct slice header;
	struct mldv_error ignored;

	*out = (struct aws_refusal){.status = answer->status};
	/* What was read until then is good enough. */
	(void)!xml_read(body, &visitor, &ignored);
	header = net_header(answer, "x-amz-bucket-region");
	if (header.len > 0)
		set(out->region, sizeof(out->region), header);
	header = net_header(answer, "x-amz-request-id");
	if (header.len > 0)
		set(out->request, sizeof(out->request), header);
}

static void set_text(char *out, size_t room, const char *text)
{
	if (text)
		set(out, room, slice_of(text));
}

void aws_refusal_read_json(struct aws_refusal *out,
    const struct net_answer *answer)
{
	struct slice request = net_header(answer, "x-amzn-requestid");
	struct mldv_error ignored;
	struct json *doc = NULL;
	const char *type;
	const char *mark;
	const char *text;

	*out = (struct aws_refusal){.status = answer->status};
	set(out->request, sizeof(out->request), request);
	if (json_open(&doc, (struct slice){answer->body.data, answer->body.len},
	        JSON_LIMIT, JSON_STRICTLY, &ignored) < 0)
		return;
	type = json_str(json_get(doc, "__type"));
	if (type) {
		mark = strrchr(type, '#');
		type = mark ? mark + 1 : type;
		set(out->code, sizeof(out->code),
		    (struct slice){type, strcspn(type, ":")});
	}
	text = json_str(json_get(doc, "message"));
	if (!text)
		text = json_str(json_get(doc, "Message"));
	set_text(out->message, sizeof(out->message), text);
	json_close(doc);
}

static bool is_one_of(const char *code, const char *const *codes)
{
	for (; *codes; codes++) {
		if (strcmp(code, *codes) == 0)
			return true;
	}
	return false;
}

static bool is_moved(const struct aws_refusal *refusal)
{
	static const char *const codes[] = {"PermanentRedirect",
	    "AuthorizationHeaderMalformed",
	    "IllegalLocationConstraintException", "TemporaryRedirect",
	    "Redirect", NULL};

	if (is_one_of(refusal->code, codes))
		return true;
	if (refusal->status == 301 || refusal->status == 302 ||
	    refusal->status == 307)
		return true;
	/* HEAD has no document. */
	return refusal->status == 400 && *refusal->code == '\0' &&
	    *refusal->region != '\0';
}

enum aws_verdict aws_judge(const struct aws_refusal *refusal)
{
	static const char *const again[] = {"RequestTimeout", "InternalError",
	    "SlowDown", "ServiceUnavailable", "Throttling",
	    "ThrottlingException", "ThrottledException", "RequestThrottled",
	    "RequestThrottledException", "TooManyRequestsException",
	    "RequestLimitExceeded", "BandwidthLimitExceeded",
	    "PriorRequestNotComplete", "LimitExceededException",
	    "ConditionalRequestConflict", "OperationAborted", "BadDigest",
	    NULL};
	static const char *const skewed[] = {"RequestTimeTooSkewed",
	    "RequestExpired", "RequestInTheFuture", NULL};
	static const char *const expired[] = {"ExpiredToken",
	    "ExpiredTokenException", "InvalidToken", "InvalidAccessKeyId",
	    "TokenRefreshRequired", "UnrecognizedClientException",
	    "InvalidClientTokenId", NULL};

	if (is_moved(refusal))
		return AWS_MOVED;
	if (is_one_of(refusal->code, skewed))
		return AWS_SKEWED;
	if (is_one_of(refusal->code, expired))
		return AWS_EXPIRED;
	if (is_one_of(refusal->code, again))
		return AWS_AGAIN;
	/* To HEAD, that is all that is said of a token that has expired. */
	if (refusal->status == 400 && *refusal->code == '\0')
		return AWS_EXPIRED;
	switch (refusal->status) {
	case 409:
		/* About buckets it is a plain no. */
		return strncmp(refusal->code, "Bucket", 6) == 0 ? AWS_FINAL
		                                                : AWS_AGAIN;
	case 408:
	case 429:
	case 500:
	case 502:
	case 503:
	case 504:
		return AWS_AGAIN;
	default:
		return AWS_FINAL;
	}
}

void aws_refusal_text(const struct aws_refusal *refusal, struct buf *out)
{
	if (*refusal->code)
		buf_add_str(out, refusal->code);
	else
		buf_add_str(out, "refused");
	if (*refusal->message)
		buf_printf(out, ": %s", refusal->message);
	/* Our sentences go on, and end without a full stop. */
	while (out->len > 0 && out->data[out->len - 1] == '.')
		out->data[--out->len] = '\0';
	buf_printf(out, " (%d", refusal->status);
	if (*refusal->request)
		buf_printf(out, ", request %s", refusal->request);
	buf_add_char(out, ')');
}
