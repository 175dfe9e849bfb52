/* SPDX-License-Identifier: Apache-2.0 */
#include "project/remotes.h"

#include <string.h>

#include "base/file.h"
#include "base/path.h"
#include "format/oid.h"
#include "mldv/remote.h"
#include "project/settings.h"
#include "remote/ops.h"

#define PRESET       "project.remote"
#define NAME_MAX_LEN 40
#define JOBS_MOST    256 /* as of -j */

/* NULL if there is no such remote. */
static const char *url_of(const struct mldv_project *project, const char *name)
{
	struct arena arena = {0};
	const char *url = config_get(&project->config,
	    arena_printf(&arena, "remote.%s.url", name));

	arena_release(&arena);
	return url;
}

/* The default's name, the only one if none is set, or NULL; in the arena. */
static const char *preset_of(const struct mldv_project *project,
    struct arena *arena)
{
	const char *name = config_get(&project->config, PRESET);
	struct strs names = {0};

	if (!name) {
		config_names(&project->config, "remote", &names);
		if (names.count == 1)
			name = arena_str(arena, names.items[0]);
		strs_release(&names);
	}
	return name;
}

void mldv_remote_each(struct mldv_project *project,
    void (*visit)(void *context, const struct mldv_remote_info *remote),
    void *context)
{
	struct arena arena = {0};
	struct strs names = {0};
	const char *preset = preset_of(project, &arena);

	config_names(&project->config, "remote", &names);
	for (size_t i = 0; i < names.count; i++) {
		const struct mldv_remote_info remote = {
		    .name = names.items[i],
		    .url = url_of(project, names.items[i]),
		    .preset = preset && strcmp(preset, names.items[i]) == 0,
		};

		if (remote.url)
			visit(context, &remote);
	}
	strs_release(&names);
	arena_release(&arena);
}

static int no_such_remote(const struct mldv_project *project, const char *name,
    struct mldv_error *err)
{
	struct strs names = {0};
	const char *nearest;

	config_names(&project->config, "remote", &names);
	strs_add(&names, "");
	names.items[names.count - 1] = NULL;
	nearest = str_nearest(name, names.items);
	if (nearest)
		(void)err_set(err, MLDV_USAGE,
		    "there is no remote '%s'; did you mean '%s'?", name,
		    nearest);
	else
		(void)err_set(err, MLDV_USAGE,
		    "there is no remote '%s'; run 'mldv remote add %s URL'",
		    name, name);
	strs_release(&names);
	return -1;
}

int remotes_choose(struct mldv_project *project, const char *name,
    struct arena *arena, const char **out, struct mldv_error *err)
{
	if (!name)
		name = preset_of(project, arena);
	if (!name)
		return err_set(err, MLDV_USAGE,
		    "there is no default remote; run 'mldv remote add NAME "
		    "URL' or 'mldv remote default NAME'");
	if (!url_of(project, name))
		return no_such_remote(project, name, err);
	*out = arena_str(arena, name);
	return 0;
}

static const char *setting(const struct mldv_project *project,
    struct arena *arena, const char *name, const char *key)
{
	return config_get(&project->config,
	    arena_printf(arena, "remote.%s.%s", name, key));
}

/* Requests at once; what is no number was refused, or does not matter here. */
static unsigned jobs_of(const struct mldv_project *project, struct arena *arena,
    const char *name)
{
	const char *text = setting(project, arena, name, "jobs");
	uint64_t number = 0;

	if (project->jobs > 0 || !text ||
	    !slice_number(slice_of(text), &number) || number > JOBS_MOST)
		return project->jobs;
	return (unsigned)number;
}

static struct ops_options options_of(const struct mldv_project *project,
    struct arena *arena, const char *name)
{
	return (struct ops_options){
	    .events = project->events,
	    .jobs = jobs_of(project, arena, name),
	    .endpoint = setting(project, arena, name, "endpoint"),
	    .region = setting(project, arena, name, "region"),
	    .addressing = setting(project, arena, name, "addressing"),
	    .profile = setting(project, arena, name, "profile"),
	    .sse = setting(project, arena, name, "sse"),
	    .kms_key = setting(project, arena, name, "sse.kms_key"),
	    .storage_class = setting(project, arena, name, "storage_class"),
	};
}

void remotes_options_of(const struct mldv_project *project, struct arena *arena,
    const char *name, struct ops_options *out)
{
	*out = options_of(project, arena, name);
}

