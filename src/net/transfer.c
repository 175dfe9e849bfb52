/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "net/loop.h"

enum { CONNECT_MS = 10 * 1000, STALL_S = 30, BUFFER = 256 * 1024 };

static bool is_good(const struct net_answer *answer)
{
	return answer->status >= 200 && answer->status < 300;
}

static size_t read_source(struct transfer *transfer, char *out, size_t size)
{
	const struct net_source *body = &transfer->request->body;
	ssize_t n;

	if (body->data) {
		memcpy(out, (const char *)body->data + transfer->sent, size);
		return size;
	}
	do
		n = pread(body->fd, out, size, (off_t)transfer->sent);
	while (n < 0 && errno == EINTR);
	if (n > 0)
		return (size_t)n;
	if (n < 0)
		(void)err_errno(&transfer->err, "cannot read what is sent");
	else
		(void)err_set(&transfer->err, MLDV_CORRUPT,
		    "the file that is sent was cut short meanwhile");
	transfer->took = true;
	return 0;
}

static size_t on_read(char *out, size_t one, size_t count, void *context)
{
	struct transfer *transfer = context;
	const struct net_source *body = &transfer->request->body;
	uint64_t left = body->size - transfer->sent;
	size_t size = one * count;

	if (size > left)
		size = (size_t)left;
	if (size == 0)
		return 0;
	size = read_source(transfer, out, size);
	if (size == 0)
		return CURL_READFUNC_ABORT;
	transfer->sent += size;
	if (!body->data && body->see &&
	    body->see(body->context, out, size, &transfer->err) < 0) {
		transfer->took = true;
		return CURL_READFUNC_ABORT;
	}
	return size;
}

static int too_long(struct transfer *transfer)
{
	transfer->took = true;
	return err_set(&transfer->err, MLDV_CORRUPT,
	    "the answer is longer than it may be");
}

static int take(struct transfer *transfer, const char *data, size_t size)
{
	const struct net_sink *sink = &transfer->request->sink;
	struct net_answer *answer = transfer->answer;
	uint64_t before = answer->size;
	size_t limit = is_good(answer) ? sink->size : NET_ERROR_LIMIT;

	answer->size += size;
	if (is_good(answer) && sink->take) {
		if (sink->take(sink->context, data, size, &transfer->err) == 0)
			return 0;
		transfer->took = true;
		return -1;
	}
	if (size > limit || before > limit - size) {
		if (is_good(answer))
			return too_long(transfer);
		return 0; /* of an error, the beginning will do */
	}
	if (is_good(answer) && sink->into)
		memcpy(sink->into + before, data, size);
	else
		buf_add(&answer->body, data, size);
	return 0;
}

static size_t on_write(char *data, size_t one, size_t count, void *context)
{
	size_t size = one * count;

	return take(context, data, size) == 0 ? size : 0;
}

/* "HTTP/1.1 200 OK" */
static int status_of(struct slice line)
{
	struct slice word;
	uint64_t number;

	if (!slice_cut(&line, ' ', &word))
		return 0;
	if (!slice_cut(&line, ' ', &word))
		word = slice_trim(line);
	return slice_number(word, &number) && number >= 100 && number <= 599
	    ? (int)number
	    : 0;
}

static void add_header(struct buf *out, struct slice line)
{
	struct slice name;

	if (!slice_cut(&line, ':', &name))
		return;
	line = slice_trim(line);
	for (size_t i = 0; i < name.len; i++)
		buf_add_char(out, (char)tolower((unsigned char)name.data[i]));
	buf_add_str(out, ": ");
	buf_add(out, line.data, line.len);
	buf_add_char(out, '\n');
}

static size_t on_header(char *data, size_t one, size_t count, void *context)
{
	struct transfer *transfer = context;
	struct net_answer *answer = transfer->answer;
	size_t size = one * count;
	struct slice line = {data, size};

	if (size > NET_HEADER_LIMIT ||
	    answer->headers.len > NET_HEADER_LIMIT - size) {
		(void)too_long(transfer);
		return 0;
	}
	/* 100, or a proxy's answer, may have come before. */
	if (slice_starts(line, "HTTP/")) {
		answer->status = status_of(line);
		buf_reset(&answer->headers);
	} else {
		add_header(&answer->headers, line);
	}
	return size;
}

/* curl would rather not set a body that cannot be sent a second time. */
static int on_seek(void *context, curl_off_t offset, int origin)
{
	struct transfer *transfer = context;
	const struct net_source *body = &transfer->request->body;

	if (origin != SEEK_SET || offset < 0 || (uint64_t)offset > body->size)
		return CURL_SEEKFUNC_FAIL;
	if (!body->data && body->see)
		return CURL_SEEKFUNC_FAIL;
	transfer->sent = (uint64_t)offset;
	return CURL_SEEKFUNC_OK;
}

static void set_body(struct transfer *transfer)
{
	const struct curl *c = &transfer->client->curl;
	const char *method = transfer->request->method;
	CURL *easy = transfer->easy;
	curl_off_t size = (curl_off_t)transfer->request->body.size;

	if (strcmp(method, "HEAD") == 0) {
		(void)c->easy_setopt(easy, CURLOPT_NOBODY, 1L);
	} else if (strcmp(method, "GET") != 0) {
		if (strcmp(method, "DELETE") != 0) {
			(void)c->easy_setopt(easy, CURLOPT_UPLOAD, 1L);
			(void)c->easy_setopt(easy, CURLOPT_INFILESIZE_LARGE,
			    size);
		}
		(void)c->easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
	}
	(void)c->easy_setopt(easy, CURLOPT_READFUNCTION, on_read);
	(void)c->easy_setopt(easy, CURLOPT_READDATA, transfer);
	(void)c->easy_setopt(easy, CURLOPT_SEEKFUNCTION, on_seek);
	(void)c->easy_setopt(easy, CURLOPT_SEEKDATA, transfer);
}

