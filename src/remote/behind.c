/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <stdlib.h>

#include "remote/push.h"

/*
 * Packs that are uploaded behind the back of whoever builds them. The time goes
 * into waiting, for a network's answers or for a disk, so a few are on their
 * way at once, each with a thread that waits. Their memory goes from one to
 * the next, the one that is being built included: taking it anew would cost as
 * much as filling it.
 */

struct parcel {
	struct behind *behind;
	pthread_t thread;
	struct pack_info info;
	bool trees;
	struct buf bytes;
	bool under_way; /* of the caller's thread */
	bool done;      /* guarded by the mutex */
};

struct behind {
	struct push *push;
	pthread_mutex_t mutex; /* guards what follows, and done */
	pthread_cond_t ended;
	bool failed;
	struct mldv_error error; /* the first */
	struct parcel parcels[PUSH_PACKS];
	struct parcel *next; /* whose memory the caller has */
};

struct behind *behind_open(struct push *push)
{
	struct behind *behind = xcalloc(1, sizeof(*behind));

	behind->push = push;
	behind->next = behind->parcels;
	(void)pthread_mutex_init(&behind->mutex, NULL);
	(void)pthread_cond_init(&behind->ended, NULL);
	return behind;
}

static void *run(void *context)
{
	struct parcel *parcel = context;
	struct behind *behind = parcel->behind;
	struct mldv_error error;
	int ret = upload_bytes(behind->push, &parcel->info, parcel->trees,
	    &parcel->bytes, &error);

	(void)pthread_mutex_lock(&behind->mutex);
	if (ret < 0 && !behind->failed) {
		behind->failed = true;
		behind->error = error;
	}
	parcel->done = true;
	(void)pthread_cond_signal(&behind->ended);
	(void)pthread_mutex_unlock(&behind->mutex);
	return NULL;
}

/* Signals are for the threads that are there already. */
static bool start(struct parcel *parcel)
{
	sigset_t all;
	sigset_t before;
	int failed;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	failed = pthread_create(&parcel->thread, NULL, run, parcel);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return failed == 0;
}

/* One that is free, or NULL; with the mutex held. */
static struct parcel *find_free(struct behind *behind)
{
	for (size_t i = 0; i < PUSH_PACKS; i++) {
		struct parcel *parcel = &behind->parcels[i];

		if (!parcel->under_way || parcel->done)
			return parcel;
	}
	return NULL;
}

static void collect(struct parcel *parcel)
{
	if (parcel->under_way)
		(void)pthread_join(parcel->thread, NULL);
	buf_reset(&parcel->bytes);
	parcel->under_way = parcel->done = false;
}

/* Waits for one that is free; NULL if one failed. */
static struct parcel *wait_free(struct behind *behind, struct mldv_error *err)
{
	struct parcel *parcel;

	(void)pthread_mutex_lock(&behind->mutex);
	while ((parcel = find_free(behind)) == NULL)
		(void)pthread_cond_wait(&behind->ended, &behind->mutex);
	if (behind->failed) {
		*err = behind->error;
		parcel = NULL;
	}
	(void)pthread_mutex_unlock(&behind->mutex);
	if (parcel)
		collect(parcel);
	return parcel;
}

int behind_upload(struct behind *behind, const struct pack_info *info,
    bool trees, struct buf *bytes, struct mldv_error *err)
{
	struct parcel *parcel = behind->next;
	int ret = 0;

	parcel->behind = behind;
	parcel->info = *info;
	parcel->trees = trees;
	parcel->bytes = *bytes;
	*bytes = (struct buf){0};
	parcel->under_way = start(parcel);
	/* Without a thread it waits itself. */
	if (!parcel->under_way)
		ret = upload_bytes(behind->push, info, trees, &parcel->bytes,
		    err);
	/* The next one is built in the memory of one that has been sent. */
	parcel = ret == 0 ? wait_free(behind, err) : NULL;
	if (!parcel)
		return -1;
	*bytes = parcel->bytes;
	parcel->bytes = (struct buf){0};
	behind->next = parcel;
	return 0;
}

int behind_close(struct behind *behind, bool good, struct mldv_error *err)
{
	int ret = 0;

	for (size_t i = 0; i < PUSH_PACKS; i++) {
		collect(&behind->parcels[i]);
		buf_release(&behind->parcels[i].bytes);
	}
	if (good && behind->failed) {
		*err = behind->error;
		ret = -1;
	}
	(void)pthread_cond_destroy(&behind->ended);
	(void)pthread_mutex_destroy(&behind->mutex);
	free(behind);
	return ret;
}