void remotes_options_for(const struct mldv_project *project,
    struct arena *arena, const char *address, struct ops_options *out)
{
	size_t len = s3_is_url(address) ? strcspn(address + 5, "/") + 5 : 0;
	struct strs names = {0};

	*out = (struct ops_options){.events = project->events,
	    .jobs = project->jobs};
	config_names(&project->config, "remote", &names);
	for (size_t i = 0; len > 0 && i < names.count; i++) {
		const char *url = url_of(project, names.items[i]);

		if (url && strncmp(url, address, len) == 0 &&
		    (url[len] == '/' || url[len] == '\0')) {
			*out = options_of(project, arena, names.items[i]);
			break;
		}
	}
	strs_release(&names);
}

/*
 * Removes what a kill left. A file that somebody is writing there just now is
 * a copy of what the remote has, and then is not kept.
 */
CHECKED static int sweep_state(const char *dir, struct mldv_error *err)
{
	int ret = file_exists(dir, err);

	return ret > 0 ? file_sweep(dir, err) : ret;
}

static int open_url(struct mldv_project *project, const char *name,
    const char *url, struct remote **out, struct mldv_error *err)
{
	struct arena arena = {0};
	const struct ops_options how = options_of(project, &arena, name);
	struct remote_options options = {
	    .name = name,
	    .url = url,
	    .project = config_get(&project->config, "project.id"),
	    .events = project->events,
	    .ops = &how,
	};
	const char *place = url;
	char hex[OID_HEX + 1];
	struct oid oid;
	int ret;

	if (!options.project) {
		arena_release(&arena);
		return err_set(err, MLDV_USAGE,
		    PROJECT_INI " has no [project] id; copy it from an "
		                "earlier commit");
	}
	/* Of the place, not of the name, which may come to mean another. */
	if (how.endpoint)
		place = arena_printf(&arena, "%s\n%s", url, how.endpoint);
	oid_of(place, strlen(place), &oid);
	oid_hex(&oid, hex);
	options.state =
	    arena_printf(&arena, "%s/state/remote-%.16s", project->home, hex);
	ret = sweep_state(options.state, err);
	if (ret >= 0)
		ret = remote_open(out, &options, err);
	arena_release(&arena);
	return ret;
}

int remotes_open(struct mldv_project *project, const char *name,
    struct remote **out, struct mldv_error *err)
{
	const char *url = url_of(project, name);

	if (!url)
		return no_such_remote(project, name, err);
	return open_url(project, name, url, out, err);
}

static bool is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || c == '_' || c == '-';
}

static int check_name(const struct mldv_project *project, const char *name,
    struct mldv_error *err)
{
	size_t len = strlen(name);
	bool good = len > 0 && len <= NAME_MAX_LEN && name[0] != '-';

	for (size_t i = 0; i < len; i++)
		good = good && is_name_char(name[i]);
	if (!good)
		return err_set(err, MLDV_USAGE,
		    "'%s' cannot name a remote: letters, digits, '-' and '_', "
		    "at most %d",
		    name, NAME_MAX_LEN);
	if (url_of(project, name))
		return err_set(err, MLDV_EXISTS,
		    "there is a remote '%s' already: '%s'", name,
		    url_of(project, name));
	return 0;
}

/*
 * A path is made absolute: in mldv.ini it must mean the same wherever a
 * command is started.
 */
static const char *clean_url(const struct mldv_project *project,
    struct arena *arena, const char *url)
{
	if (strstr(url, "://") || url[0] == '\0')
		return url;
	return path_clean(arena,
	    path_join(arena, path_join(arena, project->root, project->prefix),
	        url));
}

static int check_url(struct mldv_project *project, const char *name,
    const char *url, struct mldv_error *err)
{
	struct remote *remote;

	if (open_url(project, name, url, &remote, err) < 0)
		return -1;
	remote_close(remote);
	return 0;
}

/* 1 if that is done, and only had to be staged. */
static int finish_add(struct mldv_project *project, const char *name,
    const char *url, struct strs *staged, struct mldv_error *err)
{
	struct arena arena = {0};
	const char *there = url_of(project, name);
	int ret = 0;

	if (there && strcmp(there, url) == 0)
		ret = settings_restage(project,
		    arena_printf(&arena, "remote %s", name), "url", staged,
		    err);
	arena_release(&arena);
	return ret;
}

