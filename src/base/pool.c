/* SPDX-License-Identifier: Apache-2.0 */
#include "base/pool.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"

unsigned pool_processors(void)
{
	cpu_set_t set;
	long online;

	if (sched_getaffinity(0, sizeof set, &set) == 0)
		return (unsigned)CPU_COUNT(&set);
	/* More processors than fit into the set. */
	online = sysconf(_SC_NPROCESSORS_ONLN);
	return online > 0 ? (unsigned)online : 1;
}

struct pool {
	size_t count;
	int (*job)(void *context, size_t i, struct mldv_error *err);
	void *context;
	atomic_size_t next;
	atomic_bool failed;
	pthread_mutex_t mutex; /* guards what follows */
	size_t failed_job;
	struct mldv_error error;
};

static void note_failure(struct pool *pool, size_t i,
    const struct mldv_error *error)
{
	(void)pthread_mutex_lock(&pool->mutex);
	if (!atomic_load(&pool->failed) || i < pool->failed_job) {
		pool->failed_job = i;
		pool->error = *error;
		atomic_store(&pool->failed, true);
	}
	(void)pthread_mutex_unlock(&pool->mutex);
}

static void *work(void *arg)
{
	struct pool *pool = arg;
	struct mldv_error error;

	while (!atomic_load(&pool->failed)) {
		size_t i = atomic_fetch_add(&pool->next, 1);

		if (i >= pool->count)
			break;
		if (pool->job(pool->context, i, &error) < 0)
			note_failure(pool, i, &error);
	}
	return NULL;
}

/*
 * Signals from outside are for the thread that started the pool; those that
 * say what a thread itself did wrong stay its own.
 */
static void block_signals(sigset_t *before)
{
	static const int own[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP,
	    SIGABRT, SIGSYS, SIGPROF};
	sigset_t set;

	(void)sigfillset(&set);
	for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
		(void)sigdelset(&set, own[i]);
	(void)pthread_sigmask(SIG_SETMASK, &set, before);
}

/* With fewer threads than wished for, the work is done all the same. */
static unsigned start(pthread_t *threads, unsigned wanted, struct pool *pool)
{
	unsigned started = 0;
	sigset_t before;

	block_signals(&before);
	while (started < wanted &&
	    pthread_create(&threads[started], NULL, work, pool) == 0)
		started++;
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return started;
}

static int run_alone(size_t count,
    int (*job)(void *context, size_t i, struct mldv_error *err), void *context,
    struct mldv_error *err)
{
	for (size_t i = 0; i < count; i++) {
		if (job(context, i, err) < 0)
			return -1;
	}
	return 0;
}

int pool_run(unsigned threads, size_t count,
    int (*job)(void *context, size_t i, struct mldv_error *err), void *context,
    struct mldv_error *err)
{
	struct pool *pool;
	pthread_t *others;
	unsigned started;
	int ret = 0;

	if (threads > count)
		threads = (unsigned)count;
	if (threads <= 1)
		return run_alone(count, job, context, err);
	pool = xcalloc(1, sizeof *pool);
	pool->count = count;
	pool->job = job;
	pool->context = context;
	(void)pthread_mutex_init(&pool->mutex, NULL);
	others = xcalloc(threads - 1, sizeof *others);
	started = start(others, threads - 1, pool);
	(void)work(pool);
	for (unsigned i = 0; i < started; i++)
		(void)pthread_join(others[i], NULL);
	if (atomic_load(&pool->failed)) {
		*err = pool->error;
		ret = -1;
	}
	(void)pthread_mutex_destroy(&pool->mutex);
	free(others);
	free(pool);
	return ret;
}
