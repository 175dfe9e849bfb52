/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROJECT_REMOTES_H
#define PROJECT_REMOTES_H

/*
 * The remotes that the settings name.
 */

#include "project/project.h"
#include "remote/ops.h"
#include "remote/remote.h"

/*
 * The name of the remote to use: name itself if not NULL, else the default,
 * else the only one. MLDV_USAGE, with what to type, if there is none.
 */
CHECKED int remotes_choose(struct mldv_project *project, const char *name,
    struct arena *arena, const char **out, struct mldv_error *err);
/* Opens a remote by its name. */
CHECKED int remotes_open(struct mldv_project *project, const char *name,
    struct remote **out, struct mldv_error *err);

/*
 * How to get at an address "s3://bucket/...": as the settings say of a remote
 * in that bucket, else as the environment does. Text in the arena, or of the
 * settings.
 */
void remotes_options_for(const struct mldv_project *project,
    struct arena *arena, const char *address, struct ops_options *out);
/* The same, as the settings say of this remote. */
void remotes_options_of(const struct mldv_project *project, struct arena *arena,
    const char *name, struct ops_options *out);

#endif
