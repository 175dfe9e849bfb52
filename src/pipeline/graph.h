/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PIPELINE_GRAPH_H
#define PIPELINE_GRAPH_H

/*
 * Which stage reads what which other stage makes, and an order to run them in.
 *
 * Stages are numbered as in struct stages. A dep that is an output, lies in
 * one, or has one below it makes an edge.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/map.h"
#include "base/mem.h"
#include "format/stages.h"

/* An output and who makes it. */
struct graph_out {
	const struct stage_out *out;
	size_t stage;
};

struct graph_node {
	const size_t *above; /* the stages whose outputs it reads, ascending */
	size_t above_count;
};

struct graph {
	const struct stages *stages;
	struct graph_node *nodes;
	size_t *order; /* above before below; ties in the file's order */
	struct graph_out *outs; /* sorted by path */
	size_t out_count;
	struct map by_path; /* outs */
};

/* A cycle is MLDV_USAGE and names all its stages with their lines. */
CHECKED int graph_build(struct graph *out, struct arena *arena,
    const struct stages *stages, struct mldv_error *err);
void graph_release(struct graph *graph);

/* The output that path is or lies in; or NULL. */
const struct graph_out *graph_output(const struct graph *graph,
    const char *path);
/* The outputs that lie below path: the first, and how many follow it. */
const struct graph_out *graph_outputs_below(const struct graph *graph,
    const char *path, size_t *count);

/* The edges the other way round: stages[first[i]] up to stages[first[i + 1]].
 */
struct graph_below {
	size_t *first;
	size_t *stages; /* ascending */
};
void graph_turn(const struct graph *graph, struct graph_below *out);
void graph_below_release(struct graph_below *below);

/*
 * Marks in selected the roots and all that stands above them. What a frozen
 * stage reads is not needed. The arrays have an element for each stage.
 */
void graph_select(const struct graph *graph, const bool *roots, bool *selected);

#endif
