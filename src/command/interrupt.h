/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COMMAND_INTERRUPT_H
#define COMMAND_INTERRUPT_H

/*
 * SIGINT and SIGTERM: the first asks the work to stop, the second ends the
 * program at once.
 */

#include <stdbool.h>

void interrupt_catch(void);
/*
 * From now on the work hears of the second, too, since it has something to end
 * before, and it is the third that ends the program at once.
 */
void interrupt_let_end(void);
/* Did the second come? For struct mldv_repro. */
bool interrupt_came_twice(void *context);
/* The signal that came, or 0. */
int interrupt_signal(void);
/* For struct mldv_events. */
bool interrupt_came(void *context);

#endif
