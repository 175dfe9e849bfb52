/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "aws/answer.h"
#include "base/file.h"
#include "net/client.h"
#include "net/text.h"
#include "remote/outsidekind.h"

/*
 * A file on the web. What was cut goes on where it ended, if the server says
 * that it is still the same file; redirects are followed.
 */

enum { ATTEMPTS = 10, MOVES = 5, HEADERS = 3 };

struct outside_web {
	struct outside outside;
	struct arena arena;
	struct net_client *net;
	const struct mldv_events *events;
	const char *address;
};

/* One file, until all of it is there. */
struct reading {
	struct outside_web *from;
	const char *url; /* after redirects */
	struct net_answer answer;
	struct arena arena;
	unsigned moves;
	unsigned attempts; /* in vain, one after the other */
	/* What is being written, of fetch: */
	int fd;
	const char *to;
	uint64_t have;
	bool began;      /* something of this answer was taken */
	struct buf mark; /* that what is there is still the same; or empty */
	struct outside_progress progress;
};

static void close_web(struct outside *outside)
{
	struct outside_web *from = (struct outside_web *)outside;

	net_close(from->net);
	arena_release(&from->arena);
	free(from);
}

static void end(struct reading *reading)
{
	net_answer_release(&reading->answer);
	buf_release(&reading->mark);
	arena_release(&reading->arena);
}

static bool is_good(const struct reading *reading)
{
	return reading->answer.status >= 200 && reading->answer.status < 300;
}

static int refused(const struct reading *reading, struct mldv_error *err)
{
	int status = reading->answer.status;
	struct aws_refusal refusal;
	struct buf why = {0};

	if (status == 404 || status == 410)
		return err_set(err, MLDV_NOT_FOUND, "there is no '%s'",
		    reading->from->address);
	aws_refusal_read(&refusal, &reading->answer);
	aws_refusal_text(&refusal, &why);
	(void)err_set(err, MLDV_FAILED, "cannot read '%s': %s",
	    reading->from->address, buf_str(&why));
	buf_release(&why);
	return -1;
}

/* What a Location means, seen from url; NULL: nothing that is followed. */
static const char *resolve(struct arena *arena, const char *url,
    struct slice to)
{
	const char *host = strstr(url, "://") + 3;
	const char *text = arena_strn(arena, to.data, to.len);

	if (strlen(text) != to.len || to.len == 0)
		return NULL;
	if (http_is_url(text))
		/* Not back to where anybody may listen. */
		return strncmp(url, "https:", 6) == 0 &&
		        strncmp(text, "https:", 6) != 0
		    ? NULL
		    : text;
	if (text[0] != '/' || text[1] == '/')
		return NULL;
	return arena_printf(arena, "%.*s%s",
	    (int)(host - url) + (int)strcspn(host, "/?"), url, text);
}

/* 1 if the request is to be sent to another address, 0, or -1. */
static int follow(struct reading *reading, struct mldv_error *err)
{
	struct slice to = net_header(&reading->answer, "location");
	int status = reading->answer.status;
	const char *url;

	if (status != 301 && status != 302 && status != 303 && status != 307 &&
	    status != 308)
		return 0;
	url = resolve(&reading->arena, reading->url, to);
	if (!url || reading->moves++ >= MOVES)
		return err_set(err, MLDV_FAILED,
		    "cannot read '%s': it leads to '%.*s'; give an address "
		    "that leads to the file",
		    reading->from->address, (int)(to.len < 500 ? to.len : 500),
		    to.len > 0 ? to.data : "");
	reading->url = url;
	return 1;
}

static bool may_help(const struct reading *reading)
{
	int status = reading->answer.status;

	if (reading->answer.trouble == NET_NONE)
		return status >= 500 || status == 429 || status == 408;
	return reading->answer.trouble == NET_BROKEN;
}

/* 1 to send the request again, 0 if the answer stands, -1. */
static int judge(struct reading *reading, int sent,
    const struct mldv_error *why, struct mldv_error *err)
{
	int again;

	if (sent == 0 && !may_help(reading))
		return follow(reading, err);
	if (reading->began)
		reading->attempts = 0;
	if (may_help(reading) && ++reading->attempts < ATTEMPTS) {
		again = net_wait(reading->from->net, reading->attempts,
		    &reading->answer, err);
		if (again != 0)
			return again;
	}
	if (sent < 0)
		*err = *why;
	return sent;
}

/* The first bytes of an answer: is it the rest, or all of it anew? */
static int begin(struct reading *reading, struct mldv_error *err)
{
	const struct net_answer *answer = &reading->answer;
	struct slice etag = net_header(answer, "etag");
	struct arena arena = {0};
	const char *rest = arena_printf(&arena, "bytes %llu-",
	    (unsigned long long)reading->have);
	bool goes_on = answer->status == 206 &&
	    slice_starts(net_header(answer, "content-range"), rest);

	arena_release(&arena);
	reading->began = true;
	if (goes_on)
		return 0;
	if (answer->status == 206)
		return err_set(err, MLDV_CORRUPT,
		    "'%s' came with other bytes than were asked for",
		    reading->from->address);
	if (ftruncate(reading->fd, 0) < 0 ||
	    lseek(reading->fd, 0, SEEK_SET) < 0)
		return err_errno(err, "cannot write '%s'", reading->to);
	reading->have = 0;
	__atomic_store_n(&reading->progress.done, 0, __ATOMIC_RELAXED);
	if (!slice_number(net_header(answer, "content-length"),
	        &reading->progress.total))
		reading->progress.total = 0;
	/* A weak one does not promise the same bytes. */
	buf_reset(&reading->mark);
	if (slice_starts(etag, "\""))
		buf_add(&reading->mark, etag.data, etag.len);
	return 0;
}

