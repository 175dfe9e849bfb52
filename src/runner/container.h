/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNNER_CONTAINER_H
#define RUNNER_CONTAINER_H

/*
 * A process in a container, by podman or docker.
 *
 * The container sees nothing of this machine but what it is given: below
 * CONTAINER_ROOT, the same on every machine, so that no result depends on
 * where the project lies.
 *
 * The engine is run by this very program, called once more: that ends the
 * container, which is no child of the engine's command line with docker, when
 * it is told to stop or its parent is gone.
 */

#include "runner/containerengine.h"
#include "runner/runner.h"

#define CONTAINER_ROOT    "/mldv"
#define CONTAINER_PROJECT CONTAINER_ROOT "/project"
#define CONTAINER_TEMP    CONTAINER_ROOT "/temp" /* TMPDIR, and HOME */
#define CONTAINER_PARAMS  CONTAINER_ROOT "/params.json"

/* The stage's settings "container.…"; NULL: not given. */
struct container_settings {
	const char *network; /* "none" unless given, for 'run = container' */
	const char *cpus;    /* "1.5" */
	const char *memory;  /* "8g" */
	const char *shm_size;
};
CHECKED int container_settings_read(const struct stage *stage,
    struct container_settings *out, struct mldv_error *err);

struct container_mount {
	const char *from; /* absolute, here */
	const char *to;   /* absolute, there */
	bool writable;
};

/* All but the engine's name live in the job's arena. */
struct container {
	struct runner_job *job;
	struct engine engine;
	struct container_settings settings;
	const char *image; /* as the engine is told */
	const char *name;  /* of the container: the same at each run */
	const char *dir;   /* where it starts, there; or NULL: the image's */
	const char *const *entrypoint; /* or NULL: the image's */
	const char *const *arguments;
	bool all_gpus;                  /* however many the stage says */
	struct container_mount *mounts; /* those above others first */
	size_t mount_count;
	/* NAME=value; and NAME of those with the value they have here. */
	struct strs environment;
	struct strs passed;
	const char *ended; /* file for what came of it */
};

/* Finds engine, settings, image and name. */
CHECKED int container_open(struct container *container, struct runner_job *job,
    struct mldv_error *err);
void container_release(struct container *container);
void container_add_mount(struct container *container, const char *from,
    const char *to, bool writable);
/*
 * Sets the environment from the job's: less what is this machine's own, and
 * with HOME a place where it may write.
 */
void container_take_environment(struct container *container);
/* "podman run --rm …", all of it. */
void container_arguments(const struct container *container, struct strs *out);
/* Has the job run it: sets argv, environment and dir. */
void container_start(struct container *container);
/*
 * For finish: an error if it could not be run, was killed or ended with
 * another status than 0.
 */
CHECKED int container_check(const struct container *container,
    const struct proc_result *result, struct mldv_error *err);
/* For stopped: removes the container if it may still be there. */
void container_stopped(const struct container *container);

#endif
