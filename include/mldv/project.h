/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MLDV_PROJECT_H
#define MLDV_PROJECT_H

/*
 * A project: a Git repository with an mldv.ini at its root.
 *
 * Paths given to and by these functions are relative to the root, clean, raw
 * bytes; mldv_project_path and mldv_project_show translate from and to what
 * the user's directory makes of them.
 */

#include <stdbool.h>
#include <stddef.h>

#include "mldv/error.h"
#include "mldv/events.h"

struct mldv_project;
struct strs;
struct buf;

/*
 * Makes dir's repository a project. *made is false if it was one already and
 * lacked nothing; staged gets the paths that were staged.
 */
MLDV_CHECKED int mldv_project_init(const char *dir, bool *made,
    struct strs *staged, struct mldv_error *err);

/*
 * Opens the project that dir lies in. MLDV_NOT_FOUND outside of one; the text
 * says `mldv init` (or `git init`). events are borrowed and may be NULL.
 */
MLDV_CHECKED int mldv_project_open(struct mldv_project **out, const char *dir,
    const struct mldv_events *events, struct mldv_error *err);
void mldv_project_close(struct mldv_project *project);

/*
 * From now on, a lock that is held fails with MLDV_BUSY instead of being
 * waited for.
 */
void mldv_project_no_wait(struct mldv_project *project);

/*
 * Makes the directories of a layout that lack anything, and writes its rules
 * into mldv.ini if that has none; what is there stays as it is. made gets the
 * files that were written. The only layout is "datascience".
 */
MLDV_CHECKED int mldv_project_layout(struct mldv_project *project,
    const char *name, struct strs *made, struct strs *staged,
    struct mldv_error *err);

/* The clean path from the root of what the user calls argument. */
MLDV_CHECKED int mldv_project_path(struct mldv_project *project,
    const char *argument, struct buf *out, struct mldv_error *err);
/* How the user calls a path from the root; appended. */
void mldv_project_show(const struct mldv_project *project, const char *path,
    struct buf *out);

/* Where a setting is or goes. */
enum mldv_layer { MLDV_USER, MLDV_PROJECT, MLDV_CLONE };

/* The value in force, or NULL; borrowed until settings change. */
const char *mldv_setting(struct mldv_project *project, const char *name);
/* Calls visit for every setting that is set, and with its layer. */
void mldv_settings_each(struct mldv_project *project,
    void (*visit)(void *context, enum mldv_layer layer, const char *name,
        const char *value),
    void *context);
/* Calls visit for every setting there is: name, default or NULL, meaning. */
void mldv_settings_known(void (*visit)(void *context, const char *name,
                             const char *preset, const char *meaning),
    void *context);
/* Sets a setting; NULL takes it away (MLDV_NO if it was not there). */
MLDV_CHECKED int mldv_setting_set(struct mldv_project *project,
    enum mldv_layer layer, const char *name, const char *value,
    struct strs *staged, struct mldv_error *err);

#endif
