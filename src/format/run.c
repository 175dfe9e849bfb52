/* SPDX-License-Identifier: Apache-2.0 */
#include "format/run.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "format/items.h"
#include "format/lines.h"
#include "format/made.h"

/* A line "<name> <text>", the text being the rest of it. */
CHECKED static int read_text(struct lines *lines, struct arena *arena,
    const char *name, const char **out, struct mldv_error *err)
{
	struct slice text;

	if (lines_field(lines, name, err) < 0 ||
	    lines_path(lines, arena, &text, err) < 0)
		return -1;
	*out = text.data;
	return 0;
}

CHECKED static int read_number(struct lines *lines, const char *name,
    uint64_t *out, struct mldv_error *err)
{
	if (lines_field(lines, name, err) < 0 ||
	    lines_number(lines, out, err) < 0)
		return -1;
	return lines_end(lines, err);
}

/*
 * The lines that may follow, in their order. Those that are texts have a
 * place in the record; all but "about" and the last four stand once at most.
 */
enum rank {
	RANK_NONE,
	RANK_COMMAND,
	RANK_COMMIT,
	RANK_DIRTY,
	RANK_BRANCH,
	RANK_WHO,
	RANK_INTERPRETER,
	RANK_JOB,
	RANK_COST,
	RANK_ABOUT,
	RANK_METRICS,
	RANK_METRIC,
	RANK_MADE,
	RANK_OBJECT,
	RANK_END,
};

static const struct field {
	const char *word;
	size_t at; /* in struct run; 0: no text */
} fields[RANK_END] = {
    [RANK_COMMAND] = {"command", offsetof(struct run, command)},
    [RANK_COMMIT] = {"commit", offsetof(struct run, commit)},
    [RANK_DIRTY] = {"dirty", 0},
    [RANK_BRANCH] = {"branch", offsetof(struct run, branch)},
    [RANK_WHO] = {"who", offsetof(struct run, who)},
    [RANK_INTERPRETER] = {"interpreter", offsetof(struct run, interpreter)},
    [RANK_JOB] = {"job", offsetof(struct run, job)},
    [RANK_COST] = {"cost", offsetof(struct run, cost)},
    [RANK_ABOUT] = {"about", 0},
    [RANK_METRICS] = {"metrics", 0},
    [RANK_METRIC] = {"metric", 0},
    [RANK_MADE] = {"made", 0},
    [RANK_OBJECT] = {"object", 0},
};

static const char **text_of(struct run *run, size_t at)
{
	/* NOLINTNEXTLINE(performance-no-int-to-ptr) */
	return (const char **)((char *)run + at);
}

struct reader {
	struct run run;
	struct arena *arena;
	struct lines lines;
	enum rank rank;   /* of the line before */
	const char *path; /* of the metrics that follow */
	size_t metric_capacity;
	size_t about_capacity;
	size_t enclosed_capacity;
	size_t enclosed_bytes;
	struct made_list made;
};

/* Room for one more than count; what was there is copied. */
static void *grow(struct arena *arena, void *items, size_t count,
    size_t *capacity, size_t size)
{
	size_t wanted = *capacity ? 2 * *capacity : 8;
	void *out;

	if (count < *capacity)
		return items;
	out = arena_array(arena, wanted, size);
	if (count > 0)
		memcpy(out, items, count * size);
	*capacity = wanted;
	return out;
}

static bool is_commit(struct slice text)
{
	if (text.len != 40 && text.len != 64)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.data[i];

		if ((c < '0' || c > '9') && (c < 'a' || c > 'f'))
			return false;
	}
	return true;
}

bool run_is_number(const char *text, double *value)
{
	size_t len = strlen(text);
	char *end;

	/* Neither hexadecimal, nor inf, nor what depends on a locale. */
	if (len == 0 || len > 64 || strspn(text, "0123456789+-.eE") != len)
		return false;
	*value = strtod(text, &end);
	return *end == '\0' && isfinite(*value);
}

