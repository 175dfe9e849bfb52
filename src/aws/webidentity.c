/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A role for who can show a token of somebody that AWS trusts: a file that
 * EKS and others keep fresh, or GitHub's runner, which gives one on request
 * ("Configuring OpenID Connect in Amazon Web Services", GitHub Docs).
 */

#include <string.h>

#include "aws/source.h"
#include "base/file.h"
#include "format/json.h"
#include "net/text.h"

enum { TOKEN_LIMIT = 64 * 1024, TRIES = 3 };

#define AUDIENCE "sts.amazonaws.com"

/* Anew each time: whoever wrote the file replaces it before it expires. */
static int read_token(struct aws_search *search, const char *path,
    const char **out, struct mldv_error *err)
{
	struct buf text = {0};
	struct slice token;
	int ret = -1;

	if (file_read(path, TOKEN_LIMIT, &text, err) < 0)
		goto out;
	token = slice_trim((struct slice){buf_str(&text), text.len});
	if (token.len == 0 || memchr(token.data, '\0', token.len)) {
		(void)err_set(err, MLDV_FAILED, "'%s' holds no token", path);
		goto out;
	}
	*out = arena_strn(search->arena, token.data, token.len);
	ret = 0;
out:
	buf_release(&text);
	return ret;
}

static int read_github(struct aws_search *search,
    const struct net_answer *answer, const char **out, struct mldv_error *err)
{
	struct json_values values;

	if (aws_answer_json(search, answer, &values, err) < 0)
		return -1;
	for (size_t i = 0; i < values.count; i++) {
		if (strcmp(values.items[i].name, "value") == 0) {
			*out = values.items[i].text;
			return 0;
		}
	}
	return err_set(err, MLDV_FAILED, "the answer has no 'value'");
}

static int ask_github(struct aws_search *search, const char *url,
    const char *bearer, const char **out, struct mldv_error *err)
{
	const char *header =
	    arena_printf(search->arena, "authorization: bearer %s", bearer);
	const struct net_request request = {
	    .method = "GET",
	    .url = arena_printf(search->arena, "%s%caudience=" AUDIENCE, url,
	        strchr(url, '?') ? '&' : '?'),
	    .headers = &header,
	    .header_count = 1,
	    .sink = {.size = NET_ERROR_LIMIT},
	};
	struct net_answer answer = {0};
	int ret = -1;

	if (strpbrk(bearer, "\r\n"))
		return err_set(err, MLDV_USAGE,
		    "ACTIONS_ID_TOKEN_REQUEST_TOKEN has more than one line");
	if (aws_ask(search, &request, TRIES, &answer, err) == 0)
		ret = read_github(search, &answer, out, err);
	if (ret < 0)
		(void)err_prefix(err, "cannot get an identity token of GitHub");
	net_answer_release(&answer);
	return ret;
}

/* 1 and a token for the role that AWS_ROLE_ARN names, or 0. */
static int of_environment(struct aws_search *search, struct aws_role *role,
    const char **token, const char **source, struct mldv_error *err)
{
	const char *path = aws_environment("AWS_WEB_IDENTITY_TOKEN_FILE");
	const char *url = aws_environment("ACTIONS_ID_TOKEN_REQUEST_URL");
	const char *bearer = aws_environment("ACTIONS_ID_TOKEN_REQUEST_TOKEN");
	int ret;

	role->arn = aws_environment("AWS_ROLE_ARN");
	role->session_name = aws_environment("AWS_ROLE_SESSION_NAME");
	if (!path && (!role->arn || !url || !bearer)) {
		aws_looked(search,
		    role->arn
		        ? "a web identity (AWS_WEB_IDENTITY_TOKEN_FILE; in "
		          "GitHub Actions 'permissions: id-token: write')"
		        : "a web identity (AWS_ROLE_ARN)");
		return 0;
	}
	if (!role->arn)
		return err_set(err, MLDV_USAGE,
		    "AWS_WEB_IDENTITY_TOKEN_FILE is set, but AWS_ROLE_ARN is "
		    "not");
	*source = path ? "a web identity (AWS_WEB_IDENTITY_TOKEN_FILE)"
	               : "the web identity of a GitHub job";
	ret = path ? read_token(search, path, token, err)
	           : ask_github(search, url, bearer, token, err);
	return ret < 0 ? -1 : 1;
}

static int of_profile(struct aws_search *search, struct aws_role *role,
    const char **token, const char **source, struct mldv_error *err)
{
	const struct aws_files *files = search->files;
	const char *path =
	    aws_files_get(files, role->profile, "web_identity_token_file");

	role->arn = aws_files_get(files, role->profile, "role_arn");
	role->session_name =
	    aws_files_get(files, role->profile, "role_session_name");
	if (!path)
		return 0;
	if (!role->arn)
		return err_set(err, MLDV_USAGE,
		    "profile '%s' has web_identity_token_file, but no "
		    "role_arn",
		    role->profile);
	*source = arena_printf(search->arena,
	    "the web identity of profile '%s'", role->profile);
	return read_token(search, path, token, err) < 0 ? -1 : 1;
}

int aws_from_web_identity(struct aws_search *search, const char *profile,
    bool environment, struct aws_credentials *out, struct mldv_error *err)
{
	struct aws_role role = {.profile = profile};
	const char *source = NULL;
	const char *token = NULL;
	int ret = 0;

	if (environment)
		ret = of_environment(search, &role, &token, &source, err);
	if (ret == 0)
		ret = of_profile(search, &role, &token, &source, err);
	if (ret <= 0)
		return ret;
	if (aws_assume(search, &role, NULL, token, out, err) < 0)
		return -1;
	out->source = source;
	return 1;
}
