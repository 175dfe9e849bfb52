/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aws/endpoint.h"
#include "aws/s3call.h"
#include "net/text.h"

/* Where a bucket is that nobody said anything of: it answers where it is. */
#define PRESET_REGION "us-east-1"

static int find_endpoint(struct s3 *s3, struct mldv_error *err)
{
	static const struct aws_lookup what = {
	    {"AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"},
	    "s3",
	    "endpoint_url",
	};

	if (s3->endpoint)
		return 0;
	return aws_look_up(s3->provider, &what, &s3->arena, &s3->endpoint, err);
}

static bool is_region(const char *text)
{
	size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-_");

	return len > 0 && text[len] == '\0' && len < S3_REGION;
}

static int find_region(struct s3 *s3, struct mldv_error *err)
{
	static const struct aws_lookup what = {
	    {"AWS_REGION", "AWS_DEFAULT_REGION"},
	    NULL,
	    "region",
	};
	const char *region = PRESET_REGION;

	if (*s3->region)
		region = arena_str(&s3->arena, s3->region);
	else if (aws_look_up(s3->provider, &what, &s3->arena, &region, err) < 0)
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
		struct aws_endpoint where;

		if (aws_endpoint_parse(s3->endpoint, arena, &where, err) < 0)
			return -1;
		out->scheme = where.scheme;
		out->host = where.host;
		base = where.base;
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