CHECKED static int read_dirty(struct reader *r, struct mldv_error *err)
{
	r->run.dirty = true;
	if (lines_number(&r->lines, &r->run.diff_size, err) < 0 ||
	    lines_oid(&r->lines, &r->run.diff, err) < 0)
		return -1;
	return lines_end(&r->lines, err);
}

CHECKED static int read_metrics(struct reader *r, struct mldv_error *err)
{
	struct slice path;

	if (lines_path(&r->lines, r->arena, &path, err) < 0)
		return -1;
	if (!items_is_path(path.data))
		return lines_error(&r->lines, err,
		    "'%.200s' is not a path inside the repository", path.data);
	if (r->path && strcmp(r->path, path.data) >= 0)
		return lines_error(&r->lines, err,
		    "is not sorted after the metrics above");
	r->path = path.data;
	return 0;
}

static struct run_metric *add_metric(struct reader *r)
{
	struct run *run = &r->run;

	run->metrics = grow(r->arena, run->metrics, run->metric_count,
	    &r->metric_capacity, sizeof *run->metrics);
	return &run->metrics[run->metric_count++];
}

CHECKED static int read_about(struct reader *r, struct mldv_error *err)
{
	struct run *run = &r->run;
	struct slice word;
	struct slice text;
	const char *name;

	if (lines_word(&r->lines, &word, err) < 0 ||
	    lines_path(&r->lines, r->arena, &text, err) < 0)
		return -1;
	name = arena_strn(r->arena, word.data, word.len);
	if (run->about_count > 0 &&
	    strcmp(run->about[run->about_count - 1].word, name) >= 0)
		return lines_error(&r->lines, err,
		    "is not sorted after the line above");
	run->about = grow(r->arena, run->about, run->about_count,
	    &r->about_capacity, sizeof *run->about);
	run->about[run->about_count++] = (struct run_about){name, text.data};
	return 0;
}

CHECKED static int read_metric(struct reader *r, struct mldv_error *err)
{
	struct run_metric metric = {.path = r->path ? r->path : ""};
	const struct run_metric *last = r->run.metric_count > 0
	    ? &r->run.metrics[r->run.metric_count - 1]
	    : NULL;
	struct slice number;
	struct slice name;

	if (lines_word(&r->lines, &number, err) < 0 ||
	    lines_path(&r->lines, r->arena, &name, err) < 0)
		return -1;
	metric.text = arena_strn(r->arena, number.data, number.len);
	metric.name = name.data;
	if (memchr(number.data, '\0', number.len) ||
	    !run_is_number(metric.text, &metric.value))
		return lines_error(&r->lines, err, "'%.40s' is not a number",
		    metric.text);
	if (last && strcmp(last->path, metric.path) == 0 &&
	    strcmp(last->name, metric.name) >= 0)
		return lines_error(&r->lines, err,
		    "is not sorted after the line above");
	*add_metric(r) = metric;
	return 0;
}

CHECKED static int read_object(struct reader *r, struct mldv_error *err)
{
	struct run *run = &r->run;
	struct run_object object;
	struct oid oid;

	if (lines_oid(&r->lines, &object.oid, err) < 0 ||
	    lines_path(&r->lines, r->arena, &object.text, err) < 0)
		return -1;
	oid_of(object.text.data, object.text.len, &oid);
	if (!oid_equal(&oid, &object.oid))
		return lines_error(&r->lines, err,
		    "encloses bytes that are another object");
	r->enclosed_bytes += object.text.len;
	if (object.text.len > RUN_ENCLOSED ||
	    r->enclosed_bytes > RUN_ENCLOSED_ALL)
		return lines_error(&r->lines, err,
		    "encloses more than %d bytes", RUN_ENCLOSED_ALL);
	if (run->enclosed_count > 0 &&
	    oid_compare(&run->enclosed[run->enclosed_count - 1].oid,
	        &object.oid) >= 0)
		return lines_error(&r->lines, err,
		    "is not sorted after the line above");
	run->enclosed = grow(r->arena, run->enclosed, run->enclosed_count,
	    &r->enclosed_capacity, sizeof *run->enclosed);
	run->enclosed[run->enclosed_count++] = object;
	return 0;
}

