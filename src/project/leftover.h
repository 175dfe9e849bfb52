/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROJECT_LEFTOVER_H
#define PROJECT_LEFTOVER_H

/*
 * What has piled up beside the store: caches of what is gone, and what was
 * put aside for people to look at.
 */

#include "mldv/gc.h"
#include "project/project.h"

struct leftover {
	struct mldv_project *project;
	void (*report)(const void *context, enum mldv_garbage_kind kind,
	    const char *path, uint64_t bytes);
	const void *context;
	struct strs caches; /* found: absolute paths of files to be deleted */
};

CHECKED int leftover_find(struct leftover *leftover, struct mldv_error *err);
void leftover_release(struct leftover *leftover);

#endif
