/* SPDX-License-Identifier: Apache-2.0 */

/* What mldv.ini says about containers: "container.…" of a stage. */

#include <stddef.h>
#include <string.h>

#include "base/str.h"
#include "runner/container.h"

#define PREFIX  "container."
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS  "0123456789"

static int wrong(const struct stage *stage, const struct setting *setting,
    const char *what, struct mldv_error *err)
{
	return err_set(err, MLDV_USAGE, "%s:%u: '%s' cannot be '%s'; %s",
	    stage->file, setting->line, setting->key, setting->value, what);
}

/* "2", "1.5" */
static bool is_decimal(const char *text)
{
	size_t whole = strspn(text, DIGITS);
	size_t rest = text[whole] == '.' ? strspn(text + whole + 1, DIGITS) : 0;

	return whole > 0 && whole < 7 && rest < 4 &&
	    text[whole + (rest > 0 ? rest + 1 : 0)] == '\0' &&
	    strspn(text, "0.") < strlen(text);
}

/* "512m", "8g": what both engines read as binary units. */
static bool is_size(const char *text)
{
	size_t len = strspn(text, DIGITS);

	return len > 0 && len < 16 && text[0] != '0' && text[len] &&
	    strchr("bkmg", text[len]) && text[len + 1] == '\0';
}

static bool is_network(const char *text)
{
	return strchr(LETTERS DIGITS, text[0]) && text[0] &&
	    text[strspn(text, LETTERS DIGITS "_.-:")] == '\0';
}

static bool is_engine(const char *text)
{
	return strcmp(text, "podman") == 0 || strcmp(text, "docker") == 0;
}

static const struct known {
	const char *name;
	bool (*is_good)(const char *text);
	const char *what;
	size_t offset;
} known[] = {
    {"cpus", is_decimal, "write a number, as in 1.5",
        offsetof(struct container_settings, cpus)},
    {"engine", is_engine, "only podman or docker", SIZE_MAX},
    {"memory", is_size, "write a size, as in 512m or 8g",
        offsetof(struct container_settings, memory)},
    {"network", is_network, "only none, host, bridge or a network's name",
        offsetof(struct container_settings, network)},
    {"shm_size", is_size, "write a size, as in 512m or 8g",
        offsetof(struct container_settings, shm_size)},
};

enum { KNOWN = sizeof known / sizeof known[0] };

static int unknown(const struct stage *stage, const struct setting *setting,
    struct mldv_error *err)
{
	const char *names[KNOWN + 1] = {NULL};
	const char *nearest;

	for (size_t i = 0; i < KNOWN; i++)
		names[i] = known[i].name;
	nearest = str_nearest(setting->key + strlen(PREFIX), names);
	if (nearest)
		return err_set(err, MLDV_USAGE,
		    "%s:%u: unknown key '%s'; did you mean '" PREFIX "%s'?",
		    stage->file, setting->line, setting->key, nearest);
	return err_set(err, MLDV_USAGE, "%s:%u: unknown key '%s'", stage->file,
	    setting->line, setting->key);
}

static int read_setting(const struct stage *stage,
    const struct setting *setting, struct container_settings *out,
    struct mldv_error *err)
{
	const char *name = setting->key + strlen(PREFIX);

	for (size_t i = 0; i < KNOWN; i++) {
		if (strcmp(known[i].name, name) != 0)
			continue;
		if (!known[i].is_good(setting->value))
			return wrong(stage, setting, known[i].what, err);
		if (known[i].offset != SIZE_MAX)
			memcpy((char *)out + known[i].offset, &setting->value,
			    sizeof setting->value);
		return 0;
	}
	return unknown(stage, setting, err);
}

int container_settings_read(const struct stage *stage,
    struct container_settings *out, struct mldv_error *err)
{
	*out = (struct container_settings){0};
	/* A training job may have to fetch something on SageMaker, too. */
	if (stage->run == RUN_CONTAINER)
		out->network = "none";
	for (size_t i = 0; i < stage->setting_count; i++) {
		const struct setting *setting = &stage->settings[i];

		if (strncmp(setting->key, PREFIX, strlen(PREFIX)) == 0 &&
		    read_setting(stage, setting, out, err) < 0)
			return -1;
	}
	return 0;
}
