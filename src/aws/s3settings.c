/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "aws/s3bucket.h"
#include "aws/xml.h"

static void take_versioning(void *context, const char *path, struct slice text)
{
	enum s3_versioning *out = context;

	if (strcmp(path, "VersioningConfiguration/Status") == 0)
		*out = slice_is(text, "Enabled") ? S3_ENABLED : S3_SUSPENDED;
}

int s3_versioning_read(enum s3_versioning *out, struct slice document,
    struct mldv_error *err)
{
	const struct xml_visitor visitor = {take_versioning, out};

	*out = S3_NEVER;
	return xml_read(document, &visitor, err);
}

static void take_public(void *context, const char *path, struct slice text)
{
	static const char *const kinds[] = {"BlockPublicAcls",
	    "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"};
	unsigned *blocked = context;
	const char *name = strrchr(path, '/');

	for (size_t i = 0; name && i < 4; i++)
		if (strcmp(name + 1, kinds[i]) == 0 &&
		    (slice_is(text, "true") || slice_is(text, "TRUE")))
			*blocked |= 1U << i;
}

int s3_public_read(enum s3_public *out, struct slice document,
    struct mldv_error *err)
{
	unsigned blocked = 0;
	const struct xml_visitor visitor = {take_public, &blocked};
	int ret = xml_read(document, &visitor, err);

	*out = blocked == 0 ? S3_OPEN
	    : blocked == 15 ? S3_BLOCKED
	                    : S3_SOME_BLOCKED;
	return ret;
}

struct encryption {
	struct arena *arena;
	const char *algorithm;
};

static void take_encryption(void *context, const char *path, struct slice text)
{
	struct encryption *out = context;
	const char *name = strrchr(path, '/');

	if (name && strcmp(name, "/SSEAlgorithm") == 0)
		out->algorithm = arena_strn(out->arena, text.data, text.len);
}

int s3_encryption_read(const char **out, struct arena *arena,
    struct slice document, struct mldv_error *err)
{
	struct encryption found = {.arena = arena};
	const struct xml_visitor visitor = {take_encryption, &found};
	int ret = xml_read(document, &visitor, err);

	*out = found.algorithm;
	return ret;
}

static unsigned days_of(struct slice text)
{
	uint64_t days;

	if (!slice_number(text, &days) || days > 1000000)
		return 0;
	return (unsigned)days;
}

static void end_rule(struct s3_lifecycle *out)
{
	struct s3_rule *rule = &out->one;

	if (!rule->prefix)
		rule->prefix = "";
	if (!rule->id)
		rule->id = "";
	out->rules =
	    xgrow(out->rules, out->count, &out->capacity, sizeof(*out->rules));
	out->rules[out->count++] = *rule;
	*rule = (struct s3_rule){0};
}

static bool is_any(const char *path, const char *const *names)
{
	for (; *names; names++)
		if (strcmp(path, *names) == 0)
			return true;
	return false;
}

static void take_condition(struct s3_lifecycle *out, const char *path,
    struct slice text)
{
	static const char *const prefixes[] = {"Prefix", "Filter/Prefix",
	    "Filter/And/Prefix", NULL};
	static const char *const narrows[] = {"Filter/Tag", "Filter/And/Tag",
	    "Filter/ObjectSizeGreaterThan", "Filter/ObjectSizeLessThan",
	    "Filter/And/ObjectSizeGreaterThan", "Filter/And/ObjectSizeLessThan",
	    NULL};

	if (strcmp(path, "ID") == 0)
		out->one.id = arena_strn(&out->arena, text.data, text.len);
	else if (strcmp(path, "Status") == 0)
		out->one.enabled = slice_is(text, "Enabled");
	else if (is_any(path, prefixes))
		out->one.prefix = arena_strn(&out->arena, text.data, text.len);
	else if (is_any(path, narrows))
		out->one.narrowed = true;
}

static void take_rule(void *context, const char *path, struct slice text)
{
	static const char *const expires[] = {"Expiration/Days",
	    "Expiration/Date", NULL};
	static const char root[] = "LifecycleConfiguration/Rule";
	struct s3_lifecycle *out = context;
	size_t len = sizeof(root) - 1;

	if (strncmp(path, root, len) != 0)
		return;
	path += len;
	if (*path == '\0') {
		end_rule(out);
		return;
	}
	path++;
	if (is_any(path, expires))
		out->one.expires = true;
	else if (strcmp(path, "Transition/StorageClass") == 0)
		out->one.archives = out->one.archives ||
		    slice_is(text, "GLACIER") || slice_is(text, "DEEP_ARCHIVE");
	else if (strcmp(path, "NoncurrentVersionExpiration/NoncurrentDays") ==
	    0)
		out->one.old_days = days_of(text);
	else if (strcmp(path,
	             "AbortIncompleteMultipartUpload/DaysAfterInitiation") == 0)
		out->one.upload_days = days_of(text);
	else
		take_condition(out, path, text);
}

int s3_lifecycle_read(struct s3_lifecycle *out, struct slice document,
    struct mldv_error *err)
{
	const struct xml_visitor visitor = {take_rule, out};

	*out = (struct s3_lifecycle){0};
	return xml_read(document, &visitor, err);
}

void s3_lifecycle_release(struct s3_lifecycle *lifecycle)
{
	free(lifecycle->rules);
	arena_release(&lifecycle->arena);
	*lifecycle = (struct s3_lifecycle){0};
}
