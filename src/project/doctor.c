/* SPDX-License-Identifier: Apache-2.0 */
#include "mldv/doctor.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "mldv/hooks.h"
#include "net/client.h"
#include "project/remotes.h"
#include "store/frame.h"
#include "store/link.h"
#include "store/tarball.h"

struct visit {
	struct mldv_project *project;
	struct arena arena;
	mldv_finding_fn *visit;
	void *context;
	size_t missing; /* hooks */
};

static void say(struct visit *at, const char *topic, enum mldv_level level,
    const char *text, const char *fix)
{
	const struct mldv_finding finding = {.topic = topic,
	    .level = level,
	    .text = text,
	    .fix = fix};

	at->visit(at->context, &finding);
}

/* --- libraries --- */

static void look_at_libraries(struct visit *at)
{
	struct mldv_error why;
	struct buf git = {0};
	struct buf curl = {0};
	struct buf archive = {0};

	git_library(&git);
	say(at, "libraries", MLDV_OK,
	    arena_printf(&at->arena,
	        "mldv " MLDV_VERSION ", libgit2 %s, zstd %s, %s", buf_str(&git),
	        frame_library(), oid_library()),
	    NULL);
	if (net_library(&curl, &why) == 0)
		say(at, "libcurl", MLDV_OK, buf_str(&curl), NULL);
	else
		say(at, "libcurl", MLDV_WARNING, why.text,
		    "only remotes that are directories can be used");
	if (tarball_library(&archive, &why) == 0)
		say(at, "libarchive", MLDV_OK, buf_str(&archive), NULL);
	else
		say(at, "libarchive", MLDV_WARNING, why.text,
		    "training jobs of SageMaker cannot be started");
	buf_release(&git);
	buf_release(&curl);
	buf_release(&archive);
}

/* --- the work tree's file system --- */

static const char *cannot_write(struct visit *at, const char *dir)
{
	return arena_printf(&at->arena, "cannot write to '%s': %s", dir,
	    strerror(errno));
}

/* By which ways a file of the store can become one of the work tree. */
static void look_at_links(struct visit *at)
{
	const struct mldv_project *project = at->project;
	struct tempfile from = {0};
	struct tempfile to = {0};
	struct mldv_error why;
	bool reflink;
	bool hardlink;

	if (tempfile_open(&from, project->home, 0600, &why) < 0 ||
	    tempfile_open(&to, project->root, 0600, &why) < 0) {
		say(at, "work tree", MLDV_FAILURE, why.text, NULL);
	} else if (write(from.fd, "mldv", 4) != 4) {
		say(at, "work tree", MLDV_FAILURE,
		    cannot_write(at, project->home),
		    "make room, or see to its permissions");
	} else {
		reflink = link_reflink(from.fd, to.fd, to.path, &why) > 0;
		hardlink = tempfile_can_link(&from, project->root);
		say(at, "work tree", MLDV_OK,
		    arena_printf(&at->arena,
		        "can have files from the store by %s%scopy%s",
		        reflink ? "reflink, " : "",
		        hardlink ? "hardlink, " : "",
		        reflink ? "" : "; a copy takes its room twice"),
		    NULL);
	}
	tempfile_release(&from);
	tempfile_release(&to);
}

/* --- hooks --- */

static void count_missing(void *context, const struct mldv_hook *hook)
{
	struct visit *at = context;

	if (hook->state != MLDV_HOOK_INSTALLED)
		at->missing++;
}

static void look_at_hooks(struct visit *at)
{
	struct mldv_error why;
	bool all;

	if (mldv_hooks_status(at->project, count_missing, at, &all, &why) < 0)
		say(at, "hooks", MLDV_WARNING, why.text, NULL);
	else if (all)
		say(at, "hooks", MLDV_OK, "installed", NULL);
	else
		say(at, "hooks", MLDV_WARNING,
		    arena_printf(&at->arena,
		        "%zu of them are not installed, so commits may leave "
		        "without their data",
		        at->missing),
		    "run 'mldv hooks install'");
}

