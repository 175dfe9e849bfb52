/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "format/config.h"

static void parse(struct ini *out, struct arena *arena, const char *text)
{
	struct mldv_error err;

	if (ini_parse(out, arena, "mldv.ini", text, strlen(text), &err) < 0)
		fail_msg("%s", err.text);
}

static void check(const char *text, enum config_layer layer,
    const char *message)
{
	struct arena arena = {0};
	struct mldv_error err = {0};
	struct ini ini;
	int ret;

	parse(&ini, &arena, text);
	ret = config_check(&ini, layer, &err);
	if (message) {
		assert_int_equal(ret, -1);
		assert_int_equal(err.code, MLDV_USAGE);
		assert_string_equal(err.text, message);
	} else if (ret < 0) {
		fail_msg("%s", err.text);
	}
	arena_release(&arena);
}

static void accepts_what_is_known(void **state)
{
	(void)state;
	check("[project]\nid = 0123456789abcdef\nremote = o\n"
	      "[remote o]\nurl = /x\n[store]\nlink = hardlink, copy\n"
	      "[git]\nstage = no\n[add]\nignore =\n  a\n  b\n"
	      "[rules]\nwatch =\n[pipeline]\nx = 1\n[params]\nx = 1\n"
	      "[stage a]\nx = 1\n",
	    CONFIG_PROJECT, NULL);
	check("[store]\ndir = /srv/store\n", CONFIG_CLONE, NULL);
	check("[store]\ndir = /srv/store\n", CONFIG_PROJECT,
	    "mldv.ini:2: 'store.dir' belongs in this clone's settings: 'mldv "
	    "config --local store.dir DIR'");
	check("[store]\nlink = copy\n", CONFIG_USER, NULL);
}

static void names_the_nearest_section(void **state)
{
	(void)state;
	check("[stor]\n", CONFIG_PROJECT,
	    "mldv.ini:1: unknown section [stor]; did you mean 'store'?");
	check("\n[stag train]\n", CONFIG_PROJECT,
	    "mldv.ini:2: unknown section [stag train]; did you mean "
	    "'stage'?");
	check("[elsewhere]\n", CONFIG_PROJECT,
	    "mldv.ini:1: unknown section [elsewhere]");
}

static void names_the_nearest_key(void **state)
{
	(void)state;
	check("[git]\nstaged = yes\n", CONFIG_PROJECT,
	    "mldv.ini:2: unknown key 'staged' in [git]; did you mean "
	    "'stage'?");
	check("[remote o]\nurk = yes\n", CONFIG_PROJECT,
	    "mldv.ini:2: unknown key 'urk' in [remote o]; did you mean "
	    "'url'?");
	check("[git]\nelsewhere = yes\n", CONFIG_PROJECT,
	    "mldv.ini:2: unknown key 'elsewhere' in [git]");
}

static void wants_a_name_just_where_there_is_one(void **state)
{
	(void)state;
	check("[remote]\n", CONFIG_PROJECT,
	    "mldv.ini:1: section [remote] needs a name, as in [remote x]");
	check("[git x]\n", CONFIG_PROJECT,
	    "mldv.ini:1: section [git x] takes no name");
}

static void refuses_wrong_values(void **state)
{
	(void)state;
	check("[git]\nstage = maybe\n", CONFIG_PROJECT,
	    "mldv.ini:2: 'stage' cannot be 'maybe', only yes|no");
	check("[store]\nlink = copy, symlink\n", CONFIG_PROJECT,
	    "mldv.ini:2: 'link' cannot be 'symlink', only "
	    "reflink|hardlink|copy");
	check("[project]\nid = 0123456789ABCDEF\n", CONFIG_PROJECT,
	    "mldv.ini:2: 'id' is not 16 hexadecimal digits");
	check("[remote o]\nurl =\n", CONFIG_PROJECT,
	    "mldv.ini:2: 'url' is empty");
	check("[remote o]\nurl = a\n  stage = b\n", CONFIG_PROJECT,
	    "mldv.ini:3: 'url' has one line; keys begin in the first column");
}

static void keeps_the_pipeline_in_the_project(void **state)
{
	(void)state;
	check("[params]\n", CONFIG_CLONE,
	    "mldv.ini:1: section [params] belongs in mldv.ini");
	check("[stage x]\n", CONFIG_USER,
	    "mldv.ini:1: section [stage x] belongs in mldv.ini");
	check("[project]\nid = 0123456789abcdef\n", CONFIG_USER,
	    "mldv.ini:2: 'id' belongs in mldv.ini");
}

