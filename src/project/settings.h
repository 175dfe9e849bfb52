/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROJECT_SETTINGS_H
#define PROJECT_SETTINGS_H

/*
 * The files that settings are read from and written to, one a layer.
 */

#include "project/project.h"

/* Reads all layers anew; what was borrowed from the old ones stays valid. */
CHECKED int settings_load(struct mldv_project *project, struct mldv_error *err);
/* The same with mldv.ini as it is at a Git revision. */
CHECKED int settings_load_at(struct mldv_project *project, const char *revision,
    struct mldv_error *err);

/*
 * Changing a layer: begin takes its lock and reads its text, which is empty
 * if there is no file; end checks what the text became, replaces the file,
 * stages it if it is mldv.ini, and loads all layers anew. Release in any case.
 */
struct settings_edit {
	struct mldv_project *project;
	struct lock lock;
	enum mldv_layer layer;
	struct buf text;
};
CHECKED int settings_edit_begin(struct settings_edit *edit,
    struct mldv_project *project, enum mldv_layer layer,
    struct mldv_error *err);
/* Set a value, or with NULL take it away: 1, or 0 if it was not there. */
CHECKED int settings_edit_set(struct settings_edit *edit, const char *section,
    const char *key, const char *value, struct mldv_error *err);
CHECKED int settings_edit_end(struct settings_edit *edit, struct strs *staged,
    struct mldv_error *err);
void settings_edit_release(struct settings_edit *edit);
/*
 * For a command that finds done what it was to do: a run that was stopped may
 * have changed mldv.ini and not staged it. If what Git's index has of it does
 * not say the same of the key, stages it: 1, or 0 if nothing was left to do.
 */
CHECKED int settings_restage(struct mldv_project *project, const char *section,
    const char *key, struct strs *staged, struct mldv_error *err);

#endif
