/* SPDX-License-Identifier: Apache-2.0 */

/* A job in a container, whatever is in it. */

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/path.h"
#include "runner/container.h"
#include "runner/containerimage.h"
#include "runner/environment.h"

enum {
	RESULT_LIMIT = 64 << 10,
	NAME_LETTERS = 40,
	/* docs.docker.com, "docker container run", Exit status; podman-run(1)
	 */
	STATUS_ENGINE = 125,
	STATUS_NOT_RUN = 126,
	STATUS_NOT_FOUND = 127,
	STATUS_KILLED = 137,
};

/* mldv-<stage>-<16 digits of where the work tree lies and of the stage>. */
static const char *make_name(const struct runner_job *job)
{
	const char *stage = job->stage->name;
	uint64_t hash = str_hash(str_hash(STR_HASH, job->project->root), stage);
	char *clean = arena_strn(job->arena, stage,
	    strlen(stage) < NAME_LETTERS ? strlen(stage) : NAME_LETTERS);

	for (char *c = clean; *c; c++) {
		bool good = (*c >= 'a' && *c <= 'z') ||
		    (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9');

		if (!good && *c != '_' && *c != '.')
			*c = '-';
	}
	return arena_printf(job->arena, "mldv-%s-%016" PRIx64, clean, hash);
}

int container_open(struct container *container, struct runner_job *job,
    struct mldv_error *err)
{
	*container = (struct container){.job = job};
	if (container_settings_read(job->stage, &container->settings, err) <
	        0 ||
	    engine_find(job->stage, job->arena, &container->engine, err) < 0)
		return -1;
	container->image = image_of_key(job->facts, job->arena);
	container->name = make_name(job);
	container->ended = path_join(job->arena, job->temp, "ended");
	if (!container->image)
		return err_set(err, MLDV_USAGE, "it has no image");
	return 0;
}

void container_release(struct container *container)
{
	strs_release(&container->environment);
	strs_release(&container->passed);
}

void container_add_mount(struct container *container, const char *from,
    const char *to, bool writable)
{
	struct container_mount *list = arena_array(container->job->arena,
	    container->mount_count + 1, sizeof *list);

	if (container->mount_count > 0)
		memcpy(list, container->mounts,
		    container->mount_count * sizeof *list);
	list[container->mount_count++] =
	    (struct container_mount){from, to, writable};
	container->mounts = list;
}

static bool is_named(const char *setting, const char *name)
{
	size_t len = strlen(name);

	return strncmp(setting, name, len) == 0 && setting[len] == '=';
}

static const struct stage_var *find_variable(const struct stage_var *list,
    size_t count, const char *setting)
{
	for (size_t i = 0; i < count; i++) {
		if (is_named(setting, list[i].name))
			return &list[i];
	}
	return NULL;
}

static void take_variable(struct container *container, const char *setting)
{
	const struct stage *stage = container->job->stage;
	const struct stage_var *set =
	    find_variable(stage->env, stage->env_count, setting);
	const struct stage_var *pass =
	    find_variable(stage->pass, stage->pass_count, setting);

	if (pass && !pass->value && !set)
		strs_add(&container->passed, pass->name);
	else if (set || pass || !environment_is_of_machine(setting))
		strs_add(&container->environment, setting);
}

void container_take_environment(struct container *container)
{
	const struct strs *all = &container->job->environment;

	/* Of two with one name, engines take the last, too. */
	strs_add(&container->environment, "HOME=" CONTAINER_TEMP);
	for (size_t i = 0; i < all->count; i++)
		take_variable(container, all->items[i]);
}

/*
 * The engine has an environment of its own: what the stage sets is for the
 * container, where PATH or HOME mean something else.
 */
static void keep_own_environment(struct runner_job *job)
{
	struct strs kept = {0};

	for (size_t i = 0; i < job->environment.count; i++) {
		const char *setting = job->environment.items[i];
		const struct stage_var *set = find_variable(job->stage->env,
		    job->stage->env_count, setting);
		const char *own;

		if (!set) {
			strs_add(&kept, setting);
			continue;
		}
		/* NOLINTNEXTLINE(concurrency-mt-unsafe): nothing sets it */
		own = getenv(set->name);
		if (own)
			strs_add(&kept,
			    arena_printf(job->arena, "%s=%s", set->name, own));
	}
	strs_release(&job->environment);
	job->environment = kept;
}

void container_start(struct container *container)
{
	struct runner_job *job = container->job;

	strs_add(&job->argv, "/proc/self/exe");
	strs_add(&job->argv, "run-container");
	strs_add(&job->argv, "--");
	strs_add(&job->argv, container->ended);
	strs_add(&job->argv, container->name);
	strs_add(&job->argv, container->image);
	container_arguments(container, &job->argv);
	keep_own_environment(job);
	job->dir = job->project->root;
}

/* "status 3", or "failed <why>". */
static int read_end(const struct container *container, uint64_t *status,
    struct mldv_error *err)
{
	static const char begin[] = "status ";
	const char *stage = container->job->stage->name;
	struct buf text = {0};
	struct slice said;
	int ret = file_read(container->ended, RESULT_LIMIT, &text, err);

	said = slice_trim((struct slice){buf_str(&text), text.len});
	if (ret == 0 &&
	    (!slice_starts(said, begin) ||
	        !slice_number((struct slice){said.data + strlen(begin),
	                          said.len - strlen(begin)},
	            status)))
		ret = err_set(err, MLDV_FAILED, "stage '%s' failed: %.*s",
		    stage, (int)said.len, said.data);
	buf_release(&text);
	return ret;
}

int container_check(const struct container *container,
    const struct proc_result *result, struct mldv_error *err)
{
	struct runner_job *job = container->job;
	const char *engine = path_base(container->engine.program);
	const char *name = job->stage->name;
	uint64_t status = 0;

	if (file_exists(container->ended, err) <= 0)
		return runner_check_result(job, result, err) < 0
		    ? -1
		    : err_set(err, MLDV_FAILED,
		          "stage '%s' ended without saying how", name);
	if (read_end(container, &status, err) < 0)
		return -1;
	switch (status) {
	case 0:
		return 0;
	case STATUS_ENGINE:
		return err_set(err, MLDV_FAILED,
		    "stage '%s' failed: %s could not start its container, and "
		    "says above why",
		    name, engine);
	case STATUS_NOT_RUN:
	case STATUS_NOT_FOUND:
		return err_set(err, MLDV_FAILED,
		    "stage '%s' failed with status %u: a program is not in "
		    "image '%s', or cannot be run",
		    name, (unsigned)status, container->image);
	case STATUS_KILLED:
		return err_set(err, MLDV_FAILED,
		    "stage '%s' was killed by signal 9, which is also what "
		    "happens at the limit of 'container.memory'",
		    name);
	default:
		return err_set(err, MLDV_FAILED,
		    "stage '%s' failed with status %u", name, (unsigned)status);
	}
}

void container_stopped(const struct container *container)
{
	struct mldv_error ignored;

	/* Whoever ran it says so last, when it is gone. */
	if (file_exists(container->ended, &ignored) == 0)
		(void)engine_remove(container->engine.program, container->name);
}
