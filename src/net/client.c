/* SPDX-License-Identifier: Apache-2.0 */
#include "net/client.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "net/loop.h"
#include "net/text.h"

/*
 * A libcurl that was brought along looks where the system that it was built on
 * has its certificates. NULL: let it look there.
 */
static const char *find_ca(void)
{
	static const char *const variables[] = {"AWS_CA_BUNDLE",
	    "SSL_CERT_FILE"};
	/* Debian, Fedora and Amazon Linux, SUSE, Alpine. */
	static const char *const files[] = {
	    "/etc/ssl/certs/ca-certificates.crt",
	    "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem",
	    "/etc/ssl/cert.pem"};

	for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) {
		const char *value = getenv(variables[i]);

		if (value && *value)
			return value;
	}
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		if (access(files[i], R_OK) == 0)
			return i == 0 ? NULL : files[i];
	}
	return NULL;
}

struct net_client *net_open(const struct net_options *options)
{
	struct net_client *client = xcalloc(1, sizeof(*client));
	pthread_condattr_t attributes;

	client->options = *options;
	if (!client->options.ca)
		client->options.ca = find_ca();
	client->last = &client->waiting;
	pace_init(&client->pace, options->most, net_now());
	(void)pthread_mutex_init(&client->mutex, NULL);
	(void)pthread_condattr_init(&attributes);
	(void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&client->ended, &attributes);
	(void)pthread_condattr_destroy(&attributes);
	return client;
}

void net_close(struct net_client *client)
{
	if (!client)
		return;
	loop_stop(client);
	(void)pthread_cond_destroy(&client->ended);
	(void)pthread_mutex_destroy(&client->mutex);
	free(client);
}

void net_answer_release(struct net_answer *answer)
{
	buf_release(&answer->headers);
	buf_release(&answer->body);
	*answer = (struct net_answer){0};
}

static int interrupted(struct mldv_error *err)
{
	return err_set(err, MLDV_INTERRUPTED, "interrupted");
}

/* Leaves it to the loop, and waits; with the mutex held. */
static void hand_over(struct net_client *client, struct transfer *transfer)
{
	*client->last = transfer;
	client->last = &transfer->next;
	(void)client->curl.multi_wakeup(client->multi);
	while (!transfer->done)
		(void)pthread_cond_wait(&client->ended, &client->mutex);
}

int net_send(struct net_client *client, const struct net_request *request,
    struct net_answer *answer, struct mldv_error *err)
{
	struct transfer transfer = {
	    .client = client,
	    .request = request,
	    .answer = answer,
	};
	int ret = 0;

	answer->trouble = NET_FINAL;
	answer->status = 0;
	answer->size = 0;
	buf_reset(&answer->headers);
	buf_reset(&answer->body);
	(void)pthread_mutex_lock(&client->mutex);
	if (client->stopped)
		ret = interrupted(err);
	else
		ret = loop_start(client, err);
	if (ret == 0)
		hand_over(client, &transfer);
	(void)pthread_mutex_unlock(&client->mutex);
	if (ret == 0 && answer->trouble != NET_NONE) {
		*err = transfer.err;
		ret = -1;
	}
	return ret;
}

struct slice net_header(const struct net_answer *answer, const char *name)
{
	struct slice rest = {buf_str(&answer->headers), answer->headers.len};
	struct slice found = {NULL, 0};
	struct slice line;
	struct slice head;

	while (slice_cut(&rest, '\n', &line)) {
		if (slice_cut(&line, ':', &head) && slice_is(head, name))
			found = slice_trim(line);
	}
	return found;
}

int64_t net_header_time(const struct net_answer *answer, const char *name)
{
	return net_time(net_header(answer, name));
}

static uint64_t random_number(void)
{
	uint64_t number = 0;

	/* Without it all wait for nothing, which is no worse than that. */
	if (getrandom(&number, sizeof number, GRND_NONBLOCK) !=
	    (ssize_t)sizeof number)
		number = net_now();
	return number;
}

/* With the mutex held: until then, or until all is to stop. */
static int sleep_until(struct net_client *client, uint64_t when,
    struct mldv_error *err)
{
	const struct timespec until = {
	    .tv_sec = (time_t)(when / 1000),
	    .tv_nsec = (long)(when % 1000) * 1000000,
	};

	while (!client->stopped && net_now() < when)
		(void)pthread_cond_timedwait(&client->ended, &client->mutex,
		    &until);
	return client->stopped ? interrupted(err) : 0;
}

int net_wait(struct net_client *client, unsigned attempt,
    const struct net_answer *answer, struct mldv_error *err)
{
	bool heard = answer->trouble == NET_NONE;
	bool slow = heard && (answer->status == 503 || answer->status == 429);
	uint64_t when = net_now() + pace_wait(attempt, slow, random_number());
	int ret = 0;

	(void)pthread_mutex_lock(&client->mutex);
	if (pace_may_repeat(&client->pace, heard))
		ret = sleep_until(client, when, err) < 0 ? -1 : 1;
	(void)pthread_mutex_unlock(&client->mutex);
	return ret;
}

uint64_t net_count(struct net_client *client)
{
	uint64_t count;

	(void)pthread_mutex_lock(&client->mutex);
	count = client->count;
	(void)pthread_mutex_unlock(&client->mutex);
	return count;
}
