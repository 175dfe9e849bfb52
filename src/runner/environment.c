/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/environment.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What a clean environment keeps. */
static const char *const kept[] = {
    "ALL_PROXY",
    "CONDA_PREFIX",
    "HOME",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "LD_LIBRARY_PATH",
    "LOGNAME",
    "NO_PROXY",
    "PATH",
    "SHELL",
    "TERM",
    "USER",
    "VIRTUAL_ENV",
    "XDG_RUNTIME_DIR",
    "all_proxy",
    "http_proxy",
    "https_proxy",
    "no_proxy",
};

static const char *const preset[] = {
    "LANG=C.UTF-8",
    "LC_ALL=C.UTF-8",
    "PYTHONHASHSEED=0",
    "PYTHONUNBUFFERED=1",
    "TZ=UTC",
};

static const char *variable(const char *name)
{
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): nothing sets it */
	return getenv(name);
}

static void set(struct strs *out, const char *name, const char *value)
{
	struct buf text = {0};

	buf_printf(&text, "%s=%s", name, value);
	strs_add(out, buf_str(&text));
	buf_release(&text);
}

static void keep(struct strs *out, const char *name)
{
	const char *value = variable(name);

	if (value)
		set(out, name, value);
}

/* What podman and docker find their storage, daemon and logins by. */
static bool is_of_engine(const char *setting)
{
	static const char *const begins[] = {"DOCKER_", "CONTAINER_",
	    "CONTAINERS_", "REGISTRY_AUTH_FILE=", "MLDV_CONTAINER_ENGINE="};

	for (size_t i = 0; i < sizeof begins / sizeof begins[0]; i++) {
		if (strncmp(setting, begins[i], strlen(begins[i])) == 0)
			return true;
	}
	return false;
}

static bool is_named(const char *setting, const char *name)
{
	size_t len = strlen(name);

	return strncmp(setting, name, len) == 0 && setting[len] == '=';
}

bool environment_is_of_machine(const char *setting)
{
	for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
		if (is_named(setting, kept[i]))
			return true;
	}
	return is_of_engine(setting) || strncmp(setting, "AWS_", 4) == 0;
}

/* A job elsewhere is started with the credentials of whoever runs mldv. */
static void keep_credentials(struct strs *out)
{
	for (char **at = environ; *at; at++) {
		if (strncmp(*at, "AWS_", 4) == 0)
			strs_add(out, *at);
	}
}

static void keep_for_engine(struct strs *out)
{
	for (char **at = environ; *at; at++) {
		if (is_of_engine(*at))
			strs_add(out, *at);
	}
}

static void build_clean(const struct environment *environment, struct strs *out)
{
	const struct stage *stage = environment->stage;
	struct buf text = {0};

	for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++)
		keep(out, kept[i]);
	if (stage->run >= RUN_SAGEMAKER)
		keep_credentials(out);
	if (stage->run == RUN_CONTAINER || stage->run == RUN_SAGEMAKER)
		keep_for_engine(out);
	for (size_t i = 0; i < sizeof preset / sizeof preset[0]; i++)
		strs_add(out, preset[i]);
	if (environment->commit_time > 0) {
		buf_printf(&text, "SOURCE_DATE_EPOCH=%llu",
		    (unsigned long long)environment->commit_time);
		strs_add(out, buf_str(&text));
	}
	buf_release(&text);
}

static void add_variables(const struct stage_var *list, size_t count,
    struct strs *out)
{
	for (size_t i = 0; i < count; i++) {
		if (list[i].value)
			set(out, list[i].name, list[i].value);
		else
			keep(out, list[i].name);
	}
}

void environment_build(const struct environment *environment, struct strs *out)
{
	const struct stage *stage = environment->stage;

	if (stage->clean)
		build_clean(environment, out);
	else if (!variable("PYTHONUNBUFFERED"))
		strs_add(out, "PYTHONUNBUFFERED=1");
	if (environment->temp)
		set(out, "TMPDIR", environment->temp);
	add_variables(stage->pass, stage->pass_count, out);
	add_variables(stage->env, stage->env_count, out);
	set(out, "MLDV_ROOT", environment->root);
	set(out, "MLDV_STAGE", stage->name);
	if (environment->params)
		set(out, "MLDV_PARAMS", environment->params);
}
