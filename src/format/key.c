/* SPDX-License-Identifier: Apache-2.0 */
#include "format/key.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "format/lines.h"

#define FIRST_LINE "mldv-key 1\n"

static void add(struct key *key, struct buf *line)
{
	strs_add_n(&key->lines, buf_str(line), line->len);
	buf_reset(line);
}

static void add_text(struct buf *line, const char *word, const char *text)
{
	buf_add_str(line, word);
	lines_add_path(line, text, strlen(text));
}

void key_add_stage(struct key *key, const struct stage *stage,
    const char *shell, struct hasher *hasher)
{
	struct buf line = {0};
	struct oid cmd;

	hasher_oid(hasher, stage->cmd, strlen(stage->cmd), &cmd);
	buf_add_str(&line, "cmd ");
	lines_add_oid(&line, &cmd);
	add(key, &line);
	add_text(&line, "cwd ", stage->cwd[0] ? stage->cwd : ".");
	add(key, &line);
	for (size_t i = 0; i < stage->out_count; i++) {
		add_text(&line, "out ", stage->outs[i].path);
		add(key, &line);
	}
	for (size_t i = 0; i < stage->param_count; i++) {
		const struct param *param = stage->params[i];

		buf_printf(&line, "param %s %s ",
		    value_type_name(param->value.type), param->name);
		add_text(&line, "", param->value.canonical);
		add(key, &line);
	}
	buf_add_str(&line, "runner shell 1");
	add(key, &line);
	add_text(&line, "shell ", shell);
	add(key, &line);
	buf_release(&line);
}

void key_add_dep(struct key *key, enum kind kind, const struct oid *oid,
    const char *path)
{
	struct buf line = {0};

	buf_printf(&line, "dep %c ", kind_letter(kind));
	lines_add_oid(&line, oid);
	add_text(&line, " ", path);
	add(key, &line);
	buf_release(&line);
}

void key_end(struct key *key, struct buf *out, struct oid *oid)
{
	struct buf text = {0};

	strs_sort(&key->lines);
	buf_add_str(&text, FIRST_LINE);
	for (size_t i = 0; i < key->lines.count; i++) {
		buf_add_str(&text, key->lines.items[i]);
		buf_add_char(&text, '\n');
	}
	oid_of(text.data, text.len, oid);
	if (out)
		buf_add(out, text.data, text.len);
	buf_release(&text);
}

void key_release(struct key *key)
{
	strs_release(&key->lines);
}

/* Which lines there must be just one of. */
enum single { SINGLE_CMD, SINGLE_CWD, SINGLE_RUNNER, SINGLE_SHELL, SINGLES };
static const char *const single_words[SINGLES] = {
    "cmd",
    "cwd",
    "runner",
    "shell",
};

static bool is_type(struct slice word)
{
	for (int type = VALUE_BOOL; type <= VALUE_LIST; type++) {
		if (slice_is(word, value_type_name((enum value_type)type)))
			return true;
	}
	return false;
}

CHECKED static int check_param(struct lines *lines, struct mldv_error *err)
{
	struct slice type;
	struct slice name;

	if (lines_word(lines, &type, err) < 0 ||
	    lines_word(lines, &name, err) < 0)
		return -1;
	if (!is_type(type))
		return lines_error(lines, err, "'%.*s' is not a type",
		    (int)type.len, type.data);
	return 0;
}

CHECKED static int check_dep(struct lines *lines, struct mldv_error *err)
{
	struct slice letter;
	enum kind kind;
	struct oid oid;

	if (lines_word(lines, &letter, err) < 0)
		return -1;
	if (!kind_of_letter(letter, &kind))
		return lines_error(lines, err, "'%.*s' is not f, x, l or d",
		    (int)letter.len, letter.data);
	return lines_oid(lines, &oid, err);
}

