/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UNIT_FAKE_H
#define UNIT_FAKE_H

/*
 * The fake of AWS, test/tool/fakes3.py, for tests of what asks it. A unit test
 * starts in the top directory, where the fake is.
 */

#include <stddef.h>

struct fake;

/* The config is JSON. It listens when this returns. */
struct fake *fake_start(const char *config);
void fake_stop(struct fake *fake);
/* "http://127.0.0.1:PORT" */
const char *fake_url(const struct fake *fake);
/* How many requests it had whose log has this text: "\"op\": \"STS\"". */
size_t fake_count(const struct fake *fake, const char *text);
/* Changes it: "faults", "clock", "expire"; the text as POST takes it. */
void fake_change(const struct fake *fake, const char *what, const char *text);

#endif
