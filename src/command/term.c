/* SPDX-License-Identifier: Apache-2.0 */
#include "command/term.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/utf8.h"

/*
 * Progress comes once a file from many threads. Whoever finds that a line is
 * due moves the moment of the next one on, and so is alone in drawing; the
 * lock is for what shares the screen with it, and is never waited for there.
 */

#define SECOND UINT64_C(1000000000)

struct term {
	bool quiet;
	bool live; /* standard error is a terminal that can be drawn on */
	_Atomic uint64_t due;
	pthread_mutex_t lock;
	/* The rest under the lock. */
	bool drawn; /* a line of progress stands on the terminal */
	char phase[64];
	uint64_t phase_start;
	uint64_t phase_done; /* when it began to be watched */
};

static uint64_t now(void)
{
	struct timespec time;

	(void)clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * SECOND + (uint64_t)time.tv_nsec;
}

static uint64_t interval(const struct term *term)
{
	return term->live ? SECOND / 10 : 10 * SECOND;
}

void term_open(struct term **out, bool quiet)
{
	struct term *term = xcalloc(1, sizeof(*term));
	const char *kind = getenv("TERM");

	term->quiet = quiet;
	term->live = isatty(STDERR_FILENO) == 1 && kind != NULL &&
	    strcmp(kind, "dumb") != 0;
	/* What is over in a moment needs no progress. */
	atomic_init(&term->due,
	    now() + (term->live ? SECOND / 4 : interval(term)));
	(void)pthread_mutex_init(&term->lock, NULL);
	*out = term;
}

static void clear(struct term *term)
{
	if (term->drawn)
		(void)fputs("\r\033[K", stderr);
	term->drawn = false;
}

void term_close(struct term *term)
{
	if (term == NULL)
		return;
	clear(term);
	(void)pthread_mutex_destroy(&term->lock);
	free(term);
}

/* Results and progress may share a screen, so each is out before the other. */
static void put(struct term *term, FILE *stream, const void *data, size_t size)
{
	(void)pthread_mutex_lock(&term->lock);
	clear(term);
	(void)fwrite(data, 1, size, stream);
	if (term->live)
		(void)fflush(stream);
	(void)pthread_mutex_unlock(&term->lock);
}

void term_say(struct term *term, const char *fmt, ...)
{
	struct buf line = {0};
	va_list args;
	int len;

	if (term->quiet)
		return;
	va_start(args, fmt);
	len = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (len < 0)
		return;
	va_start(args, fmt);
	(void)vsnprintf(buf_room(&line, (size_t)len + 1), (size_t)len + 1, fmt,
	    args);
	va_end(args);
	line.len += (size_t)len;
	buf_add_char(&line, '\n');
	put(term, stdout, line.data, line.len);
	buf_release(&line);
}

void term_write(struct term *term, const void *data, size_t size)
{
	put(term, stdout, data, size);
}

void term_pass(struct term *term, const void *data, size_t size)
{
	if (term->quiet)
		return;
	put(term, stdout, data, size);
	(void)fflush(stdout);
}

void term_pass_aside(struct term *term, const void *data, size_t size)
{
	if (!term->quiet)
		put(term, stderr, data, size);
}

/* --- progress --- */

static void add_amount(enum mldv_unit unit, uint64_t amount, struct buf *out)
{
	if (unit == MLDV_BYTES)
		str_bytes(amount, out);
	else
		str_count(amount, out);
}

static void add_time_left(double seconds, struct buf *out)
{
	if (seconds < 100)
		buf_printf(out, ", %.0f s left", seconds);
	else if (seconds < 6000)
		buf_printf(out, ", %.0f min left", seconds / 60);
	else if (seconds < 360000)
		buf_printf(out, ", %.0f h left", seconds / 3600);
}

static void add_rate(const struct term *term,
    const struct mldv_progress *progress, struct buf *out)
{
	double elapsed = (double)(now() - term->phase_start) / (double)SECOND;
	double rate;

	if (elapsed < 0.5 || progress->done <= term->phase_done)
		return;
	rate = (double)(progress->done - term->phase_done) / elapsed;
	buf_add_str(out, ", ");
	add_amount(progress->unit, (uint64_t)rate, out);
	buf_add_str(out, "/s");
	if (progress->total > progress->done)
		add_time_left((double)(progress->total - progress->done) / rate,
		    out);
}

/* "hashing 12,345 of 60,000 files, 5,000/s, 10 s left: data/x.png" */
static void format(const struct term *term,
    const struct mldv_progress *progress, struct buf *out)
{
	buf_printf(out, "%s ", progress->what);
	add_amount(progress->unit, progress->done, out);
	if (progress->total > 0) {
		buf_add_str(out, " of ");
		add_amount(progress->unit, progress->total, out);
	}
	if (progress->unit == MLDV_FILES)
		buf_add_str(out, " files");
	add_rate(term, progress, out);
	if (progress->name != NULL) {
		buf_add_str(out, ": ");
		utf8_show(progress->name, strlen(progress->name), out);
	}
}

void term_cut(struct buf *line, size_t columns)
{
	while (line->len > 0 && utf8_width(buf_str(line)) > columns) {
		do
			line->len--;
		while (line->len > 0 &&
		    ((unsigned char)line->data[line->len] & 0xc0) == 0x80);
		line->data[line->len] = '\0';
	}
}

static size_t screen_columns(void)
{
	struct winsize size;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1)
		return size.ws_col;
	return 80;
}

static void draw(struct term *term, const struct mldv_progress *progress)
{
	struct buf line = {0};

	if (strncmp(term->phase, progress->what, sizeof(term->phase) - 1) !=
	    0) {
		(void)snprintf(term->phase, sizeof(term->phase), "%s",
		    progress->what);
		term->phase_start = now();
		term->phase_done = progress->done;
	}
	format(term, progress, &line);
	if (term->live) {
		/* A line that fills the last column would wrap. */
		term_cut(&line, screen_columns() - 1);
		(void)fprintf(stderr, "\r%s\033[K", buf_str(&line));
		term->drawn = true;
	} else {
		(void)fprintf(stderr, "%s\n", buf_str(&line));
	}
	(void)fflush(stderr);
	buf_release(&line);
}

void term_progress(void *context, const struct mldv_progress *progress)
{
	struct term *term = context;
	uint64_t due = atomic_load(&term->due);
	uint64_t time;

	if (term->quiet)
		return;
	time = now();
	if (time < due ||
	    !atomic_compare_exchange_strong(&term->due, &due,
	        time + interval(term)))
		return;
	if (pthread_mutex_trylock(&term->lock) != 0)
		return;
	draw(term, progress);
	(void)pthread_mutex_unlock(&term->lock);
}

/* --- messages --- */

static void add_shown(const char *text, struct buf *out)
{
	utf8_show(text, strlen(text), out);
}

void term_warn(void *context, const char *text)
{
	struct buf line = {0};

	buf_add_str(&line, "mldv: warning: ");
	add_shown(text, &line);
	buf_add_char(&line, '\n');
	put(context, stderr, line.data, line.len);
	buf_release(&line);
}

void term_error(const char *text)
{
	struct buf line = {0};

	(void)fflush(stdout);
	buf_add_str(&line, "mldv: ");
	add_shown(text, &line);
	buf_add_char(&line, '\n');
	(void)fwrite(line.data, 1, line.len, stderr);
	buf_release(&line);
}
