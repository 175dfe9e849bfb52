/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/graph.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/path.h"

static int compare_outs(const void *a, const void *b)
{
	const struct graph_out *left = a;
	const struct graph_out *right = b;

	return strcmp(left->out->path, right->out->path);
}

static void collect_outs(struct graph *graph, struct arena *arena)
{
	const struct stages *stages = graph->stages;
	size_t count = 0;

	for (size_t i = 0; i < stages->count; i++)
		count += stages->stages[i].out_count;
	graph->outs = arena_array(arena, count, sizeof *graph->outs);
	for (size_t i = 0; i < stages->count; i++) {
		const struct stage *stage = &stages->stages[i];

		for (size_t j = 0; j < stage->out_count; j++)
			graph->outs[graph->out_count++] = (struct graph_out){
			    .out = &stage->outs[j],
			    .stage = i,
			};
	}
	if (count > 0)
		qsort(graph->outs, count, sizeof *graph->outs, compare_outs);
	for (size_t i = 0; i < count; i++)
		(void)map_add_str(&graph->by_path, graph->outs[i].out->path,
		    &graph->outs[i]);
}

const struct graph_out *graph_output(const struct graph *graph,
    const char *path)
{
	const struct graph_out *found = map_get_str(&graph->by_path, path);

	for (const char *slash = strchr(path, '/'); slash && !found;
	     slash = strchr(slash + 1, '/'))
		found = map_get(&graph->by_path, path, (size_t)(slash - path));
	return found;
}

/* Those with one prefix stand together, for the order is that of bytes. */
const struct graph_out *graph_outputs_below(const struct graph *graph,
    const char *path, size_t *count)
{
	size_t len = strlen(path);
	size_t low = 0;
	size_t high = graph->out_count;
	size_t end;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const char *at = graph->outs[middle].out->path;
		int order = strncmp(at, path, len);

		/* What stands before "path/". */
		if (order < 0 ||
		    (order == 0 && len > 0 && (unsigned char)at[len] < '/'))
			low = middle + 1;
		else
			high = middle;
	}
	for (end = low; end < graph->out_count; end++) {
		const char *inner =
		    path_inside(graph->outs[end].out->path, path);

		if (!inner || !inner[0])
			break;
	}
	*count = end - low;
	return graph->outs + low;
}

static int compare_numbers(const void *a, const void *b)
{
	const size_t *left = a;
	const size_t *right = b;

	return (*left > *right) - (*left < *right);
}

struct numbers {
	size_t *items;
	size_t count;
	size_t capacity;
};

static void numbers_add(struct numbers *numbers, size_t number)
{
	numbers->items = xgrow(numbers->items, numbers->count,
	    &numbers->capacity, sizeof *numbers->items);
	numbers->items[numbers->count++] = number;
}

static void find_above(struct graph *graph, struct arena *arena, size_t i,
    struct numbers *above)
{
	const struct stage *stage = &graph->stages->stages[i];
	struct graph_node *node = &graph->nodes[i];
	size_t kept = 0;

	above->count = 0;
	for (size_t j = 0; j < stage->dep_count; j++) {
		const char *dep = stage->deps[j].path;
		const struct graph_out *out = graph_output(graph, dep);
		size_t count;

		if (out)
			numbers_add(above, out->stage);
		out = graph_outputs_below(graph, dep, &count);
		for (; count > 0; count--, out++)
			numbers_add(above, out->stage);
	}
	if (above->count == 0)
		return;
	qsort(above->items, above->count, sizeof *above->items,
	    compare_numbers);
	for (size_t j = 0; j < above->count; j++) {
		if (j == 0 || above->items[j] != above->items[j - 1])
			above->items[kept++] = above->items[j];
	}
	node->above =
	    arena_copy(arena, above->items, kept * sizeof *above->items);
	node->above_count = kept;
}

/* A heap of numbers, the least on top: what may run, first in the file. */
static void heap_push(struct numbers *heap, size_t number)
{
	size_t at = heap->count;

	numbers_add(heap, number);
	while (at > 0 && heap->items[(at - 1) / 2] > number) {
		heap->items[at] = heap->items[(at - 1) / 2];
		at = (at - 1) / 2;
	}
	heap->items[at] = number;
}

static size_t heap_pop(struct numbers *heap)
{
	size_t top = heap->items[0];
	size_t last = heap->items[--heap->count];
	size_t at = 0;

	for (;;) {
		size_t child = 2 * at + 1;

		if (child + 1 < heap->count &&
		    heap->items[child + 1] < heap->items[child])
			child++;
		if (child >= heap->count || heap->items[child] >= last)
			break;
		heap->items[at] = heap->items[child];
		at = child;
	}
	if (heap->count > 0)
		heap->items[at] = last;
	return top;
}

