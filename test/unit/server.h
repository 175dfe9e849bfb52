/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UNIT_SERVER_H
#define UNIT_SERVER_H

/*
 * An HTTP server on loopback that answers what a test tells it to.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/strs.h"

struct server_answer {
	/*
	 * As it is, header and body, but "Content-Length: *" says how long the
	 * body is; NULL: hangs up.
	 */
	const char *text;
	bool hang;  /* after that sends no more, and closes nothing */
	bool close; /* after that */
};

struct server;

/*
 * The n-th request, whatever connection it comes by, gets the n-th answer; the
 * last is repeated.
 */
struct server *server_start(const struct server_answer *answers, size_t count);
/* "http://127.0.0.1:PORT" */
const char *server_url(const struct server *server);
/* Ends it. The requests, header and body, and how many connections came. */
void server_stop(struct server *server, struct strs *requests,
    unsigned *connections);

#endif
