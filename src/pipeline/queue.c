/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/queue.h"

#include <stdlib.h>
#include <string.h>

#include "runner/runner.h"

/* Of what takes how long is not known. */
#define TOOK_UNKNOWN 1000 /* milliseconds */

struct pool {
	const struct stage_pool *pool;
	bool *busy; /* of each slot */
};

struct entry {
	const struct stage *stage;
	uint64_t
	    way; /* milliseconds from its beginning to the last end below */
	size_t waits;      /* for how many above it */
	struct pool *pool; /* or NULL */
	bool **mutexes;    /* whether each is held */
	bool special;      /* it uses more than a processor */
	bool elsewhere;    /* it uses none here */
	unsigned slot;
	unsigned *gpus;
	unsigned gpu_count;
};

/* Numbers of entries, of which the first to be taken stands first. */
struct heap {
	size_t *list;
	size_t count;
};

struct queue {
	struct arena arena;
	struct entry *entries;
	struct graph_below below;
	struct heap plain;
	struct heap special;
	size_t *aside; /* special ones that were looked at and do not fit */
	size_t *asleep;
	size_t asleep_count;
	size_t local; /* of those that were taken, how many run here */
	unsigned jobs;
	unsigned used;
	bool *gpus; /* whether each is used */
	unsigned gpu_count;
	unsigned gpus_used;
	struct map mutexes;
	struct pool *pools;
};

static bool before(const struct queue *queue, size_t a, size_t b)
{
	uint64_t left = queue->entries[a].way;
	uint64_t right = queue->entries[b].way;

	return left != right ? left > right : a < b;
}

static void heap_push(const struct queue *queue, struct heap *heap, size_t i)
{
	size_t at = heap->count++;

	while (at > 0 && before(queue, i, heap->list[(at - 1) / 2])) {
		heap->list[at] = heap->list[(at - 1) / 2];
		at = (at - 1) / 2;
	}
	heap->list[at] = i;
}

static size_t heap_pop(const struct queue *queue, struct heap *heap)
{
	size_t top = heap->list[0];
	size_t last = heap->list[--heap->count];
	size_t at = 0;

	for (;;) {
		size_t child = 2 * at + 1;

		if (child + 1 < heap->count &&
		    before(queue, heap->list[child + 1], heap->list[child]))
			child++;
		if (child >= heap->count ||
		    before(queue, last, heap->list[child]))
			break;
		heap->list[at] = heap->list[child];
		at = child;
	}
	if (heap->count > 0)
		heap->list[at] = last;
	return top;
}

static void make_ready(struct queue *queue, size_t i)
{
	heap_push(queue,
	    queue->entries[i].special ? &queue->special : &queue->plain, i);
}

static struct pool *find_pool(const struct queue *queue,
    const struct stages *stages, const char *name)
{
	for (size_t i = 0; name && i < stages->pool_count; i++) {
		if (strcmp(stages->pools[i].name, name) == 0)
			return &queue->pools[i];
	}
	return NULL;
}

static void set_entry(struct queue *queue, const struct stages *stages,
    size_t i)
{
	struct entry *entry = &queue->entries[i];
	const struct stage *stage = &stages->stages[i];

	entry->stage = stage;
	entry->pool = find_pool(queue, stages, stage->pool);
	/* Without a pool, nothing else says how many may be there at once. */
	entry->elsewhere = stage->pool && runner_of(stage)->elsewhere;
	entry->special = entry->pool || stage->mutex.count > 0 ||
	    stage->gpus > 0 || stage->cpus > 1;
	if (stage->gpus > 0)
		entry->gpus = arena_array(&queue->arena, queue->gpu_count + 1,
		    sizeof *entry->gpus);
	if (stage->mutex.count == 0)
		return;
	entry->mutexes = arena_array(&queue->arena, stage->mutex.count,
	    sizeof *entry->mutexes);
	for (size_t j = 0; j < stage->mutex.count; j++) {
		const char *name = stage->mutex.items[j];
		bool *held = map_get_str(&queue->mutexes, name);

		if (!held) {
			held = arena_array(&queue->arena, 1, sizeof *held);
			(void)map_add_str(&queue->mutexes, name, held);
		}
		entry->mutexes[j] = held;
	}
}

