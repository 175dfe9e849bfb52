/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REMOTE_INSPECT_H
#define REMOTE_INSPECT_H

/*
 * Looking whether a remote still has what its manifests say, and putting
 * anew what it has not.
 */

#include "remote/remote.h"

struct inspect_pack {
	struct manifest_pack info;
	const char *what; /* is wrong with it; NULL: nothing */
	bool hashed;      /* its bytes were read, not only looked for */
	uint64_t order;   /* in which they are read */
};

struct inspect_manifest {
	const char *name;       /* on the remote */
	struct content content; /* if it does not read, oid and kind only */
	struct manifest manifest;
	const char *what; /* is wrong with it; NULL: nothing */
};

struct inspection {
	struct remote *remote; /* borrowed */
	struct arena arena;
	struct inspect_manifest *manifests; /* sorted by name */
	size_t manifest_count;
	struct inspect_pack *packs; /* that the manifests name */
	size_t pack_count;
	struct oid_set ids;     /* of the packs, in the same order */
	struct oid_set damaged; /* packs that are missing or wrong */
	size_t left;            /* packs not read within the budget */
};

struct inspect_options {
	/* Only the manifests of these items, those that are there; or NULL. */
	const struct content *items;
	size_t count;
	double budget; /* seconds for reading packs; 0: all of them */
};

/*
 * Reads every manifest of the project; looks for every pack that they name,
 * and reads packs, in random order if there is a budget: their bytes must have
 * their name, and every object in them its own. What is wrong is in out and no
 * error. MLDV_MISSING if no remote is there.
 */
CHECKED int remote_inspect(struct remote *remote,
    const struct inspect_options *options, struct inspection *out,
    struct mldv_error *err);
void inspection_release(struct inspection *inspection);
/* Is the manifest wrong, or a pack that it names? */
bool inspection_is_bad(const struct inspection *inspection,
    const struct inspect_manifest *manifest);
/*
 * What it would take, or takes unless dry_run, to make the item complete
 * again: out->objects is 0 if nothing. The store gives the objects; what
 * neither it nor the remote has is MLDV_MISSING.
 */
CHECKED int inspection_mend(const struct inspection *inspection,
    struct store *store, const struct content *item, bool dry_run,
    struct remote_count *out, struct mldv_error *err);
/*
 * Removes the damaged packs that no manifest names any more, as after tells,
 * lest a push take one for whole: unless other projects may need what is left
 * of them.
 */
CHECKED int inspection_sweep(const struct inspection *before,
    const struct inspection *after, struct mldv_error *err);

/* 1 if all that is there is mldv's but the file 'format', which is not. */
CHECKED int remote_lost_format(struct remote *remote, struct mldv_error *err);
CHECKED int remote_mend_format(struct remote *remote, struct mldv_error *err);

#endif
