/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NET_CLIENT_H
#define NET_CLIENT_H

/*
 * HTTP/1.1 requests, many at once: one event loop in a thread of its own, and
 * callers, each in a thread of theirs, that wait for it. Connections are kept
 * and used again. How many requests are under way is net/pace.h's matter;
 * what is beyond that waits.
 *
 * A request is sent once, just as it is; redirects are not followed. Whether
 * to send it again is for the caller to decide, and net_wait then waits.
 *
 * Proxies are those of the environment: http_proxy, https_proxy, all_proxy,
 * no_proxy.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "mldv/events.h"

/* Of an answer that is an error; of all headers together. */
#define NET_ERROR_LIMIT  (64 * 1024)
#define NET_HEADER_LIMIT (64 * 1024)

struct net_options {
	const struct mldv_events *events; /* or NULL */
	unsigned most;                    /* requests at once; 0: 64 */
	const char *ca; /* file of certificates to trust; NULL: AWS_CA_BUNDLE
	                   or SSL_CERT_FILE of the environment, else the
	                   system's */
	/* Milliseconds until a connection stands; 0: 10,000. */
	long connect_ms;
	/* Seconds without a byte in either direction; 0: 30. */
	long stall_s;
};

/*
 * "libcurl/7.88.1 OpenSSL/3.0.22 …": of the library that is loaded; appended.
 */
CHECKED int net_library(struct buf *out, struct mldv_error *err);

struct net_client;

/* Does nothing yet. */
struct net_client *net_open(const struct net_options *options);
/* No request may be under way. */
void net_close(struct net_client *client);

/* What is sent: bytes in memory, or if data is NULL of a file. */
struct net_source {
	const void *data;
	int fd;
	uint64_t size;
	/*
	 * Sees the bytes of a file on their way, once and in order, before the
	 * last of them is sent; -1 lets the request fail.
	 */
	int (*see)(void *context, const char *data, size_t size,
	    struct mldv_error *err);
	void *context;
};

/* Where the body of an answer with status 2xx goes. */
struct net_sink {
	char *into;  /* of size bytes, or NULL: */
	size_t size; /* answer->body, of at most as many */
	int (*take)(void *context, const char *data, size_t size,
	    struct mldv_error *err); /* or here, from the loop's thread */
	void *context;
};

struct net_request {
	const char *method; /* "GET", "HEAD", "PUT", "POST", "DELETE" */
	const char *url;    /* http:// or https://; these very bytes are sent */
	const char *const *headers; /* "name: value" */
	size_t header_count;
	struct net_source body; /* of PUT and POST */
	struct net_sink sink;
	bool direct;     /* never through a proxy */
	long connect_ms; /* 0: as the client */
	long total_ms;   /* for all of it; 0: no limit but the stall */
};

/* Why there is no answer. */
enum net_trouble {
	NET_NONE,
	NET_UNREACHED, /* there was no connection */
	NET_BROKEN,    /* it was cut, stalled, or is no HTTP */
	NET_FINAL,     /* it is of no use to ask again: certificate, too long,
	                  take or see failed, interrupted */
};

/* Zeroed to begin with; used again and again. */
struct net_answer {
	enum net_trouble trouble;
	int status;
	struct buf headers; /* lines "name: value", names in lower case */
	struct buf body;
	uint64_t size; /* of the body, that came */
};
void net_answer_release(struct net_answer *answer);

/*
 * Sends, and waits for the answer, whatever its status. -1 if there was none;
 * answer->trouble says whether that may be otherwise next time. MLDV_CORRUPT
 * if the body is longer than the sink.
 */
CHECKED int net_send(struct net_client *client,
    const struct net_request *request, struct net_answer *answer,
    struct mldv_error *err);

/* The value of the (last such) header, or an empty slice; borrowed. */
struct slice net_header(const struct net_answer *answer, const char *name);
/* The time that a header holds, in seconds since 1970; 0: none. */
int64_t net_header_time(const struct net_answer *answer, const char *name);

/*
 * Waits a random time before the repetition number attempt (from 1), longer if
 * the service asked for that: 1, 0 if there have been so many failures that it
 * is better to stop, or -1 if interrupted.
 */
CHECKED int net_wait(struct net_client *client, unsigned attempt,
    const struct net_answer *answer, struct mldv_error *err);
/* Requests that were sent. */
uint64_t net_count(struct net_client *client);

#endif
