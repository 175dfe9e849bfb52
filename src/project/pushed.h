/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROJECT_PUSHED_H
#define PROJECT_PUSHED_H

/*
 * What this clone knows to be on a remote, because a push or fetch of its own
 * saw the manifest there. Good for telling a person, and for guessing what
 * need not be sent; never for deciding that something may be deleted.
 */

#include "format/kind.h"
#include "project/project.h"

/* Notes that the remote has this content, and that it is of this path. */
CHECKED int pushed_note(struct mldv_project *project, const char *path,
    const struct content *content, struct mldv_error *err);
/* 1 if the content is known to be on a remote, else 0. */
CHECKED int pushed_has(struct mldv_project *project,
    const struct content *content, struct mldv_error *err);
/* The content that was last noted for a path: 1, or 0 if there is none. */
CHECKED int pushed_last(struct mldv_project *project, const char *path,
    struct content *out, struct mldv_error *err);

/*
 * Forgets that the content was here and on a remote: after it was dropped
 * nobody is to look for it in the store.
 */
CHECKED int pushed_forget(struct mldv_project *project,
    const struct content *content, struct mldv_error *err);

#endif