/* --- the remote --- */

static void count_remote(void *context, const struct mldv_remote_info *remote)
{
	(void)remote;
	(*(size_t *)context)++;
}

/* 1 if there is one to look at, into *out; 0 if it was said why not; -1. */
static int choose(struct visit *at, const char *given, const char **out,
    struct mldv_error *err)
{
	struct mldv_error why;
	size_t count = 0;

	if (given)
		return remotes_choose(at->project, given, &at->arena, out,
		           err) < 0
		    ? -1
		    : 1;
	if (remotes_choose(at->project, NULL, &at->arena, out, &why) == 0)
		return 1;
	mldv_remote_each(at->project, count_remote, &count);
	say(at, "remote", MLDV_WARNING,
	    count == 0 ? "there is none: the data is in this clone only"
	               : "none of them is the default",
	    count == 0 ? "run 'mldv remote add NAME URL'"
	               : "run 'mldv remote default NAME'");
	return 0;
}

/* A directory that is not there can be made if the one above it is. */
static bool look_at_directory(struct visit *at, const char *url)
{
	const char *dir = strncmp(url, "file:///", 8) == 0 ? url + 7 : url;
	char *above = arena_str(&at->arena, dir);
	char *slash = strrchr(above, '/');

	if (*dir != '/')
		return true;
	if (access(dir, F_OK) == 0) {
		if (access(dir, R_OK | X_OK) < 0)
			say(at, "remote", MLDV_FAILURE,
			    arena_printf(&at->arena, "cannot read '%s': %s",
			        dir, strerror(errno)),
			    "see to its permissions");
		else if (access(dir, W_OK) < 0)
			say(at, "remote", MLDV_WARNING, cannot_write(at, dir),
			    "see to its permissions, unless it is only to be "
			    "read");
		return true;
	}
	*(slash == above ? slash + 1 : slash) = '\0';
	if (access(above, W_OK | X_OK) == 0)
		return true;
	say(at, "remote", MLDV_FAILURE,
	    arena_printf(&at->arena,
	        "there is no '%s', and it cannot be made in '%s': %s", dir,
	        above, strerror(errno)),
	    "mount or make the directory");
	return false;
}

struct find_url {
	const char *name;
	const char *url;
};

static void find_url(void *context, const struct mldv_remote_info *remote)
{
	struct find_url *find = context;

	if (strcmp(remote->name, find->name) == 0)
		find->url = remote->url;
}

static int look_at_remote(struct visit *at, const char *name,
    struct mldv_error *err)
{
	struct find_url find = {.name = name};
	struct remote *remote;
	struct mldv_error why;
	int ret;

	mldv_remote_each(at->project, find_url, &find);
	if (!find.url || !look_at_directory(at, find.url))
		return 0;
	if (remotes_open(at->project, name, &remote, &why) < 0) {
		say(at, "remote", MLDV_FAILURE, why.text, NULL);
		return 0;
	}
	ret = remote_examine(remote, at->visit, at->context, err);
	remote_close(remote);
	return ret;
}

int mldv_doctor(struct mldv_project *project, const char *remote,
    mldv_finding_fn *visit, void *context, struct mldv_error *err)
{
	struct visit at = {.project = project,
	    .visit = visit,
	    .context = context};
	const char *name = NULL;
	int ret = 0;

	/* A wrong name is said before anything else. */
	if (remote)
		ret = choose(&at, remote, &name, err);
	if (ret >= 0) {
		look_at_libraries(&at);
		look_at_links(&at);
		look_at_hooks(&at);
		if (!remote)
			ret = choose(&at, NULL, &name, err);
	}
	if (ret > 0)
		ret = look_at_remote(&at, name, err);
	arena_release(&at.arena);
	return ret < 0 ? -1 : 0;
}
