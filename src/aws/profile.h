/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AWS_PROFILE_H
#define AWS_PROFILE_H

/*
 * The config and credentials files of AWS's own tools, as botocore reads
 * them: "Configuration and credential file settings", AWS CLI User Guide.
 *
 * Not the dialect of mldv.ini: '=' or ':', remarks only where a line begins,
 * lines as long as they like (a session token may have some thousand bytes),
 * and what is indented below an empty value is settings of its own.
 */

#include "base/mem.h"
#include "base/str.h"

#define AWS_FILE_LIMIT (4 << 20) /* bytes */

struct aws_setting {
	const char *key; /* lower case */
	const char *value;
	struct aws_setting *below; /* what is indented below it */
	struct aws_setting *next;
};

struct aws_section {
	const char *kind; /* "profile" of [profile x]; "" if there is none */
	const char *name; /* without quotes */
	struct aws_setting *settings;
	struct aws_section *next;
};

struct aws_profiles {
	struct aws_section *sections;
};

/*
 * Parses; errors are MLDV_USAGE and begin with "path:line: ". What is there
 * twice counts as it stands the last time.
 */
CHECKED int aws_profiles_parse(struct aws_profiles *out, struct arena *arena,
    const char *path, struct slice text, struct mldv_error *err);

/* NULL if there is none. */
const struct aws_section *aws_profiles_find(const struct aws_profiles *profiles,
    const char *kind, const char *name);
/* The value, or NULL; section may be NULL. */
const char *aws_section_get(const struct aws_section *section, const char *key);
/* The same of what is indented below the setting named group. */
const char *aws_section_below(const struct aws_section *section,
    const char *group, const char *key);

#endif
