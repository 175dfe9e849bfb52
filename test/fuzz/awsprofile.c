/* SPDX-License-Identifier: Apache-2.0 */

/*
 * AWS's config files: whatever they hold, a section is found by its name and
 * a key by its own, and no value has the end of a line in it.
 *
 * Covers: aws/profile.c
 */

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "aws/profile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct aws_setting *setting)
{
	for (; setting; setting = setting->next) {
		if (setting->key[0] == '\0' || strchr(setting->value, '\n'))
			abort();
		check(setting->below);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct slice text = {(const char *)data, size};
	struct mldv_error err = {0};
	struct aws_profiles profiles;
	struct arena arena = {0};

	if (aws_profiles_parse(&profiles, &arena, "config", text, &err) == 0) {
		const struct aws_section *at = profiles.sections;

		for (; at; at = at->next) {
			if (aws_profiles_find(&profiles, at->kind, at->name) !=
			    at)
				abort();
			check(at->settings);
		}
	} else if (strncmp(err.text, "config:", 7) != 0) {
		abort();
	}
	arena_release(&arena);
	return 0;
}
