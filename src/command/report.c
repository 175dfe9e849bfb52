/* SPDX-License-Identifier: Apache-2.0 */
#include "command/report.h"

#include <string.h>
#include <time.h>

#include "base/str.h"
#include "base/utf8.h"
#include "mldv/pipeline.h"

void show_text(const char *text, struct buf *out)
{
	utf8_show(text, strlen(text), out);
}

void show_path(const struct context *context, const char *path, struct buf *out)
{
	struct buf called = {0};

	if (context->project != NULL)
		mldv_project_show(context->project, path, &called);
	else
		buf_add_str(&called, path);
	show_text(buf_str(&called), out);
	buf_release(&called);
}

void show_count(uint64_t count, const char *noun, struct buf *out)
{
	str_count(count, out);
	buf_printf(out, " %s%s", noun, count == 1 ? "" : "s");
}

void show_seconds(double seconds, struct buf *out)
{
	if (seconds < 9.95) {
		buf_printf(out, "%.1f s", seconds);
	} else if (seconds < 99.5) {
		buf_printf(out, "%.0f s", seconds);
	} else {
		uint64_t whole = (uint64_t)(seconds + 0.5);

		if (whole >= 3600)
			buf_printf(out, "%llu h ",
			    (unsigned long long)whole / 3600);
		buf_printf(out, "%llu min %llu s",
		    (unsigned long long)whole / 60 % 60,
		    (unsigned long long)whole % 60);
	}
}

void show_took(double seconds, struct buf *out)
{
	if (seconds < 0.05)
		return;
	buf_add_str(out, " in ");
	show_seconds(seconds, out);
}

void show_time(int64_t time, struct buf *out)
{
	time_t when = (time_t)time;
	struct tm parts;
	char text[40];

	if (localtime_r(&when, &parts) != NULL &&
	    strftime(text, sizeof(text), "%Y-%m-%d %H:%M", &parts) > 0)
		buf_add_str(out, text);
}

void show_utc(int64_t time, struct buf *out)
{
	time_t when = (time_t)time;
	struct tm parts;
	char text[40];

	if (gmtime_r(&when, &parts) != NULL &&
	    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &parts) > 0)
		buf_add_str(out, text);
}

static void add_part(uint64_t count, const char *word, bool *more,
    struct buf *out)
{
	if (count == 0)
		return;
	if (*more)
		buf_add_str(out, ", ");
	*more = true;
	str_count(count, out);
	buf_printf(out, " %s", word);
}

void show_changes(uint64_t added, uint64_t changed, uint64_t removed,
    struct buf *out)
{
	bool more = false;

	add_part(added, "new", &more, out);
	add_part(changed, "changed", &more, out);
	add_part(removed, "deleted", &more, out);
}

void show_size(uint64_t files, uint64_t bytes, struct buf *out)
{
	show_count(files, "file", out);
	buf_add_str(out, ", ");
	str_bytes(bytes, out);
}

int paths_of(const struct context *context, size_t first, struct strs *out,
    struct mldv_error *err)
{
	struct buf path = {0};
	int ret = 0;

	for (size_t i = first; i < context->words->count && ret == 0; i++) {
		buf_reset(&path);
		ret = mldv_project_path(context->project,
		    context->words->items[i], &path, err);
		if (ret == 0)
			strs_add(out, buf_str(&path));
	}
	buf_release(&path);
	return ret < 0 ? -1 : 0;
}

static void add_paths(const struct context *context, const struct strs *paths,
    struct buf *out)
{
	for (size_t i = 0; i < paths->count; i++) {
		buf_add_char(out, ' ');
		show_path(context, paths->items[i], out);
	}
}

void say_staged(const struct context *context, const struct strs *staged)
{
	struct buf line = {0};

	if (staged->count == 0)
		return;
	add_paths(context, staged, &line);
	term_say(context->term, "staged:%s", buf_str(&line));
	buf_release(&line);
}

void say_wrote(const struct context *context, const char *what,
    const struct strs *staged)
{
	struct buf line = {0};

	if (staged->count == 0)
		buf_printf(&line, " %s", what);
	else
		add_paths(context, staged, &line);
	term_say(context->term, "wrote%s%s", buf_str(&line),
	    staged->count > 0 ? "; staged" : "");
	buf_release(&line);
}

void say_line(const struct context *context, const char *line)
{
	struct buf text = {0};

	show_text(line, &text);
	buf_add_char(&text, '\n');
	term_pass(context->term, text.data, text.len);
	buf_release(&text);
}

const char *stage_word(unsigned state)
{
	static const char *const words[] = {
	    [MLDV_STAGE_FRESH] = "fresh",
	    [MLDV_STAGE_RESTORE] = "restore",
	    [MLDV_STAGE_CACHED] = "cached",
	    [MLDV_STAGE_STALE] = "stale",
	    [MLDV_STAGE_ALWAYS] = "always",
	    [MLDV_STAGE_FROZEN] = "frozen",
	    [MLDV_STAGE_UNKNOWN] = "unknown",
	    [MLDV_STAGE_BLOCKED] = "blocked",
	    [MLDV_STAGE_FAILED] = "failed",
	    [MLDV_STAGE_RAN] = "ran",
	    [MLDV_STAGE_SAME] = "reproducible",
	    [MLDV_STAGE_DIFFERS] = "differs",
	};

	return words[state];
}
