/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "store/internal.h"
#include "store/link.h"

/*
 * A large file is copied by one thread in pieces, and the copy is hashed by
 * another behind it: what was hashed is what is stored, whatever happens to
 * the source meanwhile, and the copying costs no time of its own.
 */

#define COPY_PIECE (16u << 20) /* the hash begins after the first */
#define HASH_PIECE 262144u     /* larger than that leaves the L2 cache */
#define PAGE       4096u

struct copy {
	int from;
	int to;
	const struct store_large *large;
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	uint64_t copied;
	bool failed;
	bool stop;
	struct mldv_error err;
};

static void *copy_pieces(void *context)
{
	struct copy *copy = context;
	uint64_t size = copy->large->size;
	bool stop = false;

	for (uint64_t at = 0; at < size && !stop;) {
		uint64_t piece =
		    size - at < COPY_PIECE ? size - at : COPY_PIECE;
		int ret = link_copy_range(copy->from, copy->to, at, piece,
		    copy->large->name, &copy->err);

		/* At the end of it all, then, little is left to wait for. */
		if (ret == 0)
			file_begin_sync(copy->to, at, piece);
		(void)pthread_mutex_lock(&copy->mutex);
		at += piece;
		if (ret < 0)
			copy->failed = true;
		else
			copy->copied = at;
		stop = copy->stop || copy->failed;
		(void)pthread_cond_signal(&copy->changed);
		(void)pthread_mutex_unlock(&copy->mutex);
	}
	return NULL;
}

/* Waits for bytes beyond at; how far one may read. 0 after a failure. */
static uint64_t wait_copied(struct copy *copy, uint64_t at)
{
	uint64_t copied;

	(void)pthread_mutex_lock(&copy->mutex);
	while (copy->copied <= at && !copy->failed)
		(void)pthread_cond_wait(&copy->changed, &copy->mutex);
	copied = copy->failed ? 0 : copy->copied;
	(void)pthread_mutex_unlock(&copy->mutex);
	return copied;
}

static int hash_behind(struct copy *copy, struct hasher *hasher, char *piece,
    struct mldv_error *err)
{
	const struct store_large *large = copy->large;
	uint64_t copied = 0;

	for (uint64_t at = 0; at < large->size;) {
		size_t size;

		if (at >= copied)
			copied = wait_copied(copy, at);
		if (copied == 0) {
			*err = copy->err;
			return -1;
		}
		size = copied - at < HASH_PIECE ? (size_t)(copied - at)
		                                : HASH_PIECE;
		if (file_read_at(copy->to, large->name, piece, size, at, err) <
		    0)
			return -1;
		hasher_add(hasher, piece, size);
		at += size;
		if (large->progress != NULL)
			large->progress(large->context, size);
		if (large->cancelled != NULL &&
		    large->cancelled(large->context))
			return err_set(err, MLDV_INTERRUPTED, "interrupted");
	}
	return 0;
}

static int hash_copy(struct copy *copy, struct oid *out, struct mldv_error *err)
{
	struct hasher *hasher = hasher_open();
	char *piece = aligned_alloc(PAGE, HASH_PIECE);
	int ret;

	hasher_start(hasher);
	ret = piece == NULL ? err_set(err, MLDV_FAILED, "out of memory")
	                    : hash_behind(copy, hasher, piece, err);
	if (ret == 0)
		hasher_end(hasher, out);
	free(piece);
	hasher_close(hasher);
	return ret;
}

/* Copies and hashes at the same time. */
static int copy_hashed(struct copy *copy, struct oid *out,
    struct mldv_error *err)
{
	pthread_t thread;
	int ret;

	ret = pthread_create(&thread, NULL, copy_pieces, copy);
	if (ret != 0) {
		/* One after the other, then. */
		(void)copy_pieces(copy);
		ret = hash_copy(copy, out, err);
	} else {
		ret = hash_copy(copy, out, err);
		(void)pthread_mutex_lock(&copy->mutex);
		copy->stop = true;
		(void)pthread_mutex_unlock(&copy->mutex);
		(void)pthread_join(thread, NULL);
	}
	return ret;
}

int store_put_large(struct store *store, int fd,
    const struct store_large *large, struct oid *out, struct mldv_error *err)
{
	struct tempfile temp = {0};
	struct copy copy = {.from = fd,
	    .large = large,
	    .mutex = PTHREAD_MUTEX_INITIALIZER,
	    .changed = PTHREAD_COND_INITIALIZER};
	struct oid oid;
	int cloned, ret = -1;

	if (store_large_start(store, &temp, err) < 0)
		return -1;
	copy.to = temp.fd;
	cloned = link_reflink(fd, temp.fd, large->name, err);
	if (cloned < 0)
		goto out;
	if (cloned > 0) {
		off_t end = lseek(temp.fd, 0, SEEK_END);

		if (end < 0 || (uint64_t)end != large->size) {
			ret = err_set(err, MLDV_FAILED,
			    "'%s' changed while it was read", large->name);
			goto out;
		}
		copy.copied = large->size;
		ret = hash_copy(&copy, &oid, err);
	} else {
		ret = copy_hashed(&copy, &oid, err);
	}
	if (ret == 0)
		ret = store_has(store, &oid, large->size, err);
	if (ret == 0)
		ret = store_large_end(store, &temp, &oid, err);
	else if (ret > 0)
		ret = 0;
	if (ret == 0)
		*out = oid;
out:
	tempfile_release(&temp);
	return ret;
}
