/* SPDX-License-Identifier: Apache-2.0 */
#include "git/internal.h"

#include <string.h>

#include "base/path.h"

static int refuse(struct mldv_error *err, const char *name, const char *why)
{
	return err_set(err, MLDV_NO,
	    "cannot tell what is needed by the commits of Git's remote '%s': "
	    "%s",
	    name, why);
}

/* Is every branch fetched? A partial clone lacks blobs, a narrow one commits.
 */
static int check_whole(git_repository *repo, const git_remote *remote,
    const char *name, struct mldv_error *err)
{
	struct arena arena = {0};
	git_config *config;
	git_strarray specs;
	int promised = 0;
	bool all = false;

	if (git_repository_config_snapshot(&config, repo) == 0) {
		(void)git_config_get_bool(&promised, config,
		    arena_printf(&arena, "remote.%s.promisor", name));
		git_config_free(config);
	}
	arena_release(&arena);
	if (promised)
		return refuse(err, name, "this is a partial clone of it");
	if (git_remote_get_fetch_refspecs(&specs, remote) < 0)
		return refuse(err, name, "its refspecs cannot be read");
	for (size_t i = 0; i < specs.count; i++) {
		const char *spec = specs.strings[i];

		spec += spec[0] == '+';
		all |= strncmp(spec, "refs/heads/*:", 13) == 0 ||
		    strncmp(spec, "refs/*:", 7) == 0;
	}
	git_strarray_dispose(&specs);
	if (!all)
		return refuse(err, name,
		    "this clone fetches only some of its branches; run 'git "
		    "remote set-branches' with '*'");
	return 0;
}

/* The directory that a URL means, as Git takes it, or NULL. */
static const char *directory_of(struct arena *arena, const struct git *git,
    const char *url)
{
	const char *colon = strchr(url, ':');
	const char *slash = strchr(url, '/');

	if (strncmp(url, "file://", 7) == 0)
		return url[7] == '/' ? url + 7 : NULL;
	/* host:path */
	if (colon != NULL && (slash == NULL || colon < slash))
		return NULL;
	return path_join(arena, git->root, url);
}

static int add_server(struct git *git, const char *name, struct strs *out,
    struct mldv_error *err)
{
	struct arena arena = {0};
	git_remote *remote;
	const char *url;
	const char *dir;
	int code = git_remote_lookup(&remote, git->repo, name);
	int ret = -1;

	if (code < 0)
		return git_fail(err, code, "cannot look up Git's remote '%s'",
		    name);
	url = git_remote_url(remote);
	dir = url != NULL ? directory_of(&arena, git, url) : NULL;
	if (dir == NULL) {
		(void)refuse(err, name,
		    "it is not a directory, and this version reads no other; "
		    "run this where the Git repository is a directory");
	} else if (check_whole(git->repo, remote, name, err) == 0) {
		strs_add(out, dir);
		ret = 0;
	}
	git_remote_free(remote);
	arena_release(&arena);
	return ret;
}

int git_servers(struct git *git, struct strs *out, struct mldv_error *err)
{
	git_strarray names;
	int code;
	int ret = 0;

	if (git_is_shallow(git))
		return err_set(err, MLDV_NO,
		    "this is a shallow clone: it lacks commits that may need "
		    "data; run 'git fetch --unshallow'");
	code = git_remote_list(&names, git->repo);
	if (code < 0)
		return git_fail(err, code, "cannot list Git's remotes");
	if (names.count == 0)
		ret = err_set(err, MLDV_NO,
		    "Git has no remote here, so that it cannot be told what "
		    "other clones need; name the project's Git repository: "
		    "'git remote add origin DIRECTORY'");
	for (size_t i = 0; ret == 0 && i < names.count; i++)
		ret = add_server(git, names.strings[i], out, err);
	git_strarray_dispose(&names);
	return ret;
}
