/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "aws/answer.h"
#include "net/client.h"
#include "net/text.h"
#include "remote/ops.h"

/*
 * What some server gives out over HTTP, as a remote to fetch from: a directory
 * that is served, or a public bucket. The server must send parts of files.
 */

enum { THREADS = 32, ATTEMPTS = 10 };

struct http {
	struct ops ops;
	struct arena arena;
	struct net_client *net;
	const char *name; /* of the remote */
	const char *url;  /* without a final slash */
	bool reached;     /* only ever set; by any thread */
};

/* One request, until it is answered. */
struct asking {
	struct http *http;
	const char *url;
	struct net_request request;
	struct net_answer answer;
	struct arena arena;
};

static void ask_begin(struct asking *asking, struct ops *ops,
    const char *method, const char *name)
{
	struct http *http = (struct http *)ops;
	struct buf url = {0};

	*asking = (struct asking){.http = http};
	buf_printf(&url, "%s/", http->url);
	net_encode(&url, slice_of(name), true);
	asking->url = arena_str(&asking->arena, buf_str(&url));
	asking->request.method = method;
	asking->request.url = asking->url;
	buf_release(&url);
}

static void ask_end(struct asking *asking)
{
	net_answer_release(&asking->answer);
	arena_release(&asking->arena);
}

static bool is_good(const struct asking *asking)
{
	return asking->answer.status >= 200 && asking->answer.status < 300;
}

static bool is_absent(const struct asking *asking)
{
	return asking->answer.status == 404 || asking->answer.status == 410;
}

/* Is it worth asking again? */
static bool may_help(const struct asking *asking)
{
	const struct net_answer *answer = &asking->answer;

	switch (answer->trouble) {
	case NET_NONE:
		return answer->status >= 500 || answer->status == 429 ||
		    answer->status == 408;
	case NET_BROKEN:
		return true;
	case NET_UNREACHED:
		return __atomic_load_n(&asking->http->reached,
		    __ATOMIC_RELAXED);
	default:
		return false;
	}
}

/* 0 if there is an answer, whatever its status. */
static int ask(struct asking *asking, struct mldv_error *err)
{
	struct http *http = asking->http;
	struct mldv_error error;
	int ret;
	int again = 1;

	for (unsigned attempt = 1;; attempt++) {
		ret = net_send(http->net, &asking->request, &asking->answer,
		    &error);
		if (ret == 0)
			__atomic_store_n(&http->reached, true,
			    __ATOMIC_RELAXED);
		if (attempt == ATTEMPTS || !may_help(asking))
			break;
		again = net_wait(http->net, attempt, &asking->answer, err);
		if (again <= 0)
			break;
	}
	if (again < 0)
		return -1;
	if (ret < 0)
		*err = error;
	return ret;
}

static int refused(const struct asking *asking, struct mldv_error *err)
{
	struct slice to = net_header(&asking->answer, "location");
	struct aws_refusal refusal;
	struct buf why = {0};

	if (asking->answer.status >= 300 && asking->answer.status < 400 &&
	    to.len > 0)
		return err_set(err, MLDV_FAILED,
		    "cannot read '%s': it has moved to '%.*s'; correct the "
		    "address of remote '%s'",
		    asking->url, (int)(to.len < 1000 ? to.len : 1000), to.data,
		    asking->http->name);
	aws_refusal_read(&refusal, &asking->answer);
	aws_refusal_text(&refusal, &why);
	(void)err_set(err, MLDV_FAILED, "cannot read '%s': %s", asking->url,
	    buf_str(&why));
	buf_release(&why);
	return -1;
}

static void http_close(struct ops *ops)
{
	struct http *http = (struct http *)ops;

	net_close(http->net);
	arena_release(&http->arena);
	free(http);
}

static int read_only(const struct ops *ops, struct mldv_error *err)
{
	const struct http *http = (const struct http *)ops;

	return err_set(err, MLDV_USAGE,
	    "remote '%s' can only be read: '%s' is an address to fetch from; "
	    "use another remote, by its directory or its bucket",
	    http->name, http->url);
}

static int http_prepare(struct ops *ops, struct mldv_error *err)
{
	return read_only(ops, err);
}

static int http_lock(struct ops *ops, struct mldv_error *err)
{
	return read_only(ops, err);
}

static int http_lock_all(struct ops *ops, const struct ops_alone *how,
    struct mldv_error *err)
{
	(void)how;
	return read_only(ops, err);
}

static void http_unlock(struct ops *ops)
{
	(void)ops;
}

static void take_info(const struct net_answer *answer, struct ops_info *out)
{
	int64_t now = net_header_time(answer, "date");
	int64_t modified = net_header_time(answer, "last-modified");

	*out = (struct ops_info){0};
	if (!slice_number(net_header(answer, "content-length"), &out->size))
		out->size = 0;
	if (modified != 0 && now > modified)
		out->age = (uint64_t)(now - modified);
}

static int http_head(struct ops *ops, const char *name, bool with_age,
    struct ops_info *out, struct mldv_error *err)
{
	struct asking asking;
	int ret;

