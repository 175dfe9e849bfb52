/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/conditions.h"

#include <stdlib.h>
#include <string.h>

#include "base/proc.h"
#include "project/inifiles.h"
#include "runner/environment.h"

enum { GRACE_SECONDS = 2 };

/* A probe that runs. */
struct probing {
	struct plan *plan;
	struct hasher *hasher;
};

static void take_output(void *context, const char *data, size_t size)
{
	const struct probing *probing = context;

	hasher_add(probing->hasher, data, size);
}

static bool is_cancelled(void *context)
{
	const struct probing *probing = context;
	struct mldv_error ignored;

	return project_check(probing->plan->project, &ignored) < 0;
}

/* With the NULL that ends it. */
static const char *const *words(struct arena *arena, const struct strs *strs)
{
	const char **out = arena_array(arena, strs->count + 1, sizeof *out);

	for (size_t i = 0; i < strs->count; i++)
		out[i] = arena_str(arena, strs->items[i]);
	return out;
}

CHECKED static int run(struct plan *plan, const struct proc_options *options,
    struct oid *out, struct mldv_error *err)
{
	struct probing probing = {plan, hasher_open()};
	struct proc_result result = {0};
	struct proc proc = {0};
	int ret;

	hasher_start(probing.hasher);
	ret = proc_start(&proc, options, err);
	if (ret == 0)
		ret = proc_wait(&proc, &result, take_output, is_cancelled,
		    &probing, GRACE_SECONDS, err);
	hasher_end(probing.hasher, out);
	hasher_close(probing.hasher);
	if (ret == 0)
		ret = project_check(plan->project, err);
	if (ret == 0 && result.status != 0)
		ret = err_set(err, MLDV_FAILED, "it ended with status %d",
		    result.status);
	return ret;
}

CHECKED static int probe(struct plan *plan, const struct stage *stage,
    const char *command, struct oid *out, struct mldv_error *err)
{
	const struct environment environment = {
	    .stage = stage,
	    .root = plan->project->root,
	};
	struct proc_options options = {
	    .dir = plan->project->root,
	    .clean = stage->clean,
	};
	struct arena arena = {0};
	struct strs argv = {0};
	struct strs variables = {0};
	int ret;

	strs_add_words(&argv, plan->stages.shell);
	strs_add(&argv, "-c");
	strs_add(&argv, command);
	environment_build(&environment, &variables);
	options.argv = words(&arena, &argv);
	options.environment = words(&arena, &variables);
	ret = run(plan, &options, out, err);
	if (ret < 0)
		(void)err_prefix(err, "stage '%s': probe '%s'", stage->name,
		    command);
	strs_release(&argv);
	strs_release(&variables);
	arena_release(&arena);
	return ret;
}

/* Stages that ask the same in the same environment get one answer. */
static const char *question(struct arena *arena, const struct stage *stage,
    const char *command)
{
	struct buf text = {0};
	const char *out;

	buf_printf(&text, "%d %s\n", stage->clean, command);
	for (size_t i = 0; i < stage->env_count; i++)
		buf_printf(&text, "%s=%s\n", stage->env[i].name,
		    stage->env[i].value ? stage->env[i].value : "");
	out = arena_str(arena, buf_str(&text));
	buf_release(&text);
	return out;
}

CHECKED static int add_probe(struct plan *plan, const struct stage *stage,
    const char *command, struct key *key, struct mldv_error *err)
{
	const char *asked = question(&plan->arena, stage, command);
	struct oid *known = map_get_str(&plan->probes, asked);

	if (!known) {
		known = arena_alloc(&plan->arena, sizeof *known);
		if (probe(plan, stage, command, known, err) < 0)
			return -1;
		(void)map_add_str(&plan->probes, asked, known);
	}
	key_add_probe(key, known, command);
	return 0;
}

/* The line that begins with start. */
static const char *find_line(const struct key *key, const char *start)
{
	for (size_t i = 0; i < key->lines.count; i++) {
		if (strncmp(key->lines.items[i], start, strlen(start)) == 0)
			return key->lines.items[i];
	}
	return NULL;
}

static void keep_variable(const char *name, const struct key *locked,
    struct key *key)
{
	struct buf start = {0};
	const char *line;

	buf_printf(&start, "env %s ", name);
	line = find_line(locked, buf_str(&start));
	if (line)
		strs_add(&key->lines, line);
	buf_release(&start);
}

/* "probe <digest> <command>", whatever the digest. */
static void copy_probe(const char *command, const struct key *locked,
    struct key *key)
{
	struct key one = {0};
	size_t skip = strlen("probe ") + OID_HEX;

	key_add_probe(&one, &oid_empty, command);
	for (size_t i = 0; i < locked->lines.count; i++) {
		const char *line = locked->lines.items[i];

		if (strncmp(line, "probe ", 6) == 0 && strlen(line) > skip &&
		    strcmp(line + skip, one.lines.items[0] + skip) == 0) {
			strs_add(&key->lines, line);
			break;
		}
	}
	key_release(&one);
}

static void keep_probe(const struct plan *plan, const struct stage *stage,
    const char *command, struct key *key)
{
	const struct lock_stage *locked =
	    lockfile_find(&plan->lock, stage->name);

	if (locked)
		copy_probe(command, &locked->key, key);
}

int conditions_add(struct plan *plan, const struct stage *stage,
    struct key *key, struct mldv_error *err)
{
	for (size_t i = 0; i < stage->env_count; i++) {
		/* NOLINTBEGIN(concurrency-mt-unsafe): nothing sets them */
		if (!stage->env[i].value)
			key_add_env(key, stage->env[i].name,
			    getenv(stage->env[i].name));
		/* NOLINTEND(concurrency-mt-unsafe) */
	}
	for (size_t i = 0; i < stage->probe.count; i++) {
		if (!plan->may_probe) {
			keep_probe(plan, stage, stage->probe.items[i], key);
			continue;
		}
		if (add_probe(plan, stage, stage->probe.items[i], key, err) < 0)
			return -1;
	}
	return 0;
}

void conditions_keep(const struct stage *stage, const struct key *locked,
    struct key *key)
{
	for (size_t i = 0; i < stage->env_count; i++) {
		if (!stage->env[i].value)
			keep_variable(stage->env[i].name, locked, key);
	}
	for (size_t i = 0; i < stage->probe.count; i++)
		copy_probe(stage->probe.items[i], locked, key);
}

int conditions_check(struct plan *plan, const struct stage *stage,
    struct mldv_error *err)
{
	struct ini ini = {0};
	struct ini_files files;
	struct arena arena = {0};
	int ret = 0;

	ini_files_set(&files, plan->project, NULL, &ini);
	for (size_t i = 0; ret == 0 && i < stage->file_param_count; i++) {
		const struct param *param = &stage->file_params[i];
		struct mldv_error cause;
		struct value now = {.canonical = ""};

		if (file_param_read(ini.source, &arena, param->name, &now,
		        &cause) == 0 &&
		    strcmp(now.canonical, param->value.canonical) == 0)
			continue;
		ret = err_set(err, MLDV_FAILED,
		    "parameter '%s' changed while stage '%s' ran, so what it "
		    "made cannot be recorded; run it again",
		    param->name, stage->name);
	}
	arena_release(&arena);
	return ret;
}
