/* SPDX-License-Identifier: Apache-2.0 */
#include "format/keyfacts.h"

#include <stdlib.h>
#include <string.h>

#include "format/lines.h"

/* Digits of a digest that people are shown. */
#define SHORT 10

static const char *unescape(struct arena *arena, struct slice text)
{
	char *out = arena_alloc(arena, text.len + 1);
	size_t len = 0;

	/* A key that was parsed or made here is escaped as it should be. */
	if (!lines_unescape(text, out, &len))
		return arena_strn(arena, text.data, text.len);
	out[len] = '\0';
	return out;
}

static bool takes_oid(struct key_fact *fact, struct slice *rest,
    struct arena *arena)
{
	struct slice word;
	struct slice before = *rest;

	(void)slice_cut(rest, ' ', &word);
	fact->has_oid = oid_parse(&fact->oid, word);
	if (!fact->has_oid) {
		*rest = before;
		return false;
	}
	fact->value = arena_strn(arena, word.data, SHORT);
	return true;
}

static void read_typed(struct key_fact *fact, struct slice rest,
    struct arena *arena)
{
	struct buf text = {0};
	struct slice word;

	(void)slice_cut(&rest, ' ', &word);
	fact->type = arena_strn(arena, word.data, word.len);
	(void)slice_cut(&rest, ' ', &word);
	fact->name = arena_strn(arena, word.data, word.len);
	value_show(slice_of(unescape(arena, rest)), &text);
	fact->value = arena_str(arena, buf_str(&text));
	buf_release(&text);
}

static void read_env(struct key_fact *fact, struct slice rest,
    struct arena *arena)
{
	struct slice word;

	(void)slice_cut(&rest, ' ', &word);
	fact->name = arena_strn(arena, word.data, word.len);
	fact->value = unescape(arena, rest);
	if (fact->value[0] == '=')
		fact->value++;
}

static bool is_any(const char *word, const char *const *of)
{
	while (*of && strcmp(word, *of) != 0)
		of++;
	return *of != NULL;
}

static struct key_fact read_fact(const char *line, struct arena *arena)
{
	static const char *const typed[] = {"param", "inject", NULL};
	static const char *const digests[] = {"cmd", "envlock", "nb", "probe",
	    NULL};
	struct key_fact fact = {.name = "", .value = "", .type = ""};
	struct slice rest = slice_of(line);
	struct slice word;

	(void)slice_cut(&rest, ' ', &word);
	fact.word = arena_strn(arena, word.data, word.len);
	if (is_any(fact.word, typed)) {
		read_typed(&fact, rest, arena);
	} else if (strcmp(fact.word, "env") == 0) {
		read_env(&fact, rest, arena);
	} else if (strcmp(fact.word, "dep") == 0 && rest.len > 2) {
		fact.letter = rest.data[0];
		rest = (struct slice){rest.data + 2, rest.len - 2};
		(void)takes_oid(&fact, &rest, arena);
		fact.name = unescape(arena, rest);
	} else if (strcmp(fact.word, "out") == 0 ||
	    (is_any(fact.word, digests) && takes_oid(&fact, &rest, arena))) {
		fact.name = unescape(arena, rest);
	} else {
		fact.value = unescape(arena, rest);
	}
	return fact;
}

static unsigned rank(const char *word)
{
	static const char *const first[] = {"param", "cmd", "nb", "dep"};
	unsigned count = sizeof first / sizeof first[0];

	for (unsigned i = 0; i < count; i++) {
		if (strcmp(word, first[i]) == 0)
			return i;
	}
	return strcmp(word, "out") == 0 ? count + 1 : count;
}

static int compare(const void *a, const void *b)
{
	const struct key_fact *left = a;
	const struct key_fact *right = b;
	unsigned one = rank(left->word);
	unsigned other = rank(right->word);
	int order;

	if (one != other)
		return one < other ? -1 : 1;
	order = strcmp(left->word, right->word);
	return order != 0 ? order : strcmp(left->name, right->name);
}

void key_facts(const struct key *key, struct arena *arena,
    struct key_facts *out)
{
	size_t count = key->lines.count;

	out->list = arena_array(arena, count + 1, sizeof *out->list);
	out->count = count;
	for (size_t i = 0; i < count; i++)
		out->list[i] = read_fact(key->lines.items[i], arena);
	if (count > 1)
		qsort(out->list, count, sizeof *out->list, compare);
}

const struct key_fact *key_facts_dep(const struct key_facts *facts,
    const char *path)
{
	const struct key_fact wanted = {.word = "dep", .name = path};

	if (facts->count == 0)
		return NULL;
	return bsearch(&wanted, facts->list, facts->count, sizeof wanted,
	    compare);
}

static bool is_same(const struct key_fact *a, const struct key_fact *b)
{
	if (a->has_oid != b->has_oid || a->letter != b->letter)
		return false;
	if (a->has_oid)
		return oid_equal(&a->oid, &b->oid);
	return strcmp(a->value, b->value) == 0 && strcmp(a->type, b->type) == 0;
}

void key_facts_compare(const struct key_facts *old, const struct key_facts *now,
    void (*visit)(void *context, const struct key_fact *before,
        const struct key_fact *after),
    void *context)
{
	size_t i = 0;
	size_t k = 0;

	while (i < old->count || k < now->count) {
		const struct key_fact *a = &old->list[i];
		const struct key_fact *b = &now->list[k];
		int order;

		if (i == old->count || k == now->count)
			order = i == old->count ? 1 : -1;
		else
			order = compare(a, b);
		if (order != 0 || !is_same(a, b))
			visit(context, order <= 0 ? a : NULL,
			    order >= 0 ? b : NULL);
		i += order <= 0;
		k += order >= 0;
	}
}
