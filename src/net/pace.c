/* SPDX-License-Identifier: Apache-2.0 */
#include "net/pace.h"

/* A request costs as much as this many bytes, whatever it moves. */
#define REQUEST_WORK (64 * 1024)

enum {
	WINDOW_MS = 250,
	PROBE = 8, /* after so many steady windows one more is tried */
	COST = 5,
	COST_UNHEARD = 10,
	WAIT_MS = 50,
	WAIT_SLOW_MS = 1000,
	WAIT_MOST_MS = 20 * 1000,
};

static void open_window(struct pace *pace, uint64_t now)
{
	pace->begun = now;
	pace->work = 0;
	pace->count = 0;
	pace->full = false;
}

void pace_init(struct pace *pace, unsigned most, uint64_t now)
{
	*pace = (struct pace){
	    .most = most ? most : PACE_MOST,
	    .budget = PACE_BUDGET,
	};
	pace->allowed = PACE_FIRST < pace->most ? PACE_FIRST : pace->most;
	open_window(pace, now);
}

static void grow(struct pace *pace, unsigned by)
{
	pace->allowed += by;
	if (pace->allowed > pace->most)
		pace->allowed = pace->most;
}

static void close_window(struct pace *pace, uint64_t now)
{
	uint64_t rate = pace->work * 1000 / (now - pace->begun);

	if (!pace->full) {
		/* Nobody waited: it says nothing about the limit. */
		open_window(pace, now);
		return;
	}
	if (rate > pace->rate + pace->rate / 10) {
		grow(pace, pace->allowed / 2 + 1);
		pace->steady = 0;
	} else if (rate < pace->rate - pace->rate / 5 && pace->allowed > 1) {
		pace->allowed -= (pace->allowed + 3) / 4;
		pace->steady = 0;
	} else if (++pace->steady >= PROBE) {
		grow(pace, 1);
		pace->steady = 0;
	}
	if (pace->allowed == 0)
		pace->allowed = 1;
	pace->rate = rate;
	open_window(pace, now);
}

void pace_end(struct pace *pace, const struct pace_end *end)
{
	if (end->slow_down) {
		if (end->begun >= pace->cut) {
			pace->allowed = (pace->allowed + 1) / 2;
			pace->cut = end->now + 1;
			pace->rate = 0;
			/* What comes now is no reason to grow at once. */
			pace->steady = 0;
		}
		open_window(pace, end->now);
		return;
	}
	pace->work += end->bytes + REQUEST_WORK;
	pace->count++;
	pace->full = pace->full || end->full;
	if (pace->count >= pace->allowed &&
	    end->now - pace->begun >= WINDOW_MS) {
		bool measured = pace->rate > 0 || pace->cut == 0;

		if (measured) {
			close_window(pace, end->now);
		} else {
			pace->rate =
			    pace->work * 1000 / (end->now - pace->begun);
			open_window(pace, end->now);
		}
	}
}

void pace_succeeded(struct pace *pace)
{
	if (pace->budget < PACE_BUDGET)
		pace->budget++;
}

bool pace_may_repeat(struct pace *pace, bool heard)
{
	unsigned cost = heard ? COST : COST_UNHEARD;

	if (pace->budget < cost)
		return false;
	pace->budget -= cost;
	return true;
}

uint64_t pace_wait(unsigned attempt, bool slow_down, uint64_t random)
{
	uint64_t most = slow_down ? WAIT_SLOW_MS : WAIT_MS;

	while (attempt-- > 0 && most < WAIT_MOST_MS)
		most *= 2;
	if (most > WAIT_MOST_MS)
		most = WAIT_MOST_MS;
	return random % (most + 1);
}