/* From the last to the first: whatever needs a stage comes after it. */
static void set_ways(struct queue *queue, const struct queue_options *options)
{
	const struct graph *graph = options->graph;
	const struct graph_below *below = &queue->below;

	for (size_t n = graph->stages->count; n-- > 0;) {
		size_t i = graph->order[n];
		uint64_t longest = 0;

		for (size_t j = below->first[i]; j < below->first[i + 1]; j++) {
			size_t next = below->stages[j];

			if (options->selected[next] &&
			    queue->entries[next].way > longest)
				longest = queue->entries[next].way;
		}
		queue->entries[i].way = longest +
		    (options->took && options->took[i] ? options->took[i]
		                                       : TOOK_UNKNOWN);
	}
}

struct queue *queue_open(const struct queue_options *options)
{
	struct queue *queue = xcalloc(1, sizeof *queue);
	const struct graph *graph = options->graph;
	const struct stages *stages = graph->stages;
	size_t count = stages->count;
	struct arena *arena = &queue->arena;

	queue->jobs = options->jobs;
	queue->gpu_count = options->gpus;
	queue->entries = arena_array(arena, count, sizeof *queue->entries);
	queue->plain.list = arena_array(arena, count, sizeof(size_t));
	queue->special.list = arena_array(arena, count, sizeof(size_t));
	queue->aside = arena_array(arena, count, sizeof(size_t));
	queue->asleep = arena_array(arena, count, sizeof(size_t));
	queue->gpus = arena_array(arena, options->gpus, sizeof(bool));
	queue->pools =
	    arena_array(arena, stages->pool_count, sizeof *queue->pools);
	for (size_t i = 0; i < stages->pool_count; i++) {
		queue->pools[i].pool = &stages->pools[i];
		queue->pools[i].busy =
		    arena_array(arena, stages->pools[i].slots, sizeof(bool));
	}
	graph_turn(graph, &queue->below);
	for (size_t i = 0; i < count; i++) {
		const struct graph_node *node = &graph->nodes[i];

		set_entry(queue, stages, i);
		for (size_t j = 0; j < node->above_count; j++)
			queue->entries[i].waits +=
			    options->selected[node->above[j]];
	}
	set_ways(queue, options);
	for (size_t i = 0; i < count; i++) {
		if (options->selected[i] && queue->entries[i].waits == 0)
			make_ready(queue, i);
		/* So that what is not selected never is ready. */
		else if (!options->selected[i])
			queue->entries[i].waits = SIZE_MAX;
	}
	return queue;
}

void queue_close(struct queue *queue)
{
	if (!queue)
		return;
	map_release(&queue->mutexes);
	graph_below_release(&queue->below);
	arena_release(&queue->arena);
	free(queue);
}

static unsigned cpus_of(const struct entry *entry)
{
	return entry->elsewhere ? 0 : entry->stage->cpus;
}

/* What wants more than there is runs when nothing else does. */
static bool fits_machine(const struct queue *queue, const struct entry *entry)
{
	unsigned cpus = cpus_of(entry);
	unsigned gpus = entry->elsewhere ? 0 : entry->stage->gpus;

	if (entry->elsewhere)
		return true;
	if (queue->used >= queue->jobs)
		return false;
	if (cpus > queue->jobs || gpus > queue->gpu_count)
		return queue->local == 0;
	return cpus <= queue->jobs - queue->used &&
	    gpus <= queue->gpu_count - queue->gpus_used;
}

static bool has_slot(const struct pool *pool)
{
	for (unsigned i = 0; i < pool->pool->slots; i++) {
		if (!pool->busy[i])
			return true;
	}
	return false;
}

