/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PIPELINE_QUEUE_H
#define PIPELINE_QUEUE_H

/*
 * Which stage is next. A stage is ready when those above it are done, and is
 * taken when what it uses is free: processors, GPUs, a slot of its pool, its
 * mutexes. Of several that one is first from which the longest way leads down
 * the graph, and of equal ones the first in the file.
 *
 * Starting and ending a stage costs the logarithm of how many are ready, but
 * for those that use more than a processor: each is looked at.
 */

#include "pipeline/graph.h"

struct queue_options {
	const struct graph *graph;
	const bool *selected; /* of each stage; the others count as done */
	const uint64_t *took; /* of each stage, in milliseconds; or NULL */
	unsigned jobs;        /* processors that may be used at once */
	unsigned gpus;
};

struct queue;
struct queue *queue_open(const struct queue_options *options);
void queue_close(struct queue *queue);

/* The next stage, which then has what it uses: true, or false if none is. */
bool queue_take(struct queue *queue, size_t *stage);
/* It is done: what stands below it may be ready now. */
void queue_done(struct queue *queue, size_t stage);
/* It failed: what stands below it never will be. */
void queue_fail(struct queue *queue, size_t stage);
/* It cannot be done now, and is not taken again before queue_wake(). */
void queue_put_back(struct queue *queue, size_t stage);
void queue_wake(struct queue *queue);

/* How many were put back. */
size_t queue_asleep(const struct queue *queue);

/* What a stage that was taken got. */
struct queue_got {
	unsigned slot;        /* of its pool, from 0; if it has one */
	const unsigned *gpus; /* their numbers, ascending */
	unsigned gpu_count;   /* less than it wants: there are no more */
};
struct queue_got queue_got(const struct queue *queue, size_t stage);

#endif
