/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A value, NUL, and an INI file. What is set reads back, what is taken out is
 * gone, and everything else stays as it was.
 *
 * Covers: format/ini.c format/iniscan.c format/iniedit.c format/configcheck.c
 * Covers: format/config.c
 */

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "format/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define EDITS 4 /* of the first entries of a file */

static void check(bool holds)
{
	if (!holds)
		abort();
}

/* Which entry an edit was about; NULL: the whole section. */
struct edit {
	const char *section;
	const char *key;
};

static const char *find(const struct ini *ini, const struct edit *edit)
{
	const struct ini_section *s = ini_find(ini, edit->section);
	const struct ini_entry *e = s ? ini_entry_find(s, edit->key) : NULL;

	return e ? e->value : NULL;
}

/* Everything in a is in b too, but for the edit. */
static void check_rest(const struct ini *a, const struct ini *b,
    const struct edit *edit)
{
	const struct ini_section *s;
	const struct ini_entry *e;

	for (s = a->sections; s; s = s->next) {
		bool here = strcmp(s->name, edit->section) == 0;

		if (here && !edit->key)
			continue;
		check(here || ini_find(b, s->name) != NULL);
		for (e = s->entries; e; e = e->next) {
			struct edit other = {s->name, e->key};

			if (here && strcmp(e->key, edit->key) == 0)
				continue;
			check(find(b, &other) &&
			    strcmp(find(b, &other), e->value) == 0);
		}
	}
}

/* Reads what an edit wrote. */
static void reread(struct ini *out, struct arena *arena, struct buf *text)
{
	struct mldv_error err;

	check(ini_parse(out, arena, "x", buf_str(text), text->len, &err) == 0);
}

static void try_set(const struct ini *ini, struct slice text,
    const struct edit *edit, const char *value)
{
	struct arena arena = {0};
	struct mldv_error err;
	struct buf out = {0};
	struct ini again;

	if (ini_set(text.data, text.len, edit->section, edit->key, value, &out,
	        &err) == 0) {
		reread(&again, &arena, &out);
		check(find(&again, edit) != NULL);
		check(strcmp(find(&again, edit), value) == 0);
		check_rest(ini, &again, edit);
		check_rest(&again, ini, edit);
	} else {
		check(err.code == MLDV_USAGE && out.len == 0);
	}
	buf_release(&out);
	arena_release(&arena);
}

static void try_unset(const struct ini *ini, struct slice text,
    const struct edit *edit)
{
	struct arena arena = {0};
	struct mldv_error err;
	struct buf out = {0};
	struct ini again;

	check(ini_unset(text.data, text.len, edit->section, edit->key, &out,
	          &err) == 1);
	reread(&again, &arena, &out);
	check(find(&again, edit) == NULL);
	check_rest(ini, &again, edit);
	check_rest(&again, ini, edit);
	buf_release(&out);
	arena_release(&arena);
}

static void try_remove(const struct ini *ini, struct slice text,
    const char *section)
{
	struct edit edit = {section, NULL};
	struct arena arena = {0};
	struct mldv_error err;
	struct buf out = {0};
	struct ini again;

	check(
	    ini_remove_section(text.data, text.len, section, &out, &err) == 1);
	reread(&again, &arena, &out);
	check(ini_find(&again, section) == NULL);
	check_rest(ini, &again, &edit);
	check_rest(&again, ini, &edit);
	buf_release(&out);
	arena_release(&arena);
}

static void try_edits(const struct ini *ini, struct slice text,
    const char *value)
{
	struct edit new_key = {"remote x", "url"};
	const struct ini_section *s;
	const struct ini_entry *e;
	size_t left = EDITS;

	if (!find(ini, &new_key))
		try_set(ini, text, &new_key, value);
	for (s = ini->sections; s && left > 0; s = s->next) {
		try_remove(ini, text, s->name);
		for (e = s->entries; e && left > 0; e = e->next, left--) {
			struct edit edit = {s->name, e->key};

			check(strlen(e->value) == 0 ? e->line_count == 0
			                            : e->line_count > 0);
			try_set(ini, text, &edit, value);
			try_set(ini, text, &edit, e->value);
			try_unset(ini, text, &edit);
		}
	}
}

/* As each of the layers; what is accepted can be asked for. */
static void check_config(const struct ini *ini)
{
	struct mldv_error err = {0};

	for (int i = 0; i < CONFIG_LAYERS; i++) {
		struct config config = {0};
		struct strs names = {0};

		if (config_check(ini, (enum config_layer)i, &err) < 0) {
			check(err.code == MLDV_USAGE && err.text[0] != '\0');
			continue;
		}
		config.layers[i] = *ini;
		for (const struct config_key *k = config_keys; k->name; k++)
			(void)config_get(&config, k->name);
		config_names(&config, "remote", &names);
		config_list(&config, "add.ignore", &names);
		strs_release(&names);
	}
}

/* The value as the name of a setting. */
static void check_split(const char *name, struct arena *arena)
{
	struct mldv_error err = {0};
	const char *section;
	const char *key;

	if (config_split(name, arena, &section, &key, &err) < 0)
		check(err.code == MLDV_USAGE && err.text[0] != '\0');
	else
		check(key[0] != '\0' && strlen(section) < strlen(name));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = {(const char *)data, size};
	struct slice head = {"x", 1};
	struct mldv_error err = {0};
	struct arena arena = {0};
	struct ini ini;

	if (size > 0 && memchr(data, '\0', size))
		(void)slice_cut(&text, '\0', &head);
	check_split(arena_strn(&arena, head.data, head.len), &arena);
	if (ini_parse(&ini, &arena, "mldv.ini", text.data, text.len, &err) ==
	    0) {
		try_edits(&ini, text, arena_strn(&arena, head.data, head.len));
		check_config(&ini);
	} else {
		check(err.code == MLDV_USAGE && err.text[0] != '\0');
	}
	arena_release(&arena);
	return 0;
}