static bool fits(const struct queue *queue, size_t i)
{
	const struct entry *entry = &queue->entries[i];

	for (size_t j = 0; j < entry->stage->mutex.count; j++) {
		if (*entry->mutexes[j])
			return false;
	}
	return fits_machine(queue, entry) &&
	    (!entry->pool || has_slot(entry->pool));
}

static void hold(struct queue *queue, struct entry *entry)
{
	const struct stage *stage = entry->stage;

	queue->local += !entry->elsewhere;
	queue->used += cpus_of(entry);
	for (size_t j = 0; j < stage->mutex.count; j++)
		*entry->mutexes[j] = true;
	for (entry->slot = 0; entry->pool && entry->pool->busy[entry->slot];)
		entry->slot++;
	if (entry->pool)
		entry->pool->busy[entry->slot] = true;
	entry->gpu_count = 0;
	for (unsigned j = 0; !entry->elsewhere && j < queue->gpu_count &&
	     entry->gpu_count < stage->gpus;
	     j++) {
		if (queue->gpus[j])
			continue;
		queue->gpus[j] = true;
		entry->gpus[entry->gpu_count++] = j;
	}
	queue->gpus_used += entry->gpu_count;
}

static void let_go(struct queue *queue, struct entry *entry)
{
	queue->local -= !entry->elsewhere;
	queue->used -= cpus_of(entry);
	for (size_t j = 0; j < entry->stage->mutex.count; j++)
		*entry->mutexes[j] = false;
	if (entry->pool)
		entry->pool->busy[entry->slot] = false;
	for (unsigned j = 0; j < entry->gpu_count; j++)
		queue->gpus[entry->gpus[j]] = false;
	queue->gpus_used -= entry->gpu_count;
	entry->gpu_count = 0;
}

bool queue_take(struct queue *queue, size_t *stage)
{
	bool plain = queue->plain.count > 0 && queue->used < queue->jobs;
	size_t aside = 0;
	bool found = false;

	while (!found && queue->special.count > 0) {
		size_t i = queue->special.list[0];

		if (plain && before(queue, queue->plain.list[0], i))
			break;
		i = heap_pop(queue, &queue->special);
		found = fits(queue, i);
		if (found)
			*stage = i;
		else
			queue->aside[aside++] = i;
	}
	while (aside > 0)
		heap_push(queue, &queue->special, queue->aside[--aside]);
	if (!found && plain) {
		*stage = heap_pop(queue, &queue->plain);
		found = true;
	}
	if (found)
		hold(queue, &queue->entries[*stage]);
	return found;
}

void queue_done(struct queue *queue, size_t stage)
{
	const struct graph_below *below = &queue->below;

	let_go(queue, &queue->entries[stage]);
	for (size_t j = below->first[stage]; j < below->first[stage + 1]; j++) {
		struct entry *next = &queue->entries[below->stages[j]];

		if (next->waits != SIZE_MAX && --next->waits == 0)
			make_ready(queue, below->stages[j]);
	}
}

void queue_fail(struct queue *queue, size_t stage)
{
	let_go(queue, &queue->entries[stage]);
}

void queue_put_back(struct queue *queue, size_t stage)
{
	let_go(queue, &queue->entries[stage]);
	queue->asleep[queue->asleep_count++] = stage;
}

void queue_wake(struct queue *queue)
{
	while (queue->asleep_count > 0)
		make_ready(queue, queue->asleep[--queue->asleep_count]);
}

size_t queue_asleep(const struct queue *queue)
{
	return queue->asleep_count;
}

struct queue_got queue_got(const struct queue *queue, size_t stage)
{
	const struct entry *entry = &queue->entries[stage];

	return (struct queue_got){
	    .slot = entry->slot,
	    .gpus = entry->gpus,
	    .gpu_count = entry->gpu_count,
	};
}
