/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aws/s3call.h"
#include "net/text.h"

/* Where a bucket is that nobody said anything of: it answers where it is. */
#define PRESET_REGION "us-east-1"

/* NULL if it is not set, or empty. */
static const char *environment(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

/* The first that is set of two variables, and of the profile; or NULL. */
static int look_up(struct s3 *s3, const char *const variables[2],
    const char *service, const char *key, const char **out,
    struct mldv_error *err)
{
	*out = environment(variables[0]);
	if (!*out)
		*out = environment(variables[1]);
	if (*out) {
		*out = arena_str(&s3->arena, *out);
		return 0;
	}
	if (service &&
	    aws_profile_setting(s3->provider, service, key, &s3->arena, out,
	        err) < 0)
		return -1;
	return *out ? 0
	            : aws_profile_setting(s3->provider, NULL, key, &s3->arena,
	                  out, err);
}

static int find_endpoint(struct s3 *s3, struct mldv_error *err)
{
	static const char *const variables[2] = {"AWS_ENDPOINT_URL_S3",
	    "AWS_ENDPOINT_URL"};

	if (s3->endpoint)
		return 0;
	return look_up(s3, variables, "s3", "endpoint_url", &s3->endpoint, err);
}

static bool is_region(const char *text)
{
	size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-_");

	return len > 0 && text[len] == '\0' && len < S3_REGION;
}

static int find_region(struct s3 *s3, struct mldv_error *err)
{
	static const char *const variables[2] = {"AWS_REGION",
	    "AWS_DEFAULT_REGION"};
	const char *region = PRESET_REGION;

	if (*s3->region)
		region = arena_str(&s3->arena, s3->region);
	else if (look_up(s3, variables, NULL, "region", &region, err) < 0)
		return -1;
	if (!region)
		region = PRESET_REGION;
	if (!is_region(region))
		return err_set(err, MLDV_USAGE,
		    "'%s' is no region of AWS; set AWS_REGION, or 'region' of "
		    "the remote",
		    region);
	(void)snprintf(s3->region, sizeof(s3->region), "%s", region);
	return 0;
}

int s3_settle(struct s3 *s3, struct mldv_error *err)
{
	int ret = 0;

	(void)pthread_mutex_lock(&s3->mutex);
	if (!s3->settled) {
		if (find_endpoint(s3, err) < 0 || find_region(s3, err) < 0)
			ret = -1;
		s3->settled = ret == 0;
	}
	(void)pthread_mutex_unlock(&s3->mutex);
	return ret;
}

/* Without the scheme's own port, which libcurl does not send either. */
static const char *host_without_port(struct arena *arena, struct slice host,
    bool secure)
{
	const char *port = secure ? ":443" : ":80";
	size_t len = strlen(port);

	if (host.len > len &&
	    memcmp(host.data + host.len - len, port, len) == 0)
		host.len -= len;
	return arena_strn(arena, host.data, host.len);
}

/* base: what stands behind the host, without a final slash. */
static int parse_endpoint(const char *endpoint, struct arena *arena,
    struct s3_place *out, const char **base, struct mldv_error *err)
{
	bool secure = strncmp(endpoint, "https://", 8) == 0;
	const char *begin;
	struct slice host;
	size_t rest;

	if (!secure && strncmp(endpoint, "http://", 7) != 0)
		goto wrong;
	begin = endpoint + (secure ? 8 : 7);
	host = (struct slice){begin, strcspn(begin, "/?#")};
	if (host.len == 0 || memchr(host.data, '@', host.len) ||
	    strpbrk(begin, "?# "))
		goto wrong;
	begin += host.len;
	rest = strlen(begin);
	while (rest > 0 && begin[rest - 1] == '/')
		rest--;
	out->scheme = secure ? "https" : "http";
	out->host = host_without_port(arena, host, secure);
	*base = arena_strn(arena, begin, rest);
	return 0;
wrong:
	return err_set(err, MLDV_USAGE,
	    "'%s' is no endpoint; give one as 'https://host[:port]'",
	    str_hide_password(arena, endpoint));
}

static const char *amazon_host(struct arena *arena, const char *region)
{
	return arena_printf(arena, "s3.%s.amazonaws.com%s", region,
	    strncmp(region, "cn-", 3) == 0 ? ".cn" : "");
}

int s3_place_of(const struct s3 *s3, const char *region, const char *key,
    struct arena *arena, struct s3_place *out, struct mldv_error *err)
{
	bool in_host = s3->addressing == S3_VIRTUAL;
	const char *base = "";
	struct buf path = {0};

	if (s3->endpoint) {
		if (parse_endpoint(s3->endpoint, arena, out, &base, err) < 0)
			return -1;
	} else {
		out->scheme = "https";
		out->host = amazon_host(arena, region);
		/* The certificate has no names with further dots. */
		if (s3->addressing == S3_AUTO)
			in_host = strchr(s3->bucket, '.') == NULL;
	}
	buf_add_str(&path, base);
	buf_add_char(&path, '/');
	if (in_host)
		out->host = arena_printf(arena, "%s.%s", s3->bucket, out->host);
	else
		net_encode(&path, slice_of(s3->bucket), false);
	if (key) {
		if (!in_host)
			buf_add_char(&path, '/');
		net_encode(&path, slice_of(key), true);
	}
	out->path = arena_str(arena, buf_str(&path));
	buf_release(&path);
	return 0;
}