void graph_turn(const struct graph *graph, struct graph_below *out)
{
	size_t count = graph->stages->count;
	size_t *next;

	out->first = xcalloc(count + 2, sizeof *out->first);
	next = out->first + 1;
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < graph->nodes[i].above_count; j++)
			next[graph->nodes[i].above[j] + 1]++;
	}
	for (size_t i = 1; i <= count; i++)
		next[i] += next[i - 1];
	out->stages = xcalloc(next[count] + 1, sizeof *out->stages);
	/* Filling moves each start to its end, which is the next one's start.
	 */
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < graph->nodes[i].above_count; j++)
			out->stages[next[graph->nodes[i].above[j]]++] = i;
	}
}

void graph_below_release(struct graph_below *below)
{
	free(below->first);
	free(below->stages);
	*below = (struct graph_below){0};
}

/* Puts as many stages in order as can be, and says how many that were. */
static size_t sort(struct graph *graph, size_t *waiting)
{
	size_t count = graph->stages->count;
	struct numbers heap = {0};
	struct graph_below below;
	size_t done = 0;

	graph_turn(graph, &below);
	for (size_t i = 0; i < count; i++) {
		waiting[i] = graph->nodes[i].above_count;
		if (waiting[i] == 0)
			heap_push(&heap, i);
	}
	while (heap.count > 0) {
		size_t i = heap_pop(&heap);

		graph->order[done++] = i;
		for (size_t j = below.first[i]; j < below.first[i + 1]; j++) {
			if (--waiting[below.stages[j]] == 0)
				heap_push(&heap, below.stages[j]);
		}
	}
	free(heap.items);
	graph_below_release(&below);
	return done;
}

static size_t first_waiting_above(const struct graph *graph,
    const size_t *waiting, size_t i)
{
	const struct graph_node *node = &graph->nodes[i];
	size_t j = 0;

	while (waiting[node->above[j]] == 0)
		j++;
	return node->above[j];
}

/* Where it stands, with the file if that is another than the first's. */
static void add_line(struct buf *out, const struct stage *stage,
    const struct stage *first)
{
	buf_printf(out, " (line %u", stage->line);
	if (strcmp(stage->file, first->file) != 0)
		buf_printf(out, " of %s", stage->file);
	buf_add_char(out, ')');
}

/* Each stage that waits has one above it that waits: up until one comes twice.
 */
static int report_cycle(const struct graph *graph, const size_t *waiting,
    struct mldv_error *err)
{
	const struct stage *stages = graph->stages->stages;
	size_t count = graph->stages->count;
	bool *seen = xcalloc(count, sizeof *seen);
	struct buf text = {0};
	size_t first = 0;
	size_t at;

	while (waiting[first] == 0)
		first++;
	while (!seen[first]) {
		seen[first] = true;
		first = first_waiting_above(graph, waiting, first);
	}
	at = first;
	buf_printf(&text, "stage '%s'", stages[at].name);
	add_line(&text, &stages[at], &stages[first]);
	do {
		at = first_waiting_above(graph, waiting, at);
		buf_printf(&text, " needs '%s'", stages[at].name);
		if (at == first)
			break;
		add_line(&text, &stages[at], &stages[first]);
		buf_add_str(&text, ", which");
	} while (true);
	(void)err_set(err, MLDV_USAGE, "%s:%u: stages in a circle: %s",
	    stages[first].file, stages[first].line, buf_str(&text));
	buf_release(&text);
	free(seen);
	return -1;
}

int graph_build(struct graph *out, struct arena *arena,
    const struct stages *stages, struct mldv_error *err)
{
	struct graph graph = {.stages = stages};
	struct numbers above = {0};
	size_t *waiting = xcalloc(stages->count + 1, sizeof *waiting);
	int ret = 0;

	graph.nodes = arena_array(arena, stages->count, sizeof *graph.nodes);
	graph.order = arena_array(arena, stages->count, sizeof *graph.order);
	collect_outs(&graph, arena);
	for (size_t i = 0; i < stages->count; i++)
		find_above(&graph, arena, i, &above);
	free(above.items);
	if (sort(&graph, waiting) < stages->count)
		ret = report_cycle(&graph, waiting, err);
	free(waiting);
	if (ret < 0)
		graph_release(&graph);
	else
		*out = graph;
	return ret;
}

void graph_release(struct graph *graph)
{
	map_release(&graph->by_path);
	*graph = (struct graph){0};
}

void graph_select(const struct graph *graph, const bool *roots, bool *selected)
{
	size_t count = graph->stages->count;

	memcpy(selected, roots, count * sizeof *selected);
	/* From the last to the first: whatever needs a stage comes after it. */
	for (size_t i = count; i-- > 0;) {
		size_t at = graph->order[i];
		const struct graph_node *node = &graph->nodes[at];

		if (!selected[at] || graph->stages->stages[at].frozen)
			continue;
		for (size_t j = 0; j < node->above_count; j++)
			selected[node->above[j]] = true;
	}
}
