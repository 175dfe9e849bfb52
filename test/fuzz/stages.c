/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Whatever mldv.ini says, a stage that is accepted has clean paths in order,
 * and its key is one that can be read. What stands before a NUL is a parameter
 * set on the command line.
 *
 * Covers: format/key.c format/stages.c format/stageread.c format/stagepaths.c
 * Covers: format/interpolate.c format/items.c format/overlap.c
 */

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "format/key.h"
#include "format/stages.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void check_path(const char *path, const char *before)
{
	struct arena arena = {0};
	const char *clean = path_clean(&arena, path);

	check(clean && clean[0] && strcmp(clean, path) == 0);
	check(!path_is_absolute(path));
	check(!path_inside(path, ".git"));
	check(!before || strcmp(before, path) < 0);
	arena_release(&arena);
}

static void check_key(const struct stage *stage, const char *shell)
{
	struct hasher *hasher = hasher_open();
	struct mldv_error err;
	struct buf first = {0};
	struct buf second = {0};
	struct key key = {0};
	struct key again;
	struct oid oid;

	key_add_stage(&key, stage, shell, hasher);
	for (size_t i = 0; i < stage->dep_count; i++)
		key_add_dep(&key, KIND_FILE, &oid_empty, stage->deps[i].path);
	key_end(&key, &first, &oid);
	check(key_parse(&again, first.data, first.len, &err) == 0);
	key_end(&again, &second, &oid);
	check(first.len == second.len &&
	    memcmp(first.data, second.data, first.len) == 0);
	check(!key_difference(&key, &again, &second));
	key_release(&key);
	key_release(&again);
	buf_release(&first);
	buf_release(&second);
	hasher_close(hasher);
}

static void check_stage(const struct stages *stages, const struct stage *stage)
{
	for (size_t i = 0; i < stage->dep_count; i++) {
		check_path(stage->deps[i].path,
		    i > 0 ? stage->deps[i - 1].path : NULL);
		check(stages_maker(stages, stage->deps[i].path) != stage);
	}
	for (size_t i = 0; i < stage->out_count; i++) {
		check_path(stage->outs[i].path,
		    i > 0 ? stage->outs[i - 1].path : NULL);
		check(stages_maker(stages, stage->outs[i].path) == stage);
	}
	for (size_t i = 1; i < stage->param_count; i++)
		check(strcmp(stage->params[i - 1]->name,
		          stage->params[i]->name) < 0);
	check(stages_find(stages, stage->name) == stage);
	check(stage->cmd[0] != '\0');
	check_key(stage, stages->shell);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = {(const char *)data, size};
	struct mldv_error err = {0};
	struct arena arena = {0};
	struct strs overrides = {0};
	struct slice head;
	struct stages stages;
	struct ini ini;

	if (size > 0 && memchr(data, '\0', size) != NULL) {
		(void)slice_cut(&text, '\0', &head);
		strs_add_n(&overrides, head.data, head.len);
	}
	if (ini_parse(&ini, &arena, "x", text.data, text.len, &err) == 0 &&
	    stages_parse(&stages, &arena, &ini, &overrides, &err) == 0) {
		for (size_t i = 0; i < stages.count; i++)
			check_stage(&stages, &stages.stages[i]);
	} else {
		check(err.code == MLDV_USAGE && err.text[0] != '\0');
	}
	strs_release(&overrides);
	arena_release(&arena);
	return 0;
}
