/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNNER_CONTAINERIMAGE_H
#define RUNNER_CONTAINERIMAGE_H

/*
 * Which image it is, whatever its tag points to tomorrow. In a key:
 *
 *     image python:3.12@sha256:…   by the digest of its manifest, which a
 *                                  registry and an engine know it by
 *     image mine:1=sha256:…        no registry has it: by the id that engines
 *                                  give to it
 *
 * What a stage's lock says stands until the stage's reference is another one,
 * or the stage is run with --force. Nobody is asked for a reference that has
 * a digest. One that could not be asked for (see runner_job.may_ask) stands in
 * the key without one.
 */

#include "base/strs.h"
#include "runner/containerengine.h"
#include "runner/runner.h"

/*
 * A reference (docs.docker.com, "docker image tag", Extended description), so
 * also none that an engine could take for an option: else MLDV_USAGE.
 */
CHECKED int image_check(const char *reference, struct mldv_error *err);

/* Adds the "image" line; what the engine lacks is pulled. */
CHECKED int image_add_to_key(const struct runner_job *job,
    const char *reference, struct strs *lines, struct mldv_error *err);

/*
 * How an engine is told which image the key means; NULL if that says none.
 * What has a digest can be pulled by it.
 */
const char *image_of_key(const struct key *key, struct arena *arena);
bool image_can_be_pulled(const char *image);

#endif