CHECKED static int read_optional(struct reader *r, enum rank rank,
    struct mldv_error *err)
{
	struct slice text;

	switch (rank) {
	case RANK_DIRTY:
		return read_dirty(r, err);
	case RANK_ABOUT:
		return read_about(r, err);
	case RANK_METRICS:
		return read_metrics(r, err);
	case RANK_METRIC:
		return read_metric(r, err);
	case RANK_MADE:
		return made_list_read(&r->made, r->arena, &r->lines, err);
	case RANK_OBJECT:
		return read_object(r, err);
	default:
		break;
	}
	if (lines_path(&r->lines, r->arena, &text, err) < 0)
		return -1;
	if (rank == RANK_COMMIT && !is_commit(text))
		return lines_error(&r->lines, err, "'%.70s' is not a commit",
		    text.data);
	*text_of(&r->run, fields[rank].at) = text.data;
	return 0;
}

/* May a line of this rank follow the one before? */
static bool in_order(const struct reader *r, enum rank rank)
{
	if (r->rank == RANK_METRICS)
		return rank == RANK_METRIC;
	if (rank == RANK_METRICS && r->rank == RANK_METRIC)
		return true;
	return rank > r->rank ||
	    (rank == r->rank && (rank == RANK_ABOUT || rank >= RANK_METRIC));
}

CHECKED static int read_line(struct reader *r, struct mldv_error *err)
{
	enum rank rank = RANK_COMMAND;
	struct slice word;

	if (lines_word(&r->lines, &word, err) < 0)
		return -1;
	while (rank < RANK_END && !slice_is(word, fields[rank].word))
		rank++;
	if (rank == RANK_END)
		return lines_error(&r->lines, err,
		    "begins with '%.*s', not 'made'",
		    word.len < 40 ? (int)word.len : 40, word.data);
	if (!in_order(r, rank))
		return lines_error(&r->lines, err,
		    "'%s' does not stand where it should", fields[rank].word);
	if (read_optional(r, rank, err) < 0)
		return -1;
	r->rank = rank;
	return 0;
}

/* Reads up to the empty line, and over it. */
CHECKED static int read_rest(struct reader *r, struct mldv_error *err)
{
	int more;

	while ((more = lines_next(&r->lines, err)) > 0) {
		if (r->lines.line.len > 0) {
			if (read_line(r, err) < 0)
				return -1;
			continue;
		}
		if (r->rank == RANK_METRICS)
			return lines_error(&r->lines, err,
			    "no metric stands above this line");
		r->run.made = r->made.items;
		r->run.made_count = r->made.count;
		return 0;
	}
	if (more < 0)
		return -1;
	return lines_error(&r->lines, err, "the key document is missing");
}

int run_parse(struct run *out, struct arena *arena, const struct oid *key,
    const char *text, size_t len, struct mldv_error *err)
{
	struct reader r = {.arena = arena};
	struct lines *lines = &r.lines;
	struct run *run = &r.run;
	struct oid oid;

	if (len > RUN_LIMIT)
		return err_set(err, MLDV_CORRUPT,
		    "the run record is larger than %d MiB", RUN_LIMIT >> 20);
	if (lines_start(lines, "run", text, len, err) < 0 ||
	    read_text(lines, arena, "stage", &run->stage, err) < 0 ||
	    read_number(lines, "started", &run->started, err) < 0 ||
	    read_number(lines, "took", &run->took, err) < 0 ||
	    read_text(lines, arena, "host", &run->host, err) < 0 ||
	    read_text(lines, arena, "platform", &run->platform, err) < 0 ||
	    read_rest(&r, err) < 0)
		return -1;
	oid_of(lines->rest.data, lines->rest.len, &oid);
	if (!oid_equal(&oid, key)) {
		char hex[OID_HEX + 1];

		oid_hex(&oid, hex);
		return lines_error(lines, err,
		    "what follows is another key's document, %s", hex);
	}
	if (key_parse(&run->key, lines->rest.data, lines->rest.len, err) < 0)
		return err_prefix(err, "run, line %zu", lines->number);
	*out = *run;
	return 0;
}