/* Checks the line but for its order. */
CHECKED static int check_line(struct lines *lines, struct arena *arena,
    bool seen[SINGLES], struct mldv_error *err)
{
	struct slice word;
	struct slice rest;
	struct oid oid;

	if (lines_word(lines, &word, err) < 0)
		return -1;
	for (size_t i = 0; i < SINGLES; i++) {
		if (!slice_is(word, single_words[i]))
			continue;
		if (seen[i])
			return lines_error(lines, err, "a second '%s'",
			    single_words[i]);
		seen[i] = true;
		if (i != SINGLE_CMD)
			return lines_path(lines, arena, &rest, err);
		if (lines_oid(lines, &oid, err) < 0)
			return -1;
		return lines_end(lines, err);
	}
	if (slice_is(word, "dep")) {
		if (check_dep(lines, err) < 0)
			return -1;
	} else if (slice_is(word, "param")) {
		if (check_param(lines, err) < 0)
			return -1;
	} else if (!slice_is(word, "out")) {
		return lines_error(lines, err,
		    "'%.*s' is not known here; a newer mldv may know it",
		    word.len < 40 ? (int)word.len : 40, word.data);
	}
	return lines_path(lines, arena, &rest, err);
}

/* Reads the lines after the first. */
CHECKED static int read_lines(struct key *key, struct lines *lines,
    struct mldv_error *err)
{
	struct arena arena = {0};
	struct slice before = {0};
	bool seen[SINGLES] = {false};
	int more;

	while ((more = lines_next(lines, err)) > 0) {
		struct slice line = lines->line;

		if (check_line(lines, &arena, seen, err) < 0) {
			more = -1;
			break;
		}
		if (before.data && slice_compare(before, line) >= 0) {
			more = lines_error(lines, err,
			    "is not sorted after the line above");
			break;
		}
		before = line;
		strs_add_n(&key->lines, line.data, line.len);
	}
	for (size_t i = 0; more == 0 && i < SINGLES; i++) {
		if (!seen[i])
			more = lines_error(lines, err, "'%s' is missing",
			    single_words[i]);
	}
	arena_release(&arena);
	return more;
}

int key_parse(struct key *out, const char *text, size_t len,
    struct mldv_error *err)
{
	struct key key = {0};
	struct lines lines;

	if (len > KEY_LIMIT)
		return err_set(err, MLDV_CORRUPT,
		    "the key is larger than %d MiB", KEY_LIMIT >> 20);
	if (lines_start(&lines, "key", text, len, err) < 0)
		return -1;
	if (read_lines(&key, &lines, err) < 0) {
		key_release(&key);
		return -1;
	}
	*out = key;
	return 0;
}

/* A line divided into what it is about and what it says. */
/* A parameter comes first: its value is in the command, too. */
enum topic { TOPIC_PARAM, TOPIC_CMD, TOPIC_DEP, TOPIC_OUT, TOPIC_REST };
struct fact {
	enum topic topic;
	struct slice word;
	struct slice name;
	struct slice value; /* of a param: type, space, canonical value */
};

static struct fact fact_of(const char *line)
{
	struct slice rest = slice_of(line);
	struct fact fact = {.topic = TOPIC_REST};

	(void)slice_cut(&rest, ' ', &fact.word);
	if (slice_is(fact.word, "out")) {
		fact.topic = TOPIC_OUT;
		fact.name = rest;
	} else if (slice_is(fact.word, "dep")) {
		/* The path stands behind the letter and the oid. */
		size_t skip = rest.len < OID_HEX + 3 ? 0 : OID_HEX + 3;

		fact.topic = TOPIC_DEP;
		fact.value = (struct slice){rest.data, skip};
		fact.name = (struct slice){rest.data + skip, rest.len - skip};
	} else if (slice_is(fact.word, "param")) {
		struct slice type;

		fact.topic = TOPIC_PARAM;
		(void)slice_cut(&rest, ' ', &type);
		(void)slice_cut(&rest, ' ', &fact.name);
		fact.value = rest;
		/* Which is what stands between the two. */
		fact.word = type;
	} else {
		fact.value = rest;
		if (slice_is(fact.word, "cmd"))
			fact.topic = TOPIC_CMD;
	}
	return fact;
}

