/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Whatever mldv.ini says, a stage that is accepted has clean paths in order,
 * and its key is one that can be read. What stands before a NUL is a parameter
 * set on the command line.
 *
 * Covers: format/key.c format/stages.c format/stageread.c format/stagepaths.c
 * Covers: format/interpolate.c format/items.c format/overlap.c
 * Covers: format/stagekeys.c format/stageenv.c format/stagecheck.c
 * Covers: format/stagepipeline.c format/stagematrix.c format/stagerefs.c
 * Covers: format/paramfile.c format/stagefile.c
 */

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "format/json.h"
#include "format/key.h"
#include "format/paramfile.h"
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

/* What a command is told of its parameters is JSON. */
static void check_params(const struct stage *stage)
{
	struct mldv_error err;
	struct buf text = {0};
	struct json *json = NULL;

	paramfile_format(stage, &text);
	check(json_open(&json, (struct slice){buf_str(&text), text.len},
	          text.len, JSON_STRICTLY, &err) == 0);
	json_close(json);
	buf_release(&text);
}

/* The one file beside it. */
static int read_file(void *context, const char *path, size_t limit,
    struct buf *out, struct mldv_error *err)
{
	(void)context;
	(void)limit;
	(void)err;
	if (strcmp(path, "f.json") == 0)
		buf_add_str(out,
		    "{\"x\": {\"y\": 0.1}, \"x.y\": \"\\u0001\\\"\","
		    " \"l\": [null]}");
	else if (strcmp(path, "f") != 0)
		return 0;
	else
		buf_add_str(out, "a\n2\n");
	return 1;
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
	check(stage->cmd[0] != '\0' || stage->run != RUN_SHELL);
	check(stage_is_name(slice_of(stage->name)));
	check(stage_is_called(stage, stage->base));
	check(stage->cpus > 0);
	check(!stage->pool || stages_pool(stages, stage->pool));
	for (size_t i = 1; i < stage->env_count; i++)
		check(strcmp(stage->env[i - 1].name, stage->env[i].name) < 0);
	check_params(stage);
	check_key(stage, stages->shell);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = {(const char *)data, size};
	const struct ini_source source = {read_file, NULL};
	struct mldv_error err = {0};
	struct arena arena = {0};
	struct strs overrides = {0};
	struct slice head;
	struct stages stages;
	struct ini ini;
	int ret;

	if (size > 0 && memchr(data, '\0', size) != NULL) {
		(void)slice_cut(&text, '\0', &head);
		strs_add_n(&overrides, head.data, head.len);
	}
	ret = ini_parse(&ini, &arena, "x", text.data, text.len, &err);
	ini.source = &source;
	if (ret == 0 &&
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
