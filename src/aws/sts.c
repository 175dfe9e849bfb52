/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The Security Token Service: AssumeRole and AssumeRoleWithWebIdentity, "AWS
 * Security Token Service API Reference", version 2011-06-15.
 */

#include <string.h>
#include <time.h>

#include "aws/document.h"
#include "aws/sign.h"
#include "aws/source.h"
#include "aws/xml.h"
#include "format/oid.h"
#include "net/text.h"

enum { TRIES = 3 };

#define FORM "application/x-www-form-urlencoded; charset=utf-8"

/* What an answer says, good or bad. */
struct said {
	struct arena *arena;
	struct aws_credentials found;
	const char *code;
	const char *message;
};

static void on_end(void *context, const char *path, struct slice text)
{
	struct said *said = context;
	const char *const names[] = {"/Credentials/AccessKeyId",
	    "/Credentials/SecretAccessKey", "/Credentials/SessionToken",
	    "/Credentials/Expiration", "/Error/Code", "/Error/Message"};
	char *copy = arena_strn(said->arena, text.data, text.len);
	size_t len = strlen(path);
	size_t which;

	for (which = 0; which < sizeof names / sizeof names[0]; which++) {
		size_t end = strlen(names[which]);

		if (len > end && strcmp(path + len - end, names[which]) == 0)
			break;
	}
	switch (which) {
	case 0:
		said->found.access_key = copy;
		break;
	case 1:
		said->found.secret_key = copy;
		break;
	case 2:
		said->found.session_token = copy;
		break;
	case 3:
		said->found.expires = aws_time(copy);
		break;
	case 4:
		said->code = aws_shown(said->arena, text);
		break;
	case 5:
		said->message = aws_shown(said->arena, text);
		break;
	default:
		break;
	}
}

static int read_answer(struct aws_search *search, const struct aws_role *role,
    const struct net_answer *answer, struct aws_credentials *out,
    struct mldv_error *err)
{
	struct said said = {.arena = search->arena};
	const struct xml_visitor visitor = {.end = on_end, .context = &said};
	struct mldv_error why = {0};
	struct slice body = {buf_str(&answer->body), answer->body.len};
	int ret = xml_read(body, &visitor, &why);

	if (!aws_is_good(answer)) {
		return err_set(err, MLDV_FAILED,
		    "cannot assume role '%s': %s%s%s (HTTP status %d)",
		    role->arn, said.code ? said.code : "refused",
		    said.message ? ": " : "", said.message ? said.message : "",
		    answer->status);
	}
	if (ret < 0 || aws_credentials_check(&said.found, &why) < 0) {
		*err = why;
		return err_prefix(err, "cannot assume role '%s'", role->arn);
	}
	if (!said.found.session_token || said.found.expires == 0)
		return err_set(err, MLDV_FAILED,
		    "cannot assume role '%s': the answer has no session token "
		    "or no time of expiry",
		    role->arn);
	*out = said.found;
	return 0;
}

static void add_field(struct buf *form, const char *name, const char *value)
{
	if (!value)
		return;
	if (form->len > 0)
		buf_add_char(form, '&');
	buf_add_str(form, name);
	buf_add_char(form, '=');
	net_encode(form, slice_of(value), false);
}

static void make_form(const struct aws_role *role, const char *web_token,
    struct buf *form)
{
	char name[32] = "mldv-";
	struct buf number = {0};

	buf_printf(&number, "%lld", (long long)time(NULL));
	memcpy(name + 5, buf_str(&number), number.len + 1);
	buf_release(&number);
	add_field(form, "Action",
	    web_token ? "AssumeRoleWithWebIdentity" : "AssumeRole");
	add_field(form, "Version", "2011-06-15");
	add_field(form, "RoleArn", role->arn);
	add_field(form, "RoleSessionName",
	    role->session_name ? role->session_name : name);
	add_field(form, "ExternalId", role->external_id);
	add_field(form, "DurationSeconds", role->seconds);
	add_field(form, "WebIdentityToken", web_token);
}

/* China has a domain of its own: arn:aws-cn:iam::…. */
static const char *usual_endpoint(struct arena *arena,
    const struct aws_role *role, const char *region)
{
	const char *china =
	    strncmp(role->arn, "arn:aws-cn:", 11) == 0 ? ".cn" : "";

	if (!region)
		return "https://sts.amazonaws.com";
	return arena_printf(arena, "https://sts.%s.amazonaws.com%s", region,
	    china);
}

/* All headers of a signed request, or just the type of one that is not. */
static int make_headers(const char *url, const char *region,
    const struct buf *form, const struct aws_credentials *with,
    struct strs *out, struct mldv_error *err)
{
	const struct aws_header type = {"content-type", FORM};
	const char *host = strstr(url, "://");
	struct oid payload;
	struct aws_unsigned request = {
	    .method = "POST",
	    .host = host ? host + 3 : url,
	    .path = "/",
	    .query = "",
	    .region = region ? region : "us-east-1",
	    .service = "sts",
	    .time = time(NULL),
	    .payload = &payload,
	    .headers = &type,
	    .header_count = 1,
	};

	if (!with) {
		strs_add(out, "content-type: " FORM);
		return 0;
	}
	if (strchr(request.host, '/'))
		return err_set(err, MLDV_USAGE,
		    "the endpoint of STS, '%s', has a path", url);
	oid_of(form->data, form->len, &payload);
	return aws_sign(&request, with, out, err);
}

int aws_assume(struct aws_search *search, const struct aws_role *role,
    const struct aws_credentials *with, const char *web_token,
    struct aws_credentials *out, struct mldv_error *err)
{
	const char *region = aws_region(search, role->profile);
	const char *url = aws_endpoint(search, role->profile, "sts",
	    usual_endpoint(search->arena, role, region));
	struct net_answer answer = {0};
	struct strs headers = {0};
	struct buf form = {0};
	struct net_request request = {
	    .method = "POST",
	    .url = arena_printf(search->arena, "%s/", url),
	    .sink = {.size = NET_ERROR_LIMIT},
	};
	int ret = -1;

	make_form(role, web_token, &form);
	if (make_headers(url, region, &form, with, &headers, err) < 0)
		goto out;
	request.headers = headers.items;
	request.header_count = headers.count;
	request.body.data = form.data;
	request.body.size = form.len;
	if (aws_ask(search, &request, TRIES, &answer, err) < 0) {
		(void)err_prefix(err, "cannot assume role '%s'", role->arn);
		goto out;
	}
	ret = read_answer(search, role, &answer, out, err);
out:
	net_answer_release(&answer);
	strs_release(&headers);
	buf_release(&form);
	return ret;
}
