/* SPDX-License-Identifier: Apache-2.0 */
#include "aws/source.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/path.h"

const char *aws_environment(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

/* Where a file is: the variable says it, perhaps from ~, or it is usual. */
static const char *place(struct arena *arena, const char *variable,
    const char *usual)
{
	const char *home = aws_environment("HOME");
	const char *path = aws_environment(variable);

	if (!path)
		path = usual;
	if (path[0] != '~' || path[1] != '/')
		return path;
	return home ? path_join(arena, home, path + 2) : NULL;
}

static int load(const char *path, struct arena *arena, struct aws_profiles *out,
    bool *there, struct mldv_error *err)
{
	struct mldv_error why = {0};
	struct buf text = {0};
	int ret = -1;

	*there = false;
	if (!path)
		return 0;
	if (file_read(path, AWS_FILE_LIMIT, &text, &why) < 0) {
		if (why.code == MLDV_NOT_FOUND)
			ret = 0;
		else
			*err = why;
		goto out;
	}
	*there = true;
	ret = aws_profiles_parse(out, arena, path,
	    (struct slice){buf_str(&text), text.len}, err);
out:
	buf_release(&text);
	return ret;
}

int aws_files_load(struct aws_files *out, struct arena *arena,
    struct mldv_error *err)
{
	struct aws_files files = {
	    .config_path = place(arena, "AWS_CONFIG_FILE", "~/.aws/config"),
	    .credentials_path = place(arena, "AWS_SHARED_CREDENTIALS_FILE",
	        "~/.aws/credentials"),
	};

	if (load(files.config_path, arena, &files.config, &files.config_there,
	        err) < 0 ||
	    load(files.credentials_path, arena, &files.credentials,
	        &files.credentials_there, err) < 0)
		return -1;
	*out = files;
	return 0;
}

const struct aws_section *aws_files_profile(const struct aws_files *files,
    const char *profile)
{
	const struct aws_section *section =
	    aws_profiles_find(&files->config, "profile", profile);

	if (!section && strcmp(profile, "default") == 0)
		section = aws_profiles_find(&files->config, "", profile);
	return section;
}

bool aws_files_have(const struct aws_files *files, const char *profile)
{
	return aws_files_profile(files, profile) ||
	    aws_profiles_find(&files->credentials, "", profile);
}

const char *aws_files_get(const struct aws_files *files, const char *profile,
    const char *key)
{
	const char *value =
	    aws_section_get(aws_profiles_find(&files->credentials, "", profile),
	        key);

	return value ? value
	             : aws_section_get(aws_files_profile(files, profile), key);
}

const char *aws_files_setting(const struct aws_files *files,
    const char *profile, const char *service, const char *key)
{
	const struct aws_section *section = aws_files_profile(files, profile);
	const char *services = aws_section_get(section, "services");
	const char *value;

	if (!service)
		return aws_files_get(files, profile, key);
	value = aws_section_below(section, service, key);
	if (!value && services)
		value = aws_section_below(aws_profiles_find(&files->config,
		                              "services", services),
		    service, key);
	return value;
}

const char *aws_region(const struct aws_search *search, const char *profile)
{
	const char *region = aws_environment("AWS_REGION");

	if (!region)
		region = aws_environment("AWS_DEFAULT_REGION");
	return region ? region
	              : aws_files_get(search->files, profile, "region");
}

static const char *configured_endpoint(const struct aws_search *search,
    const char *profile, const char *service)
{
	const char *ignore =
	    aws_environment("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS");
	char *name =
	    arena_printf(search->arena, "AWS_ENDPOINT_URL_%s", service);
	const char *url;

	if (ignore && strcmp(ignore, "true") == 0)
		return NULL;
	for (char *at = name; *at; at++) {
		if (*at >= 'a' && *at <= 'z')
			*at = (char)(*at - 'a' + 'A');
	}
	url = aws_environment(name);
	if (!url)
		url = aws_environment("AWS_ENDPOINT_URL");
	if (!url)
		url = aws_files_setting(search->files, profile, service,
		    "endpoint_url");
	return url ? url
	           : aws_files_get(search->files, profile, "endpoint_url");
}

const char *aws_endpoint(const struct aws_search *search, const char *profile,
    const char *service, const char *usual)
{
	const char *url = configured_endpoint(search, profile, service);
	size_t len;

	if (!url)
		url = usual;
	len = strlen(url);
	while (len > 0 && url[len - 1] == '/')
		len--;
	return arena_strn(search->arena, url, len);
}
