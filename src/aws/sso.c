/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Single sign-on, with the token that 'aws sso login' left: its cache is
 * botocore's, SSOTokenLoader and SSOTokenProvider in botocore/utils.py and
 * tokens.py 1.44; the services are AWS's IAM Identity Center portal and OIDC.
 */

#include <string.h>
#include <time.h>

#include "aws/document.h"
#include "aws/sign.h"
#include "aws/source.h"
#include "base/file.h"
#include "base/path.h"
#include "net/text.h"

enum {
	CACHE_LIMIT = 256 * 1024,
	TRIES = 3,
	LEAST = 60, /* seconds that a token must be good for */
};

struct sso {
	const char *profile;
	const char *account;
	const char *role;
	const char *session; /* the name of an [sso-session], or NULL */
	const char *start_url;
	const char *region;
	const char *path; /* of the cached token */
	struct json_values cached;
};

static int refuse(const struct sso *sso, const char *what,
    struct mldv_error *err)
{
	return err_set(err, MLDV_FAILED, "%s; run 'aws sso login --profile %s'",
	    what, sso->profile);
}

/* 1, or 0 if the profile does not sign on in this way. */
static int read_settings(struct aws_search *search, struct sso *sso,
    struct mldv_error *err)
{
	const struct aws_files *files = search->files;
	const struct aws_section *from = aws_files_profile(files, sso->profile);

	sso->account = aws_section_get(from, "sso_account_id");
	sso->role = aws_section_get(from, "sso_role_name");
	sso->session = aws_section_get(from, "sso_session");
	if (!sso->account && !sso->role)
		return 0;
	if (sso->session) {
		from = aws_profiles_find(&files->config, "sso-session",
		    sso->session);
		if (!from)
			return err_set(err, MLDV_USAGE,
			    "profile '%s' has sso_session = %s, and there is "
			    "no [sso-session %s]",
			    sso->profile, sso->session, sso->session);
	}
	sso->start_url = aws_section_get(from, "sso_start_url");
	sso->region = aws_section_get(from, "sso_region");
	if (!sso->account || !sso->role || !sso->start_url || !sso->region)
		return err_set(err, MLDV_USAGE,
		    "profile '%s' needs all of sso_account_id, sso_role_name, "
		    "sso_start_url and sso_region",
		    sso->profile);
	return 1;
}

static int read_cache(struct aws_search *search, struct sso *sso,
    struct mldv_error *err)
{
	const char *home = aws_environment("HOME");
	const char *named = sso->session ? sso->session : sso->start_url;
	char digest[AWS_SHA1_HEX];
	struct mldv_error why = {0};
	struct buf text = {0};
	int ret = -1;

	if (!home)
		return err_set(err, MLDV_FAILED,
		    "there is no SSO token: HOME is not set");
	if (aws_sha1(named, strlen(named), digest, err) < 0)
		return -1;
	sso->path = arena_printf(search->arena, "%s/.aws/sso/cache/%s.json",
	    home, digest);
	if (file_read(sso->path, CACHE_LIMIT, &text, &why) < 0) {
		if (why.code == MLDV_NOT_FOUND)
			(void)refuse(sso,
			    arena_printf(search->arena,
			        "profile '%s' is not signed on", sso->profile),
			    err);
		else
			*err = why;
		goto out;
	}
	ret =
	    json_flatten(&sso->cached, search->arena, text.data, text.len, err);
	if (ret < 0)
		(void)err_prefix(err, "cannot read '%s'", sso->path);
out:
	buf_release(&text);
	return ret;
}

static bool is_good_until(const struct sso *sso, const char *member,
    int64_t when)
{
	const char *text = aws_member(&sso->cached, member);
	int64_t expires = text ? aws_time(text) : 0;

	/* botocore writes the one as a time, the other once as a number. */
	if (text && expires == 0) {
		uint64_t number;

		if (slice_number(slice_of(text), &number))
			expires = (int64_t)number;
	}
	return expires > when;
}