static void takes_the_highest_layer(void **state)
{
	struct arena arena = {0};
	struct config config = {0};

	(void)state;
	assert_string_equal(config_get(&config, "git.stage"), "yes");
	assert_null(config_get(&config, "project.remote"));
	assert_null(config_get(&config, "no.such"));
	assert_null(config_get(&config, "remote.o.url"));
	parse(&config.layers[CONFIG_USER], &arena,
	    "[git]\nstage = no\n[store]\nlink = copy\n[remote a.b]\n"
	    "url = /u\n");
	assert_false(config_yes(&config, "git.stage"));
	parse(&config.layers[CONFIG_PROJECT], &arena, "[git]\nstage = yes\n");
	assert_true(config_yes(&config, "git.stage"));
	parse(&config.layers[CONFIG_CLONE], &arena, "[git]\nstage = no\n");
	assert_false(config_yes(&config, "git.stage"));
	assert_string_equal(config_get(&config, "store.link"), "copy");
	assert_string_equal(config_get(&config, "remote.a.b.url"), "/u");
	arena_release(&arena);
}

static void splits_lists(void **state)
{
	struct arena arena = {0};
	struct config config = {0};
	struct strs list = {0};

	(void)state;
	config_list(&config, "store.link", &list);
	assert_int_equal(list.count, 2);
	assert_string_equal(list.items[0], "reflink");
	assert_string_equal(list.items[1], "copy");
	strs_release(&list);
	parse(&config.layers[CONFIG_CLONE], &arena,
	    "[add]\nignore =\n  *.o, b\n  c\td\n[rules]\nwatch =\n");
	config_list(&config, "add.ignore", &list);
	assert_int_equal(list.count, 4);
	assert_string_equal(list.items[0], "*.o");
	assert_string_equal(list.items[3], "d");
	strs_release(&list);
	config_list(&config, "rules.watch", &list);
	assert_int_equal(list.count, 0);
	strs_release(&list);
	arena_release(&arena);
}

static void lists_the_remotes_of_all_layers(void **state)
{
	struct arena arena = {0};
	struct config config = {0};
	struct strs names = {0};

	(void)state;
	parse(&config.layers[CONFIG_USER], &arena, "[remote z]\n[remote b]\n");
	parse(&config.layers[CONFIG_CLONE], &arena,
	    "[remote b]\n[git]\n[stage c]\n");
	config_names(&config, "remote", &names);
	assert_int_equal(names.count, 2);
	assert_string_equal(names.items[0], "b");
	assert_string_equal(names.items[1], "z");
	strs_release(&names);
	arena_release(&arena);
}

static void divides_a_setting_s_name(void **state)
{
	struct arena arena = {0};
	struct mldv_error err = {0};
	const char *section;
	const char *key;

	(void)state;
	assert_int_equal(config_split("remote.a.b.url", &arena, &section, &key,
	                     &err),
	    0);
	assert_string_equal(section, "remote a.b");
	assert_string_equal(key, "url");
	assert_int_equal(config_split("git.stage", &arena, &section, &key,
	                     &err),
	    0);
	assert_string_equal(section, "git");
	assert_string_equal(key, "stage");
	assert_int_equal(config_split("git.stag", &arena, &section, &key, &err),
	    -1);
	assert_string_equal(err.text,
	    "there is no setting 'git.stag'; did you mean 'git.stage'?");
	assert_int_equal(config_split("remote.o.ur", &arena, &section, &key,
	                     &err),
	    -1);
	assert_string_equal(err.text,
	    "there is no setting 'remote.o.ur'; did you mean "
	    "'remote.o.url'?");
	assert_int_equal(config_split("remote.a b.url", &arena, &section, &key,
	                     &err),
	    -1);
	assert_int_equal(config_split("remote..url", &arena, &section, &key,
	                     &err),
	    -1);
	assert_int_equal(config_split("", &arena, &section, &key, &err), -1);
	assert_int_equal(err.code, MLDV_USAGE);
	arena_release(&arena);
}

static void has_presets_that_pass_its_own_check(void **state)
{
	(void)state;
	for (const struct config_key *k = config_keys; k->name; k++) {
		struct arena arena = {0};
		struct mldv_error err;
		struct buf text = {0};
		const char *section;
		const char *key;
		char *name = arena_str(&arena, k->name);

		if (strchr(name, '*'))
			*strchr(name, '*') = 'x';
		if (!k->preset) {
			arena_release(&arena);
			continue;
		}
		assert_int_equal(config_split(name, &arena, &section, &key,
		                     &err),
		    0);
		buf_printf(&text, "[%s]\n%s = %s\n", section, key, k->preset);
		check(buf_str(&text), CONFIG_PROJECT, NULL);
		buf_release(&text);
		arena_release(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(accepts_what_is_known),
	    cmocka_unit_test(names_the_nearest_section),
	    cmocka_unit_test(names_the_nearest_key),
	    cmocka_unit_test(wants_a_name_just_where_there_is_one),
	    cmocka_unit_test(refuses_wrong_values),
	    cmocka_unit_test(keeps_the_pipeline_in_the_project),
	    cmocka_unit_test(takes_the_highest_layer),
	    cmocka_unit_test(splits_lists),
	    cmocka_unit_test(lists_the_remotes_of_all_layers),
	    cmocka_unit_test(divides_a_setting_s_name),
	    cmocka_unit_test(has_presets_that_pass_its_own_check),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
