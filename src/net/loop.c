/* SPDX-License-Identifier: Apache-2.0 */
#include "net/loop.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* How often it looks whether the work is to stop. */
enum { TICK_MS = 200 };

uint64_t net_now(void)
{
	struct timespec now = {0};

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

bool net_cancelled(const struct net_client *client)
{
	const struct mldv_events *events = client->options.events;

	return events && events->cancelled &&
	    events->cancelled(events->context);
}

/* A connection outlives the handle: it belongs to the multi handle. */
static CURL *take_handle(struct net_client *client)
{
	if (client->idle_count > 0)
		return client->idle[--client->idle_count];
	return client->curl.easy_init();
}

static void give_handle(struct net_client *client, CURL *easy)
{
	client->curl.easy_reset(easy);
	client->idle = xgrow(client->idle, client->idle_count,
	    &client->idle_capacity, sizeof(CURL *));
	client->idle[client->idle_count++] = easy;
}

static void interrupt(struct transfer *transfer)
{
	transfer->answer->trouble = NET_FINAL;
	(void)err_set(&transfer->err, MLDV_INTERRUPTED, "interrupted");
}

/* The caller may go on; with the mutex held. */
static void release(struct net_client *client, struct transfer *transfer)
{
	transfer->done = true;
	(void)pthread_cond_broadcast(&client->ended);
}

static void unlink_active(struct net_client *client, struct transfer *transfer)
{
	struct transfer **at = &client->active;

	while (*at != transfer)
		at = &(*at)->next;
	*at = transfer->next;
}

static void note_end(struct net_client *client, const struct transfer *transfer)
{
	const struct net_answer *answer = transfer->answer;
	const struct pace_end end = {
	    .begun = transfer->begun,
	    .now = net_now(),
	    .bytes = transfer->sent + answer->size,
	    .slow_down = answer->trouble == NET_NONE &&
	        (answer->status == 503 || answer->status == 429),
	    .full = client->waiting != NULL,
	};

	if (answer->trouble == NET_FINAL)
		return;
	pace_end(&client->pace, &end);
	if (answer->trouble == NET_NONE && answer->status < 500)
		pace_succeeded(&client->pace);
}

/* It was under way, and is no more. */
static void finish(struct net_client *client, struct transfer *transfer,
    CURLcode code)
{
	const struct curl *c = &client->curl;

	if (client->stopped && code != CURLE_OK)
		interrupt(transfer);
	else
		transfer_end(transfer, code);
	(void)c->multi_remove_handle(client->multi, transfer->easy);
	give_handle(client, transfer->easy);
	c->slist_free_all(transfer->headers);
	unlink_active(client, transfer);
	(void)pthread_mutex_lock(&client->mutex);
	client->under_way--;
	note_end(client, transfer);
	release(client, transfer);
	(void)pthread_mutex_unlock(&client->mutex);
}

static int begin(struct net_client *client, struct transfer *transfer,
    struct mldv_error *err)
{
	transfer->easy = take_handle(client);
	if (!transfer->easy)
		return err_set(err, MLDV_FAILED, "cannot start libcurl");
	transfer->begun = net_now();
	if (transfer_begin(transfer, err) < 0)
		return -1;
	if (client->curl.multi_add_handle(client->multi, transfer->easy) !=
	    CURLM_OK)
		return err_set(err, MLDV_FAILED, "cannot start a request");
	return 0;
}

static void discard(struct net_client *client, struct transfer *transfer)
{
	transfer->answer->trouble = NET_FINAL;
	client->curl.slist_free_all(transfer->headers);
	if (transfer->easy)
		give_handle(client, transfer->easy);
}

/* With the mutex held. */
static struct transfer *take_waiting(struct net_client *client)
{
	struct transfer *transfer = client->waiting;

	client->waiting = transfer->next;
	if (!client->waiting)
		client->last = &client->waiting;
	transfer->next = NULL;
	return transfer;
}

/* With the mutex held. */
static void start_waiting(struct net_client *client)
{
	while (client->waiting && !client->stopped &&
	    client->under_way < client->pace.allowed) {
		struct transfer *transfer = take_waiting(client);

		if (begin(client, transfer, &transfer->err) < 0) {
			discard(client, transfer);
			release(client, transfer);
			continue;
		}
		client->count++;
		client->under_way++;
		transfer->next = client->active;
		client->active = transfer;
	}
}

static void stop_all(struct net_client *client)
{
	(void)pthread_mutex_lock(&client->mutex);
	client->stopped = true;
	while (client->waiting) {
		struct transfer *transfer = take_waiting(client);

		interrupt(transfer);
		release(client, transfer);
	}
	(void)pthread_cond_broadcast(&client->ended);
	(void)pthread_mutex_unlock(&client->mutex);
	while (client->active)
		finish(client, client->active, CURLE_ABORTED_BY_CALLBACK);
}

static void collect(struct net_client *client)
{
	const struct curl *c = &client->curl;
	CURLMsg *message;
	int left;

	while ((message = c->multi_info_read(client->multi, &left)) != NULL) {
		CURLcode code = message->data.result;
		char *private = NULL;

		if (message->msg != CURLMSG_DONE)
			continue;
		(void)c->easy_getinfo(message->easy_handle, CURLINFO_PRIVATE,
		    &private);
		finish(client, (struct transfer *)(void *)private, code);
	}
}

static void *run(void *context)
{
	struct net_client *client = context;
	const struct curl *c = &client->curl;
	bool quit = false;

	while (!quit) {
		int running = 0;

		if (!client->stopped && net_cancelled(client))
			stop_all(client);
		(void)pthread_mutex_lock(&client->mutex);
		start_waiting(client);
		quit = client->quit;
		(void)pthread_mutex_unlock(&client->mutex);
		(void)c->multi_perform(client->multi, &running);
		collect(client);
		(void)pthread_mutex_lock(&client->mutex);
		running = client->waiting && !client->stopped &&
		    client->under_way < client->pace.allowed;
		(void)pthread_mutex_unlock(&client->mutex);
		if (!running && !quit)
			(void)c->multi_poll(client->multi, NULL, 0, TICK_MS,
			    NULL);
	}
	return NULL;
}

/* Signals are for the threads that are there already. */
static int start_thread(struct net_client *client)
{
	sigset_t all;
	sigset_t before;
	int failed;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	failed = pthread_create(&client->thread, NULL, run, client);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return failed;
}

int loop_start(struct net_client *client, struct mldv_error *err)
{
	struct curl *c = &client->curl;

	if (client->running)
		return 0;
	if (!c->library && curl_load(c, err) < 0)
		return -1;
	if (!client->multi)
		client->multi = c->multi_init();
	if (!client->multi)
		return err_set(err, MLDV_FAILED, "cannot start libcurl");
	(void)c->multi_setopt(client->multi, CURLMOPT_MAXCONNECTS,
	    (long)client->pace.most + 4);
	if (start_thread(client) != 0)
		return err_set(err, MLDV_FAILED,
		    "cannot start a thread for the network");
	client->running = true;
	return 0;
}

void loop_stop(struct net_client *client)
{
	const struct curl *c = &client->curl;

	if (client->running) {
		(void)pthread_mutex_lock(&client->mutex);
		client->quit = true;
		(void)pthread_mutex_unlock(&client->mutex);
		(void)c->multi_wakeup(client->multi);
		(void)pthread_join(client->thread, NULL);
		client->running = false;
	}
	for (size_t i = 0; i < client->idle_count; i++)
		c->easy_cleanup(client->idle[i]);
	free(client->idle);
	if (client->multi)
		(void)c->multi_cleanup(client->multi);
	curl_unload(&client->curl);
}
