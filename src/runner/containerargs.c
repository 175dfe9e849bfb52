/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The command line of an engine: options that podman(1), podman-run, and
 * docker, "docker container run", have alike. No value can be taken for an
 * option: each is in one word with its own, or follows one that takes a value.
 */

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "runner/container.h"

static void add(struct strs *out, const char *option, const char *value)
{
	struct buf word = {0};

	buf_printf(&word, "%s=%s", option, value);
	strs_add(out, buf_str(&word));
	buf_release(&word);
}

/*
 * A field of --mount, which is a line of comma-separated values (RFC 4180):
 * quoted where it has to be.
 */
static void add_field(struct buf *out, const char *name, const char *value)
{
	buf_add_char(out, ',');
	if (!strpbrk(value, ",\"\r\n")) {
		buf_printf(out, "%s=%s", name, value);
		return;
	}
	buf_printf(out, "\"%s=", name);
	for (; *value; value++) {
		if (*value == '"')
			buf_add_char(out, '"');
		buf_add_char(out, *value);
	}
	buf_add_char(out, '"');
}

/* Not -v, whose parts a colon would cut. */
static void add_mount(const struct container_mount *mount, struct strs *out)
{
	struct buf value = {0};

	buf_add_str(&value, "type=bind");
	add_field(&value, "src", mount->from);
	add_field(&value, "dst", mount->to);
	if (!mount->writable)
		buf_add_str(&value, ",readonly");
	add(out, "--mount", buf_str(&value));
	buf_release(&value);
}

/* Files are to be whose they would be without a container. */
static void add_user(const struct container *container, struct strs *out)
{
	struct buf text = {0};

	buf_printf(&text, "%ju:%ju", (uintmax_t)geteuid(),
	    (uintmax_t)getegid());
	if (container->engine.podman && geteuid() != 0)
		strs_add(out, "--userns=keep-id");
	add(out, "--user", buf_str(&text));
	buf_release(&text);
}

/* podman 4 has no --gpus, but CDI's names (podman-run(1), --device). */
static void add_gpus(const struct container *container, struct strs *out)
{
	unsigned gpus = container->job->stage->gpus;
	struct buf text = {0};

	if (gpus == 0 && !container->all_gpus)
		return;
	if (container->engine.podman) {
		strs_add(out, "--device=nvidia.com/gpu=all");
		return;
	}
	if (container->all_gpus)
		buf_add_str(&text, "all");
	else
		buf_printf(&text, "%u", gpus);
	add(out, "--gpus", buf_str(&text));
	buf_release(&text);
}

static void add_limits(const struct container *container, struct strs *out)
{
	const struct container_settings *settings = &container->settings;

	if (settings->cpus)
		add(out, "--cpus", settings->cpus);
	if (settings->memory)
		add(out, "--memory", settings->memory);
	if (settings->shm_size)
		add(out, "--shm-size", settings->shm_size);
	add_gpus(container, out);
}

static void add_environment(const struct container *container, struct strs *out)
{
	for (size_t i = 0; i < container->environment.count; i++)
		add(out, "--env", container->environment.items[i]);
	/* By name only: other users of this machine can see a command line. */
	for (size_t i = 0; i < container->passed.count; i++)
		add(out, "--env", container->passed.items[i]);
}

void container_arguments(const struct container *container, struct strs *out)
{
	strs_add(out, container->engine.program);
	strs_add(out, "run");
	strs_add(out, "--rm");
	add(out, "--name", container->name);
	/* It was looked for, and pulled, before. */
	strs_add(out, "--pull=never");
	strs_add(out, "--log-driver=none");
	/* Files of the user are not given labels of their own for SELinux. */
	strs_add(out, "--security-opt=label=disable");
	if (container->settings.network)
		add(out, "--network", container->settings.network);
	add_user(container, out);
	add_limits(container, out);
	for (size_t i = 0; i < container->mount_count; i++)
		add_mount(&container->mounts[i], out);
	add_environment(container, out);
	if (container->dir)
		add(out, "--workdir", container->dir);
	if (container->entrypoint)
		add(out, "--entrypoint", container->entrypoint[0]);
	strs_add(out, container->image);
	for (size_t i = 1; container->entrypoint && container->entrypoint[i];
	     i++)
		strs_add(out, container->entrypoint[i]);
	for (size_t i = 0; container->arguments && container->arguments[i]; i++)
		strs_add(out, container->arguments[i]);
}
