/* SPDX-License-Identifier: Apache-2.0 */
#include "aws/endpoint.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"

/* NULL if it is not set, or empty. */
static const char *environment(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

int aws_look_up(struct aws_provider *provider, const struct aws_lookup *what,
    struct arena *arena, const char **out, struct mldv_error *err)
{
	*out = environment(what->variables[0]);
	if (!*out)
		*out = environment(what->variables[1]);
	if (*out) {
		*out = arena_str(arena, *out);
		return 0;
	}
	if (what->service &&
	    aws_profile_setting(provider, what->service, what->key, arena, out,
	        err) < 0)
		return -1;
	return *out
	    ? 0
	    : aws_profile_setting(provider, NULL, what->key, arena, out, err);
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

int aws_endpoint_parse(const char *text, struct arena *arena,
    struct aws_endpoint *out, struct mldv_error *err)
{
	bool secure = strncmp(text, "https://", 8) == 0;
	const char *begin;
	struct slice host;
	size_t rest;

	if (!secure && strncmp(text, "http://", 7) != 0)
		goto wrong;
	begin = text + (secure ? 8 : 7);
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
	out->base = arena_strn(arena, begin, rest);
	return 0;
wrong:
	return err_set(err, MLDV_USAGE,
	    "'%s' is no endpoint; give one as 'https://host[:port]'",
	    str_hide_password(arena, text));
}
