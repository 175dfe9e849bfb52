/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Whatever a source is, what it imports has names that can be looked for and
 * lines that it has. Files so named are the input itself, so that following
 * imports comes to an end, too.
 *
 * Covers: format/pyscan.c pipeline/imports.c
 */

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "format/pyscan.h"
#include "pipeline/imports.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void check_name(const char *name)
{
	check(!strpbrk(name, " \t\n\r/\\'\"()"));
}

static void visit(void *context, const struct py_import *found)
{
	const unsigned *lines = context;

	check(found->line >= 1 && found->line <= *lines);
	if (found->unknown)
		return;
	check_name(found->module);
	check(found->level > 0 || found->module[0] != '\0');
	check(found->module[0] != '.');
	if (found->name) {
		check_name(found->name);
		check(found->name[0] != '\0');
	}
}

/* A package "p" with the input as its source, and a module in it. */
static int read_file(void *context, const char *path, size_t limit,
    struct buf *out, struct mldv_error *err)
{
	const struct slice *text = context;

	(void)limit;
	(void)err;
	if (strcmp(path, "p/__init__.py") != 0 && strcmp(path, "p/a.py") != 0)
		return 0;
	buf_add(out, text->data, text->len);
	return 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = {(const char *)data, size};
	const struct ini_source source = {read_file, &text};
	struct stage_module module = {"p", 1};
	struct stage stage = {
	    .name = "s",
	    .file = "x",
	    .cwd = "",
	    .modules = &module,
	    .module_count = 1,
	};
	struct stages stages = {.stages = &stage, .count = 1};
	struct arena arena = {0};
	struct mldv_error err;
	unsigned lines = 1;

	for (size_t i = 0; i < size; i++)
		lines += data[i] == '\n' || data[i] == '\r';
	py_scan(&arena, text, visit, &lines);
	check(imports_add(&stages, &arena, &source, &err) == 0);
	check(stage.dep_count >= 1 && stage.dep_count <= 2);
	check(strcmp(stage.deps[0].path, "p/__init__.py") == 0);
	arena_release(&arena);
	return 0;
}