static void add_json(struct buf *out, const char *name, const char *value)
{
	const char *const texts[] = {name, value};

	buf_add_str(out, out->len == 0 ? "{" : ", ");
	for (int i = 0; i < 2; i++) {
		buf_add_str(out, i == 0 ? "\"" : ": \"");
		for (const char *at = texts[i]; *at; at++) {
			unsigned char c = (unsigned char)*at;

			if (c == '"' || c == '\\' || c < ' ')
				buf_printf(out, "\\u%04x", (unsigned)c);
			else
				buf_add_char(out, *at);
		}
		buf_add_char(out, '"');
	}
}

/*
 * The new token takes the place of the old, as the new refresh token may be
 * the only one that is still good, for AWS's own tools too.
 */
static int write_cache(struct sso *sso, struct arena *arena,
    const struct json_values *fresh, struct mldv_error *err)
{
	const char *refresh = aws_member(fresh, "refreshToken");
	const char *seconds = aws_member(fresh, "expiresIn");
	struct json_values *cached = &sso->cached;
	struct buf text = {0};
	char stamp[32];
	struct tm tm;
	uint64_t life = 0;
	time_t expires;
	int ret;

	if (!seconds || !slice_number(slice_of(seconds), &life) ||
	    life > INT32_MAX)
		return err_set(err, MLDV_FAILED, "the answer has no expiresIn");
	expires = time(NULL) + (time_t)life;
	(void)gmtime_r(&expires, &tm);
	(void)strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%SZ", &tm);
	for (size_t i = 0; i < cached->count; i++) {
		struct json_value *value = &cached->items[i];

		if (strcmp(value->name, "accessToken") == 0)
			value->text = aws_member(fresh, "accessToken");
		else if (strcmp(value->name, "expiresAt") == 0)
			value->text = arena_str(arena, stamp);
		else if (strcmp(value->name, "refreshToken") == 0 && refresh)
			value->text = refresh;
		add_json(&text, value->name, value->text);
	}
	buf_add_str(&text, "}\n");
	ret = file_replace(sso->path, text.data, text.len, err);
	buf_release(&text);
	return ret;
}

static int take_fresh(struct aws_search *search, struct sso *sso,
    const struct net_answer *answer, struct mldv_error *err)
{
	struct json_values fresh;

	if (!aws_is_good(answer))
		return refuse(sso,
		    arena_printf(search->arena,
		        "the SSO session of profile '%s' is not renewed (HTTP "
		        "status %d)",
		        sso->profile, answer->status),
		    err);
	if (json_flatten(&fresh, search->arena, answer->body.data,
	        answer->body.len, err) < 0)
		return err_prefix(err, "cannot renew the SSO session");
	if (!aws_member(&fresh, "accessToken"))
		return err_set(err, MLDV_FAILED,
		    "cannot renew the SSO session: the answer has no "
		    "accessToken");
	return write_cache(sso, search->arena, &fresh, err);
}

/* CreateToken of SSO OIDC. */
static int renew(struct aws_search *search, struct sso *sso,
    struct mldv_error *err)
{
	const char *id = aws_member(&sso->cached, "clientId");
	const char *secret = aws_member(&sso->cached, "clientSecret");
	const char *refresh = aws_member(&sso->cached, "refreshToken");
	const char *const header = "content-type: application/json";
	const char *url = aws_endpoint(search, sso->profile, "sso_oidc",
	    arena_printf(search->arena, "https://oidc.%s.amazonaws.com",
	        sso->region));
	struct net_request request = {
	    .method = "POST",
	    .url = arena_printf(search->arena, "%s/token", url),
	    .headers = &header,
	    .header_count = 1,
	    .sink = {.size = NET_ERROR_LIMIT},
	};
	struct net_answer answer = {0};
	struct buf body = {0};
	int ret;

