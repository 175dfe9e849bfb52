/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UNIT_SCRATCH_H
#define UNIT_SCRATCH_H

/*
 * A fresh empty directory for a test, which is its working directory: set-up
 * and tear-down functions for cmocka.
 */

int scratch_enter(void **state);
int scratch_leave(void **state);

/* Writes a small file. */
void scratch_write(const char *path, const char *text);
/* Fails the test unless the file holds just the text. */
void scratch_expect(const char *path, const char *text);

/*
 * From here on permissions count, also when the tests run as root; the
 * scratch directory belongs to whom the test then is. Until scratch_leave.
 */
void scratch_drop_privileges(void);

#endif
