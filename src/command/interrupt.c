/* SPDX-License-Identifier: Apache-2.0 */
#include "command/interrupt.h"

#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <unistd.h>

/* The only state of the program that is nobody's: a signal has no argument. */
/* NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables) */
static atomic_int caught; /* threads read it too, so no sig_atomic_t */
/* NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables) */
static atomic_int twice;
/* NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables) */
static atomic_int left = 1; /* signals that do not end the program at once */
_Static_assert(ATOMIC_INT_LOCK_FREE == 2, "else a handler may not touch it");

static void on_signal(int number)
{
	if (left == 0)
		_exit(128 + number);
	left--;
	if (caught != 0)
		twice = 1;
	caught = number;
}

static void catch (int number)
{
	struct sigaction action = {.sa_handler = on_signal,
	    .sa_flags = SA_RESTART};
	struct sigaction before;

	/* Who started it in the background may have had it ignored. */
	if (sigaction(number, NULL, &before) == 0 &&
	    before.sa_handler != SIG_IGN)
		(void)sigaction(number, &action, NULL);
}

void interrupt_catch(void)
{
	catch (SIGINT);
	catch (SIGTERM);
	/* A limit on the size of files is an error to be reported. */
	(void)signal(SIGXFSZ, SIG_IGN);
}

void interrupt_let_end(void)
{
	left++;
}

bool interrupt_came_twice(void *context)
{
	(void)context;
	return twice != 0;
}

int interrupt_signal(void)
{
	return caught;
}

bool interrupt_came(void *context)
{
	(void)context;
	return caught != 0;
}
