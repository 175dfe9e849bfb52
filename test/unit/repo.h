/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UNIT_REPO_H
#define UNIT_REPO_H

/*
 * A project in the scratch directory, for tests of the project floor.
 */

#include "base/err.h"

struct mldv_events;
struct mldv_project;

/* Makes the working directory a repository and a project, and opens it. */
struct mldv_project *repo_open(const struct mldv_events *events);

/* Fails the test if a temporary name is anywhere below the directory. */
void expect_no_temporary(const char *dir);

/* Fails the test unless diff(1) finds the two trees alike. */
void expect_alike(const char *one, const char *two);

/* Fails the test with the error's text if ret is negative. */
void ok(int ret, const struct mldv_error *err);

#endif
