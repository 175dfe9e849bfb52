/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROJECT_INIFILES_H
#define PROJECT_INIFILES_H

/*
 * The files that a definition refers to: the work tree's or a revision's.
 */

#include "format/ini.h"
#include "project/project.h"

struct ini_files {
	struct mldv_project *project;
	const char *revision; /* NULL: the work tree */
	struct ini_source ini;
};

/* Says where ini's other files are; files must stay as long as ini. */
void ini_files_set(struct ini_files *files, struct mldv_project *project,
    const char *revision, struct ini *ini);

#endif