	if (!id || !secret || !refresh ||
	    !is_good_until(sso, "registrationExpiresAt", time(NULL)))
		return refuse(sso,
		    arena_printf(search->arena,
		        "the SSO session of profile '%s' has expired",
		        sso->profile),
		    err);
	add_json(&body, "clientId", id);
	add_json(&body, "clientSecret", secret);
	add_json(&body, "grantType", "refresh_token");
	add_json(&body, "refreshToken", refresh);
	buf_add_char(&body, '}');
	request.body.data = body.data;
	request.body.size = body.len;
	ret = aws_ask(search, &request, TRIES, &answer, err);
	if (ret == 0)
		ret = take_fresh(search, sso, &answer, err);
	net_answer_release(&answer);
	buf_release(&body);
	return ret;
}

static int read_keys(struct aws_search *search, const struct sso *sso,
    const struct net_answer *answer, struct aws_credentials *out,
    struct mldv_error *err)
{
	const struct aws_member_names names = {
	    .access_key = "roleCredentials.accessKeyId",
	    .secret_key = "roleCredentials.secretAccessKey",
	    .session_token = "roleCredentials.sessionToken",
	    .expires = "roleCredentials.expiration",
	};
	struct json_values values;

	if (answer->status == 401)
		return refuse(sso,
		    arena_printf(search->arena,
		        "the SSO session of profile '%s' is not valid any more",
		        sso->profile),
		    err);
	if (!aws_is_good(answer))
		return err_set(err, MLDV_FAILED,
		    "cannot get credentials of SSO role '%s' of account '%s': "
		    "HTTP status %d: %s",
		    sso->role, sso->account, answer->status,
		    aws_shown(search->arena,
		        (struct slice){buf_str(&answer->body),
		            answer->body.len}));
	if (json_flatten(&values, search->arena, answer->body.data,
	        answer->body.len, err) < 0 ||
	    aws_document_read(&values, &names, out, err) < 0)
		return err_prefix(err,
		    "cannot get credentials of SSO role '%s'", sso->role);
	out->source = arena_printf(search->arena,
	    "single sign-on of profile '%s'", sso->profile);
	return 1;
}

/* GetRoleCredentials of the portal; not signed. */
static int ask_portal(struct aws_search *search, const struct sso *sso,
    struct aws_credentials *out, struct mldv_error *err)
{
	const char *token = aws_member(&sso->cached, "accessToken");
	const char *url = aws_endpoint(search, sso->profile, "sso",
	    arena_printf(search->arena, "https://portal.sso.%s.amazonaws.com",
	        sso->region));
	struct aws_query query = {0};
	struct net_answer answer = {0};
	struct buf line = {0};
	const char *header;
	struct net_request request = {
	    .method = "GET",
	    .headers = &header,
	    .header_count = 1,
	    .sink = {.size = NET_ERROR_LIMIT},
	};
	int ret;

	if (!token || strpbrk(token, "\r\n"))
		return refuse(sso, "the SSO token is not valid", err);
	header =
	    arena_printf(search->arena, "x-amz-sso_bearer_token: %s", token);
	aws_query_add(&query, "role_name", sso->role);
	aws_query_add(&query, "account_id", sso->account);
	buf_printf(&line, "%s/federation/credentials?", url);
	aws_query_text(&query, &line);
	request.url = buf_str(&line);
	ret = aws_ask(search, &request, TRIES, &answer, err);
	if (ret == 0)
		ret = read_keys(search, sso, &answer, out, err);
	net_answer_release(&answer);
	aws_query_release(&query);
	buf_release(&line);
	return ret;
}

int aws_from_sso(struct aws_search *search, const char *profile,
    struct aws_credentials *out, struct mldv_error *err)
{
	struct sso sso = {.profile = profile};
	int ret = read_settings(search, &sso, err);

	if (ret <= 0)
		return ret;
	if (read_cache(search, &sso, err) < 0)
		return -1;
	if (!is_good_until(&sso, "expiresAt", time(NULL) + LEAST) &&
	    renew(search, &sso, err) < 0)
		return -1;
	return ask_portal(search, &sso, out, err);
}
