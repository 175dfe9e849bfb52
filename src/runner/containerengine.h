/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNNER_CONTAINERENGINE_H
#define RUNNER_CONTAINERENGINE_H

/*
 * What runs containers here: podman or docker, called by its command line, of
 * which only what both understand alike is used.
 */

#include "base/buf.h"
#include "base/mem.h"
#include "base/strs.h"
#include "format/stages.h"

/* Names one by its path or name, over what mldv.ini says. */
#define ENGINE_VARIABLE "MLDV_CONTAINER_ENGINE"

struct engine {
	const char *program; /* a path, or a name to look up */
	bool podman;         /* else docker, or what takes its options */
};

/*
 * $MLDV_CONTAINER_ENGINE, else the stage's container.engine, else podman or
 * docker, the first that is on PATH. MLDV_USAGE if there is none.
 */
CHECKED int engine_find(const struct stage *stage, struct arena *arena,
    struct engine *out, struct mldv_error *err);

/*
 * Runs "PROGRAM WORDS…" to its end and appends what it prints to out; that it
 * fails is an error that ends in the last line it had to say. cancelled: is
 * it to be stopped? May be NULL.
 */
struct engine_call {
	const char *program;
	const char *const *words; /* NULL-terminated */
	bool (*cancelled)(void *context);
	void *context;
};
CHECKED int engine_ask(const struct engine_call *call, struct buf *out,
    struct mldv_error *err);

/*
 * Ends a container at once, and removes it, if there is one by that name:
 * false if it may still be there.
 */
bool engine_remove(const char *program, const char *container);

#endif