static void set_limits(struct transfer *transfer)
{
	const struct net_client *client = transfer->client;
	const struct net_request *request = transfer->request;
	const struct curl *c = &client->curl;
	CURL *easy = transfer->easy;
	long connect = request->connect_ms ? request->connect_ms
	                                   : client->options.connect_ms;
	long stall = client->options.stall_s;

	(void)c->easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
	    connect ? connect : (long)CONNECT_MS);
	(void)c->easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
	(void)c->easy_setopt(easy, CURLOPT_LOW_SPEED_TIME,
	    stall ? stall : (long)STALL_S);
	(void)c->easy_setopt(easy, CURLOPT_TIMEOUT_MS, request->total_ms);
}

static void set_up(struct transfer *transfer)
{
	const struct net_client *client = transfer->client;
	const struct curl *c = &client->curl;
	CURL *easy = transfer->easy;

	(void)c->easy_setopt(easy, CURLOPT_HTTP_VERSION,
	    (long)CURL_HTTP_VERSION_1_1);
	(void)c->easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
	(void)c->easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	(void)c->easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	(void)c->easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)BUFFER);
	(void)c->easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, (long)BUFFER);
	(void)c->easy_setopt(easy, CURLOPT_PRIVATE, transfer);
	(void)c->easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->why);
	(void)c->easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_write);
	(void)c->easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
	(void)c->easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	(void)c->easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
	(void)c->easy_setopt(easy, CURLOPT_HTTPHEADER, transfer->headers);
	if (client->options.ca)
		(void)c->easy_setopt(easy, CURLOPT_CAINFO, client->options.ca);
	if (transfer->request->direct)
		(void)c->easy_setopt(easy, CURLOPT_NOPROXY, "*");
}

static void add_line(struct transfer *transfer, const char *line)
{
	/* NULL when there is no memory: then less is sent, and refused. */
	struct curl_slist *more =
	    transfer->client->curl.slist_append(transfer->headers, line);

	if (more)
		transfer->headers = more;
}

int transfer_begin(struct transfer *transfer, struct mldv_error *err)
{
	const struct net_request *request = transfer->request;
	const struct curl *c = &transfer->client->curl;

	if (strncmp(request->url, "http://", 7) != 0 &&
	    strncmp(request->url, "https://", 8) != 0)
		return err_set(err, MLDV_USAGE,
		    "'%s' is no http or https address", request->url);
	/* Waiting for "100 Continue" would cost a round trip for each PUT. */
	add_line(transfer, "Expect:");
	add_line(transfer, "User-Agent: mldv/" MLDV_VERSION);
	for (size_t i = 0; i < request->header_count; i++)
		add_line(transfer, request->headers[i]);
	set_up(transfer);
	set_limits(transfer);
	set_body(transfer);
	if (c->easy_setopt(transfer->easy, CURLOPT_URL, request->url) !=
	    CURLE_OK)
		return err_set(err, MLDV_FAILED, "cannot use '%s'",
		    request->url);
	return 0;
}

static enum net_trouble trouble_of(const struct transfer *transfer,
    CURLcode code)
{
	const struct curl *c = &transfer->client->curl;
	curl_off_t connected = 0;

	switch (code) {
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_COULDNT_CONNECT:
		return NET_UNREACHED;
	case CURLE_OPERATION_TIMEDOUT:
		(void)c->easy_getinfo(transfer->easy, CURLINFO_CONNECT_TIME_T,
		    &connected);
		return connected > 0 ? NET_BROKEN : NET_UNREACHED;
	case CURLE_UNSUPPORTED_PROTOCOL:
		/* What came was no HTTP; or else this libcurl has no TLS. */
		(void)c->easy_getinfo(transfer->easy,
		    CURLINFO_PRETRANSFER_TIME_T, &connected);
		return connected > 0 ? NET_BROKEN : NET_FINAL;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_URL_MALFORMAT:
	case CURLE_OUT_OF_MEMORY:
		return NET_FINAL;
	default:
		return NET_BROKEN;
	}
}

/* The host, and port, of a URL. */
static struct slice host_of(const char *url)
{
	const char *begin = strstr(url, "://");

	begin = begin ? begin + 3 : url;
	return (struct slice){begin, strcspn(begin, "/?")};
}

void transfer_end(struct transfer *transfer, CURLcode code)
{
	struct net_answer *answer = transfer->answer;
	struct slice host = host_of(transfer->request->url);
	const char *why = transfer->why;

	answer->trouble = NET_NONE;
	if (code == CURLE_OK && answer->status != 0)
		return;
	if (transfer->took) {
		answer->trouble = NET_FINAL;
		return;
	}
	if (*why == '\0')
		why = code == CURLE_OK
		    ? "the answer is no HTTP"
		    : transfer->client->curl.easy_strerror(code);
	answer->trouble = trouble_of(transfer, code);
	(void)err_set(&transfer->err, MLDV_FAILED, "cannot %s '%.*s': %c%s",
	    answer->trouble == NET_UNREACHED ? "reach" : "talk to",
	    (int)(host.len < 255 ? host.len : 255), host.data,
	    tolower((unsigned char)why[0]), why + 1);
}
