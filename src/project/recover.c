/* SPDX-License-Identifier: Apache-2.0 */
#include "project/recover.h"

#include <stdlib.h>

#include "project/remotes.h"
#include "project/roots.h"

struct recovery {
	struct mldv_project *project;
	const struct quarantine *quarantine;
	struct roots roots;
	struct oid *lost; /* that the store still lacks */
	size_t count;
	size_t capacity;
	bool failed;
};

/* seen: two files may have held the same. */
static int add_lost(struct recovery *recovery, const struct damaged *damage,
    struct oid_set *seen, struct mldv_error *err)
{
	for (size_t i = 0; i < damage->lost_count; i++) {
		const struct lost *lost = &damage->lost[i];
		int there = store_has(recovery->project->store, &lost->oid,
		    lost->size, err);

		if (there < 0)
			return -1;
		if (there || !oid_set_add(seen, &lost->oid))
			continue;
		recovery->lost = xgrow(recovery->lost, recovery->count,
		    &recovery->capacity, sizeof *recovery->lost);
		recovery->lost[recovery->count++] = lost->oid;
	}
	return 0;
}

static int find_lost(struct recovery *recovery, struct mldv_error *err)
{
	struct oid_set seen = {0};
	int ret = 0;

	recovery->count = 0;
	for (size_t i = 0; ret == 0 && i < recovery->quarantine->count; i++)
		ret = add_lost(recovery, &recovery->quarantine->list[i], &seen,
		    err);
	oid_set_release(&seen);
	return ret;
}

/* What an earlier version had is one of the packs of its manifest. */
static int ask_for(struct recovery *recovery, struct remote *remote,
    const char *name, const struct content *version, struct mldv_error *err)
{
	struct mldv_project *project = recovery->project;
	struct mldv_error why;
	int ret = project_check(project, err);

	if (ret < 0)
		return -1;
	ret = remote_fetch_objects(remote, project->store, version,
	    recovery->lost, recovery->count, &why);
	if (ret < 0 && why.code == MLDV_INTERRUPTED) {
		*err = why;
		return -1;
	}
	if (ret < 0 && why.code != MLDV_MISSING && why.code != MLDV_NOT_FOUND) {
		recovery->failed = true;
		project_warn(project,
		    "cannot repair an earlier version from '%s': %s", name,
		    why.text);
	}
	/* Some may have come before one that did not. */
	if (ret != 0 &&
	    (store_refresh(project->store, err) < 0 ||
	        find_lost(recovery, err) < 0))
		return -1;
	return 0;
}

static int ask(struct recovery *recovery, const char *name,
    struct mldv_error *err)
{
	struct remote *remote;
	int ret = remotes_open(recovery->project, name, &remote, err);

	if (ret < 0)
		return -1;
	for (size_t i = 0; ret == 0 && i < recovery->roots.count; i++) {
		if (recovery->count == 0)
			break;
		ret = ask_for(recovery, remote, name, &recovery->roots.list[i],
		    err);
	}
	remote_close(remote);
	return ret;
}

int recover_lost(struct mldv_project *project, const struct strs *remotes,
    const struct quarantine *quarantine, bool *failed, struct mldv_error *err)
{
	struct recovery recovery = {.project = project,
	    .quarantine = quarantine};
	int ret = find_lost(&recovery, err);

	if (ret == 0 && recovery.count > 0 && remotes->count > 0)
		ret = roots_here(project, &recovery.roots, err);
	for (size_t i = 0; ret == 0 && i < remotes->count; i++) {
		if (recovery.count > 0)
			ret = ask(&recovery, remotes->items[i], err);
	}
	*failed |= recovery.failed;
	roots_release(&recovery.roots);
	free(recovery.lost);
	return ret;
}
