/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NET_LOOP_H
#define NET_LOOP_H

/*
 * What the files of this floor share: one request on its way.
 *
 *     client.c     callers: waiting for the loop, and between repetitions
 *     loop.c       the thread that runs libcurl
 *     transfer.c   one request and its answer, in libcurl's terms
 */

#include <pthread.h>

#include "net/client.h"
#include "net/curl.h"
#include "net/pace.h"

struct transfer {
	struct net_client *client;
	const struct net_request *request;
	struct net_answer *answer;
	CURL *easy;
	struct curl_slist *headers;
	uint64_t sent;  /* of the body */
	uint64_t begun; /* milliseconds */
	bool took;      /* see, take or a limit have set the error */
	bool done;      /* guarded by the client's mutex */
	struct mldv_error err;
	char why[CURL_ERROR_SIZE];
	struct transfer *next;
};

struct net_client {
	struct net_options options;
	struct curl curl;
	CURLM *multi;
	pthread_t thread;
	CURL **idle; /* of the loop's thread, like active */
	size_t idle_count;
	size_t idle_capacity;
	struct transfer *active;
	pthread_mutex_t mutex; /* guards what follows */
	pthread_cond_t ended;  /* some transfer is done, or all are to stop */
	bool running;
	bool quit;
	bool stopped; /* interrupted: nothing is sent any more */
	struct transfer *waiting;
	struct transfer **last;
	unsigned under_way;
	struct pace pace;
	uint64_t count;
};

uint64_t net_now(void); /* milliseconds, only forward */

/* Whether the work is to stop. */
bool net_cancelled(const struct net_client *client);

/* Starts the thread, once; with the mutex held. */
CHECKED int loop_start(struct net_client *client, struct mldv_error *err);
/* Ends it; nothing may be under way. */
void loop_stop(struct net_client *client);

/* Sets up the easy handle. */
CHECKED int transfer_begin(struct transfer *transfer, struct mldv_error *err);
/* Fills in what became of it: err and answer->trouble. */
void transfer_end(struct transfer *transfer, CURLcode code);

#endif
