/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NET_PACE_H
#define NET_PACE_H

/*
 * How many requests to have under way at once, and how often to repeat failed
 * ones. Arithmetic only: the caller has the clock (milliseconds, forward).
 *
 * The number grows by half as long as that brings more through, falls by a
 * quarter when less comes through, and is halved when the service asks for
 * less (503, 429), once for all that was under way at that moment.
 *
 * Repeating is paid for from a budget, as in the AWS SDKs' standard mode
 * (botocore's retries/quota.py): 500 to begin with, 5 for a repetition, 10 if
 * nothing was heard, and each success gives 1 back.
 */

#include <stdbool.h>
#include <stdint.h>

enum { PACE_FIRST = 16, PACE_MOST = 64, PACE_BUDGET = 500 };

struct pace {
	unsigned allowed; /* requests at once */
	unsigned most;
	unsigned budget;
	uint64_t cut;    /* when it was halved */
	uint64_t begun;  /* the window that is being measured: when … */
	uint64_t work;   /* … what was done in it … */
	unsigned count;  /* … in so many requests … */
	bool full;       /* … and was all that is allowed under way? */
	uint64_t rate;   /* work per second in the window before */
	unsigned steady; /* windows without a change */
};

/* most: 0 means PACE_MOST. */
void pace_init(struct pace *pace, unsigned most, uint64_t now);

/* One request that has ended. */
struct pace_end {
	uint64_t begun;
	uint64_t now;
	uint64_t bytes; /* both ways */
	bool slow_down; /* the service asked for less */
	bool full;      /* others had to wait meanwhile */
};
void pace_end(struct pace *pace, const struct pace_end *end);

void pace_succeeded(struct pace *pace);
/* Takes from the budget; false if too little is left. */
bool pace_may_repeat(struct pace *pace, bool heard);

/*
 * How many milliseconds to wait before the repetition number attempt (from 1):
 * random between 0 and 2^attempt times 50 ms (1 s if asked for less), at most
 * 20 s. random: evenly spread.
 */
uint64_t pace_wait(unsigned attempt, bool slow_down, uint64_t random);

#endif