	(void)with_age;
	ask_begin(&asking, ops, "HEAD", name);
	ret = ask(&asking, err);
	if (ret == 0 && is_good(&asking)) {
		take_info(&asking.answer, out);
		ret = 1;
	} else if (ret == 0 && !is_absent(&asking)) {
		ret = refused(&asking, err);
	}
	ask_end(&asking);
	return ret;
}

static int http_get(struct ops *ops, const char *name, size_t limit,
    struct buf *out, struct mldv_error *err)
{
	struct asking asking;
	int ret;

	ask_begin(&asking, ops, "GET", name);
	asking.request.sink.size = limit;
	ret = ask(&asking, err);
	if (ret == 0 && is_good(&asking)) {
		buf_add(out, buf_str(&asking.answer.body),
		    asking.answer.body.len);
		ret = 1;
	} else if (ret == 0 && !is_absent(&asking)) {
		ret = refused(&asking, err);
	}
	ask_end(&asking);
	return ret;
}

static int range_outcome(const struct asking *asking, uint64_t offset,
    size_t size, struct mldv_error *err)
{
	if (is_absent(asking))
		return err_set(err, MLDV_NOT_FOUND, "there is no '%s'",
		    asking->url);
	if (asking->answer.status == 416 ||
	    (is_good(asking) && asking->answer.size < size))
		return err_set(err, MLDV_CORRUPT, "'%s' is cut short",
		    asking->url);
	if (!is_good(asking))
		return refused(asking, err);
	/* All of it is good enough if all of it was asked for. */
	if (asking->answer.status != 206 && offset != 0)
		return err_set(err, MLDV_FAILED,
		    "cannot read a part of '%s': its server knows no ranges",
		    asking->url);
	return 0;
}

static int http_get_range(struct ops *ops, const char *name, uint64_t offset,
    size_t size, char *out, struct mldv_error *err)
{
	struct asking asking;
	const char *line;
	int ret;

	if (size == 0)
		return 0;
	ask_begin(&asking, ops, "GET", name);
	line = arena_printf(&asking.arena, "range: bytes=%llu-%llu",
	    (unsigned long long)offset,
	    (unsigned long long)(offset + size - 1));
	asking.request.headers = &line;
	asking.request.header_count = 1;
	asking.request.sink.into = out;
	asking.request.sink.size = size;
	ret = ask(&asking, err);
	if (ret == 0)
		ret = range_outcome(&asking, offset, size, err);
	else if (err->code == MLDV_CORRUPT && asking.answer.status == 200)
		ret = err_set(err, MLDV_FAILED,
		    "cannot read a part of '%s': its server knows no ranges",
		    asking.url);
	ask_end(&asking);
	return ret;
}

static int http_put(struct ops *ops, const char *name,
    const struct ops_source *source, enum ops_put how, struct mldv_error *err)
{
	(void)name;
	(void)source;
	(void)how;
	return read_only(ops, err);
}

static int http_list(struct ops *ops, const char *dir, struct strs *out,
    struct mldv_error *err)
{
	(void)dir;
	(void)out;
	return read_only(ops, err);
}

static int http_drop(struct ops *ops, const char *name, const char *version,
    struct mldv_error *err)
{
	(void)name;
	(void)version;
	return read_only(ops, err);
}

static int http_erase(struct ops *ops, const char *name, struct mldv_error *err)
{
	return http_drop(ops, name, NULL, err);
}

static int http_sync(struct ops *ops, struct mldv_error *err)
{
	(void)ops;
	(void)err;
	return 0;
}

static const struct ops_table table = {
    .threads = THREADS,
    .read_only = true,
    .close = http_close,
    .prepare = http_prepare,
    .lock = http_lock,
    .lock_all = http_lock_all,
    .unlock = http_unlock,
    .head = http_head,
    .get = http_get,
    .get_range = http_get_range,
    .put = http_put,
    .list = http_list,
    .drop = http_drop,
    .erase = http_erase,
    .sync = http_sync,
};

bool http_is_url(const char *url)
{
	return strncmp(url, "http://", 7) == 0 ||
	    strncmp(url, "https://", 8) == 0;
}

/* Secrets have no place in an address that is committed. */
static bool is_plain(const char *url)
{
	const char *host = strstr(url, "://") + 3;
	size_t len = strcspn(host, "/");

	return len > 0 && !memchr(host, '@', len) &&
	    url[strcspn(url, "?# \t\r\n")] == '\0';
}

int http_open_ops(struct ops **out, const char *url, const char *remote_name,
    const struct ops_options *options, struct mldv_error *err)
{
	const struct net_options net = {.events = options->events,
	    .most = options->jobs};
	size_t len = strlen(url);
	struct http *http;

	if (!is_plain(url)) {
		struct arena arena = {0};

		(void)err_set(err, MLDV_USAGE,
		    "cannot understand '%s', the address of remote '%s'; give "
		    "it as 'https://host/path', without user or query",
		    str_hide_password(&arena, url), remote_name);
		arena_release(&arena);
		return -1;
	}
	while (url[len - 1] == '/')
		len--;
	http = xcalloc(1, sizeof(*http));
	http->ops.table = &table;
	http->name = arena_str(&http->arena, remote_name);
	http->url = arena_strn(&http->arena, url, len);
	http->net = net_open(&net);
	*out = &http->ops;
	return 0;
}