/* A line's text must not be empty. */
static void add_text(struct buf *out, const char *name, const char *text)
{
	if (!text || text[0] == '\0')
		text = "unknown";
	buf_printf(out, "%s ", name);
	lines_add_path(out, text, strlen(text));
	buf_add_char(out, '\n');
}

static void add_number(struct buf *out, const char *name, uint64_t number)
{
	buf_printf(out, "%s ", name);
	lines_add_number(out, number);
	buf_add_char(out, '\n');
}

static int compare_metrics(const void *a, const void *b)
{
	const struct run_metric *left = a;
	const struct run_metric *right = b;
	int order = strcmp(left->path, right->path);

	return order != 0 ? order : strcmp(left->name, right->name);
}

static void add_metrics(struct run *run, struct buf *out)
{
	const struct run_metric *last = NULL;

	if (run->metric_count > 1)
		qsort(run->metrics, run->metric_count, sizeof *run->metrics,
		    compare_metrics);
	for (size_t i = 0; i < run->metric_count; i++) {
		const struct run_metric *metric = &run->metrics[i];

		/* {"a.b": 1, "a": {"b": 2}}: the second is left out. */
		if (last && compare_metrics(last, metric) == 0)
			continue;
		if (strcmp(last ? last->path : "", metric->path) != 0)
			add_text(out, "metrics", metric->path);
		buf_printf(out, "metric %s ", metric->text);
		lines_add_path(out, metric->name, strlen(metric->name));
		buf_add_char(out, '\n');
		last = metric;
	}
}

static int compare_about(const void *a, const void *b)
{
	return strcmp(((const struct run_about *)a)->word,
	    ((const struct run_about *)b)->word);
}

static void add_about(struct run *run, struct buf *out)
{
	if (run->about_count > 1)
		qsort(run->about, run->about_count, sizeof *run->about,
		    compare_about);
	for (size_t i = 0; i < run->about_count; i++) {
		buf_printf(out, "about %s ", run->about[i].word);
		lines_add_path(out, run->about[i].text,
		    strlen(run->about[i].text));
		buf_add_char(out, '\n');
	}
}

static void add_optional(struct run *run, struct buf *out)
{
	for (size_t i = RANK_COMMAND; i < RANK_METRICS; i++) {
		const char *text =
		    fields[i].at ? *text_of(run, fields[i].at) : NULL;

		if (i == RANK_DIRTY && run->dirty) {
			buf_add_str(out, "dirty ");
			lines_add_number(out, run->diff_size);
			buf_add_char(out, ' ');
			lines_add_oid(out, &run->diff);
			buf_add_char(out, '\n');
		}
		if (text && text[0])
			add_text(out, fields[i].word, text);
	}
	add_about(run, out);
	add_metrics(run, out);
}

void run_format(struct run *run, struct buf *out)
{
	struct oid oid;

	buf_add_str(out, "mldv-run 1\n");
	add_text(out, "stage", run->stage);
	add_number(out, "started", run->started);
	add_number(out, "took", run->took);
	add_text(out, "host", run->host);
	add_text(out, "platform", run->platform);
	add_optional(run, out);
	made_sort(run->made, run->made_count);
	for (size_t i = 0; i < run->made_count; i++)
		made_format(&run->made[i], out);
	run_format_enclosed(run, out);
	buf_add_char(out, '\n');
	key_end(&run->key, out, &oid);
}

void run_release(struct run *run)
{
	key_release(&run->key);
}