int mldv_remote_add(struct mldv_project *project, const char *name,
    const char *url, bool clone, struct strs *staged, struct mldv_error *err)
{
	struct settings_edit edit = {0};
	struct arena arena = {0};
	const char *section = arena_printf(&arena, "remote %s", name);
	int ret = -1;

	url = clean_url(project, &arena, url);
	if (!clone) {
		int done = finish_add(project, name, url, staged, err);

		ret = done > 0 ? 0 : -1;
		if (done != 0)
			goto out;
	}
	if (check_name(project, name, err) < 0 ||
	    check_url(project, name, url, err) < 0 ||
	    settings_edit_begin(&edit, project,
	        clone ? MLDV_CLONE : MLDV_PROJECT, err) < 0)
		goto out;
	if (!config_get(&project->config, PRESET) &&
	    settings_edit_set(&edit, "project", "remote", name, err) < 0)
		goto out;
	if (settings_edit_set(&edit, section, "url", url, err) < 0)
		goto out;
	ret = settings_edit_end(&edit, staged, err);
out:
	settings_edit_release(&edit);
	arena_release(&arena);
	return ret;
}

/* Is the remote to be added? 1, or 0 if it is there, with that address. */
static int is_new(const struct mldv_project *project, const char *name,
    const char *url, struct mldv_error *err)
{
	const char *known = url_of(project, name);

	if (!known && !url)
		return no_such_remote(project, name, err);
	if (known && (!url || strcmp(known, url) == 0))
		return 0;
	return check_name(project, name, err) < 0 ? -1 : 1;
}

int mldv_remote_create(struct mldv_project *project,
    const struct mldv_remote_create *create, struct strs *staged,
    struct mldv_error *err)
{
	struct arena arena = {0};
	struct remote *remote = NULL;
	const char *url = create->url ? clean_url(project, &arena, create->url)
	                              : url_of(project, create->name);
	int add = is_new(project, create->name, url, err);
	int ret = -1;

	if (add >= 0 && open_url(project, create->name, url, &remote, err) == 0)
		ret =
		    remote_create(remote, create->visit, create->context, err);
	remote_close(remote);
	if (ret == 0 && add == 1)
		ret = mldv_remote_add(project, create->name, url, create->clone,
		    staged, err);
	arena_release(&arena);
	return ret;
}

/* Takes the remote out of one layer: 1, or 0 if it was not there. */
static int remove_from(struct mldv_project *project, enum mldv_layer layer,
    const char *name, struct strs *staged, struct mldv_error *err)
{
	struct settings_edit edit = {0};
	struct arena arena = {0};
	struct buf text = {0};
	const char *preset = config_get(&project->config, PRESET);
	int ret = -1;

	if (settings_edit_begin(&edit, project, layer, err) < 0)
		goto out;
	ret = ini_remove_section(buf_str(&edit.text), edit.text.len,
	    arena_printf(&arena, "remote %s", name), &text, err);
	if (ret != 1)
		goto out;
	buf_release(&edit.text);
	edit.text = text;
	text = (struct buf){0};
	if ((preset && strcmp(preset, name) == 0 &&
	        settings_edit_set(&edit, "project", "remote", NULL, err) < 0) ||
	    settings_edit_end(&edit, staged, err) < 0)
		ret = -1;
out:
	buf_release(&text);
	settings_edit_release(&edit);
	arena_release(&arena);
	return ret;
}

int mldv_remote_remove(struct mldv_project *project, const char *name,
    struct strs *staged, struct mldv_error *err)
{
	static const enum mldv_layer order[] = {MLDV_CLONE, MLDV_PROJECT,
	    MLDV_USER};
	struct arena arena = {0};
	int ret = 0;

	if (!url_of(project, name)) {
		ret = settings_restage(project,
		    arena_printf(&arena, "remote %s", name), "url", staged,
		    err);
		arena_release(&arena);
		if (ret == 0)
			return no_such_remote(project, name, err);
		return ret < 0 ? -1 : 0;
	}
	for (size_t i = 0; ret == 0 && i < sizeof order / sizeof *order; i++)
		ret = remove_from(project, order[i], name, staged, err);
	return ret < 0 ? -1 : 0;
}

int mldv_remote_default(struct mldv_project *project, const char *name,
    bool clone, struct strs *staged, struct mldv_error *err)
{
	if (!url_of(project, name))
		return no_such_remote(project, name, err);
	return mldv_setting_set(project, clone ? MLDV_CLONE : MLDV_PROJECT,
	    PRESET, name, staged, err);
}