static int compare_names(const struct fact *a, const struct fact *b)
{
	int order;

	if (a->topic != b->topic)
		return a->topic < b->topic ? -1 : 1;
	if (a->topic == TOPIC_PARAM)
		return slice_compare(a->name, b->name);
	order = slice_compare(a->word, b->word);
	return order != 0 ? order : slice_compare(a->name, b->name);
}

static int compare_facts(const void *a, const void *b)
{
	return compare_names(a, b);
}

static struct fact *facts_of(struct arena *arena, const struct key *key)
{
	size_t count = key->lines.count;
	struct fact *facts = arena_array(arena, count + 1, sizeof *facts);

	for (size_t i = 0; i < count; i++)
		facts[i] = fact_of(key->lines.items[i]);
	if (count > 1)
		qsort(facts, count, sizeof *facts, compare_facts);
	return facts;
}

static void show_name(struct slice name, struct buf *out)
{
	struct buf text = {0};
	size_t len = 0;

	if (lines_unescape(name, buf_room(&text, name.len + 1), &len))
		utf8_show(text.data, len, out);
	buf_release(&text);
}

static void show_value(const struct fact *fact, bool with_type, struct buf *out)
{
	struct buf text = {0};
	struct buf plain = {0};
	size_t len = 0;

	if (with_type) {
		buf_add(out, fact->word.data, fact->word.len);
		buf_add_char(out, ' ');
	}
	if (lines_unescape(fact->value, buf_room(&text, fact->value.len + 1),
	        &len))
		value_show((struct slice){text.data, len}, &plain);
	utf8_show(buf_str(&plain), plain.len, out);
	buf_release(&text);
	buf_release(&plain);
}

static void show_param(const struct fact *old, const struct fact *new,
    struct buf *out)
{
	struct buf before = {0};
	struct buf after = {0};
	bool alike;

	show_value(old, false, &before);
	show_value(new, false, &after);
	alike = strcmp(buf_str(&before), buf_str(&after)) == 0;
	buf_add_char(out, ' ');
	show_value(old, alike, out);
	buf_add_str(out, " -> ");
	show_value(new, alike, out);
	buf_release(&before);
	buf_release(&after);
}

/* Says how the fact differs; old or new may be NULL. */
static void show_difference(const struct fact *fact, const struct fact *old,
    const struct fact *new, struct buf *out)
{
	if (fact->topic == TOPIC_PARAM)
		buf_add_str(out, "param");
	else
		buf_add(out, fact->word.data, fact->word.len);
	if (fact->name.len > 0) {
		buf_add_char(out, ' ');
		show_name(fact->name, out);
	}
	if (!old)
		buf_add_str(out, " added");
	else if (!new)
		buf_add_str(out, " removed");
	else if (fact->topic == TOPIC_PARAM)
		show_param(old, new, out);
	else
		buf_add_str(out, " changed");
}

static bool same_value(const struct fact *a, const struct fact *b)
{
	return slice_compare(a->value, b->value) == 0 &&
	    slice_compare(a->word, b->word) == 0;
}

bool key_difference(const struct key *old, const struct key *new,
    struct buf *out)
{
	struct arena arena = {0};
	const struct fact *a = facts_of(&arena, old);
	const struct fact *b = facts_of(&arena, new);
	const struct fact *a_end = a + old->lines.count;
	const struct fact *b_end = b + new->lines.count;
	bool differs = false;

	while (!differs && (a < a_end || b < b_end)) {
		int order;

		if (a == a_end || b == b_end)
			order = a == a_end ? 1 : -1;
		else
			order = compare_names(a, b);
		differs = order != 0 || !same_value(a, b);
		if (differs)
			show_difference(order <= 0 ? a : b,
			    order <= 0 ? a : NULL, order >= 0 ? b : NULL, out);
		a += order <= 0;
		b += order >= 0;
	}
	arena_release(&arena);
	return differs;
}