static int take(void *context, const char *data, size_t size,
    struct mldv_error *err)
{
	struct reading *reading = context;

	if (!reading->began && begin(reading, err) < 0)
		return -1;
	if (file_write(reading->fd, reading->to, data, size, err) < 0)
		return -1;
	reading->have += size;
	outside_advance(&reading->progress, size);
	return 0;
}

/*
 * Sends until there is an answer that stands. With a file open, a part of the
 * answer that came before is not asked for again.
 */
static int ask(struct reading *reading, const char *method, const char *range,
    struct mldv_error *err)
{
	const char *headers[HEADERS];
	struct net_request request = {.method = method, .headers = headers};
	struct mldv_error why;
	int ret;

	do {
		reading->began = false;
		request.url = reading->url;
		request.header_count = 0;
		if (range)
			headers[request.header_count++] = range;
		if (reading->fd >= 0)
			request.sink =
			    (struct net_sink){.take = take, .context = reading};
		else
			request.sink.size = 1;
		if (reading->have > 0 && reading->mark.len > 0) {
			headers[request.header_count++] =
			    arena_printf(&reading->arena, "range: bytes=%llu-",
			        (unsigned long long)reading->have);
			headers[request.header_count++] =
			    arena_printf(&reading->arena, "if-range: %s",
			        buf_str(&reading->mark));
		}
		ret = net_send(reading->from->net, &request, &reading->answer,
		    &why);
		ret = judge(reading, ret, &why, err);
	} while (ret > 0);
	return ret;
}

static void add_version(struct buf *version, const struct net_answer *answer)
{
	int64_t modified = net_header_time(answer, "last-modified");
	time_t when = (time_t)modified;
	char text[sizeof "2026-01-01T00:00:00Z"];
	struct tm tm;

	if (outside_add_etag(version, net_header(answer, "etag")))
		return;
	if (modified != 0 && gmtime_r(&when, &tm) &&
	    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm) > 0)
		buf_add_str(version, text);
	else
		buf_add_str(version, OUTSIDE_UNKNOWN);
}

static struct reading reading_of(struct outside *outside)
{
	struct outside_web *from = (struct outside_web *)outside;

	return (struct reading){
	    .from = from,
	    .url = from->address,
	    .fd = -1,
	    .progress = {.events = from->events, .address = from->address},
	};
}

/* Who has no HEAD, or wants it signed, may give out the first byte. */
static int look_web(struct outside *outside, struct buf *version,
    struct mldv_error *err)
{
	struct reading reading = reading_of(outside);
	int ret = ask(&reading, "HEAD", NULL, err);

	if (ret == 0 && !is_good(&reading) && reading.answer.status != 404 &&
	    reading.answer.status != 410)
		ret = ask(&reading, "GET", "range: bytes=0-0", err);
	/* Without ranges all of it came, and was cut off. */
	if (ret < 0 && reading.answer.status == 200 &&
	    err->code == MLDV_CORRUPT)
		ret = 0;
	if (ret == 0 && !is_good(&reading))
		ret = refused(&reading, err);
	if (ret == 0)
		add_version(version, &reading.answer);
	end(&reading);
	return ret;
}

static int fetch_web(struct outside *outside, const char *to,
    struct buf *version, struct mldv_error *err)
{
	struct reading reading = reading_of(outside);
	int ret;

	reading.to = to;
	reading.fd = outside_create(to, err);
	if (reading.fd < 0)
		return -1;
	ret = ask(&reading, "GET", NULL, err);
	if (ret == 0 && !is_good(&reading))
		ret = refused(&reading, err);
	/* It may be empty, after a beginning of another that was not. */
	if (ret == 0 && !reading.began)
		ret = begin(&reading, err);
	if (close(reading.fd) < 0 && ret == 0)
		ret = err_errno(err, "cannot write '%s'", to);
	if (ret == 0)
		add_version(version, &reading.answer);
	end(&reading);
	return ret;
}

static const struct outside_table table = {close_web, look_web, fetch_web};

int outside_open_web(struct outside **out, const char *address,
    const struct ops_options *options, struct mldv_error *err)
{
	const struct net_options net = {.events = options->events};
	const char *host = strstr(address, "://") + 3;
	size_t len = strcspn(host, "/?");
	struct outside_web *from;

	if (len == 0 || address[strcspn(address, " \t\r\n")] != '\0')
		return err_set(err, MLDV_USAGE,
		    "cannot understand the address '%s'; give it as "
		    "'https://host/file', a space in it as '%%20'",
		    address);
	if (address[strlen(address) - 1] == '/' || host[len] == '\0')
		return err_set(err, MLDV_USAGE,
		    "cannot import '%s': a web server does not say which "
		    "files there are; name one file",
		    address);
	from = xcalloc(1, sizeof(*from));
	from->outside.table = &table;
	from->events = options->events;
	from->address = arena_str(&from->arena, address);
	from->net = net_open(&net);
	*out = &from->outside;
	return 0;
}
