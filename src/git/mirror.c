/* SPDX-License-Identifier: Apache-2.0 */
#include "git/internal.h"

#include <string.h>

#include "base/file.h"
#include "base/mem.h"

int git_open_at(struct git **out, const char *dir, struct mldv_error *err)
{
	struct git *git = xcalloc(1, sizeof(*git));
	const char *root;
	int code;

	git_start();
	code = git_repository_open_ext(&git->repo, dir,
	    GIT_REPOSITORY_OPEN_NO_SEARCH, NULL);
	if (code < 0) {
		if (code == GIT_ENOTFOUND)
			err_set(err, MLDV_NOT_FOUND,
			    "'%s' is not a Git repository", dir);
		else
			git_fail(err, code, "cannot open the repository '%s'",
			    dir);
		git_close(git);
		return -1;
	}
	root = git_repository_workdir(git->repo);
	git->dir = git_without_slash(git_repository_path(git->repo));
	git->root = git_without_slash(root != NULL ? root : git->dir);
	git->common = git_without_slash(git_repository_commondir(git->repo));
	git->prefix = git_without_slash("");
	*out = git;
	return 0;
}

/* What the callbacks of one fetch share. */
struct fetching {
	const struct mldv_events *events; /* or NULL */
	bool asked; /* for credentials; the same would be refused again */
};

/* Whatever needs no question: a key from the agent, a ticket. */
static int give_credential(git_credential **out, const char *url,
    const char *user, unsigned allowed, void *context)
{
	struct fetching *fetching = context;

	(void)url;
	if ((allowed & GIT_CREDENTIAL_USERNAME) != 0)
		return git_credential_username_new(out,
		    user != NULL ? user : "git");
	if (fetching->asked)
		return GIT_EAUTH;
	fetching->asked = true;
	if ((allowed & GIT_CREDENTIAL_SSH_KEY) != 0)
		return git_credential_ssh_key_from_agent(out,
		    user != NULL ? user : "git");
	if ((allowed & GIT_CREDENTIAL_DEFAULT) != 0)
		return git_credential_default_new(out);
	return GIT_EAUTH;
}

static int show_progress(const git_indexer_progress *stats, void *context)
{
	const struct fetching *fetching = context;
	const struct mldv_events *events = fetching->events;
	const struct mldv_progress progress = {
	    .what = "cloning",
	    .unit = MLDV_FILES,
	    .done = stats->received_objects,
	    .total = stats->total_objects,
	};

	if (events == NULL)
		return 0;
	if (events->progress != NULL)
		events->progress(events->context, &progress);
	return events->cancelled != NULL && events->cancelled(events->context)
	    ? GIT_EUSER
	    : 0;
}

/* What HEAD is there it is here; a detached one names nothing. */
static int take_head(git_repository *repo, git_remote *remote)
{
	git_buf name = {0};
	int code = git_remote_default_branch(&name, remote);

	if (code == 0)
		code = git_repository_set_head(repo, name.ptr);
	git_buf_dispose(&name);
	return code == GIT_ENOTFOUND ? 0 : code;
}

static int fetch_all(git_repository *repo, const char *url,
    struct fetching *fetching)
{
	char heads[] = "+refs/heads/*:refs/heads/*";
	char tags[] = "+refs/tags/*:refs/tags/*";
	char *specs[] = {heads, tags};
	const git_strarray all = {specs, 2};
	git_fetch_options options;
	git_remote *remote;
	int code = git_fetch_options_init(&options, GIT_FETCH_OPTIONS_VERSION);

	if (code == 0 && strncmp(url, "https:", 6) == 0)
		code = git_trust_authorities();
	if (code == 0)
		code = git_remote_create_anonymous(&remote, repo, url);
	if (code != 0)
		return code;
	options.callbacks.credentials = give_credential;
	options.callbacks.transfer_progress = show_progress;
	options.callbacks.payload = fetching;
	options.download_tags = GIT_REMOTE_DOWNLOAD_TAGS_NONE;
	code = git_remote_connect(remote, GIT_DIRECTION_FETCH,
	    &options.callbacks, NULL, NULL);
	if (code == 0)
		code = take_head(repo, remote);
	if (code == 0)
		code = git_remote_fetch(remote, &all, &options, NULL);
	git_remote_free(remote);
	return code;
}

int git_mirror(const char *url, const char *dir,
    const struct mldv_events *events, struct mldv_error *err)
{
	struct fetching fetching = {.events = events};
	git_repository *repo = NULL;
	int code, ret = 0;

	git_start();
	code = git_repository_init(&repo, dir, true);
	if (code == 0)
		code = fetch_all(repo, url, &fetching);
	if (code == GIT_EUSER)
		ret = err_set(err, MLDV_INTERRUPTED, "interrupted");
	else if (code == GIT_EAUTH)
		ret = err_set(err, MLDV_FAILED,
		    "it asks who you are, and neither an SSH agent nor a "
		    "ticket could answer; clone it with git, and give the "
		    "clone's directory instead");
	else if (code != 0)
		ret = git_fail(err, code, "cannot clone it");
	git_repository_free(repo);
	git_libgit2_shutdown();
	return ret;
}
