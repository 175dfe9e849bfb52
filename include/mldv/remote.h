/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MLDV_REMOTE_H
#define MLDV_REMOTE_H

/*
 * Remotes, and moving data to and from them.
 */

#include "mldv/data.h"
#include "mldv/doctor.h"

struct mldv_remote_info {
	const char *name;
	const char *url;
	bool preset; /* the default */
};

void mldv_remote_each(struct mldv_project *project,
    void (*visit)(void *context, const struct mldv_remote_info *remote),
    void *context);
/* The first one becomes the default. clone: into this clone's settings. */
MLDV_CHECKED int mldv_remote_add(struct mldv_project *project, const char *name,
    const char *url, bool clone, struct strs *staged, struct mldv_error *err);
/*
 * Makes the bucket of a remote, or sets what one that is there lacks; nothing
 * that is set already is changed. Visits each thing with what was done. url:
 * adds the remote, as above; NULL: it is there.
 */
struct mldv_remote_create {
	const char *name;
	const char *url;
	bool clone;
	mldv_finding_fn *visit;
	void *context;
};
MLDV_CHECKED int mldv_remote_create(struct mldv_project *project,
    const struct mldv_remote_create *create, struct strs *staged,
    struct mldv_error *err);
MLDV_CHECKED int mldv_remote_remove(struct mldv_project *project,
    const char *name, struct strs *staged, struct mldv_error *err);
MLDV_CHECKED int mldv_remote_default(struct mldv_project *project,
    const char *name, bool clone, struct strs *staged, struct mldv_error *err);

struct mldv_transfer {
	const char *remote;   /* NULL: the default */
	const char *revision; /* push, fetch: its items; NULL: as here */
	bool dry_run;
	bool repair;   /* push: look at what is there, and mend it */
	bool force;    /* pull: as checkout's */
	unsigned jobs; /* requests at once, at most; 0: as many as help */
	mldv_done_fn *done;
	void *context;
};

/* What a whole push, fetch or pull did, or with dry_run would do. */
struct mldv_transferred {
	uint64_t items; /* that needed anything */
	uint64_t up_to_date;
	uint64_t objects;
	uint64_t packs;
	uint64_t bytes; /* that travelled */
	/* Of push with dry_run: */
	uint64_t files; /* of the items that need anything */
	uint64_t puts;  /* requests that write, and those that only ask */
	uint64_t heads;
	struct mldv_price {
		bool asked; /* it is S3, which costs something */
		bool known;
		double requests; /* dollars */
		double storage;  /* dollars a month */
		const char *of;  /* region and date; or why it is not known */
	} price;
	uint64_t missing; /* items that could not be had; the rest was */
};

/*
 * No paths: every item of pointers and lock. An item that cannot be had is
 * warned about and counted as missing, which is no failure by itself; any
 * other error of an item is returned after all the others were tried.
 */
MLDV_CHECKED int mldv_push(struct mldv_project *project,
    const struct strs *paths, const struct mldv_transfer *options,
    struct mldv_transferred *out, struct mldv_error *err);
MLDV_CHECKED int mldv_fetch(struct mldv_project *project,
    const struct strs *paths, const struct mldv_transfer *options,
    struct mldv_transferred *out, struct mldv_error *err);
/* Fetch, then checkout. */
MLDV_CHECKED int mldv_pull(struct mldv_project *project,
    const struct strs *paths, const struct mldv_transfer *options,
    struct mldv_transferred *out, struct mldv_error *err);

#endif
