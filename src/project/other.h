/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROJECT_OTHER_H
#define PROJECT_OTHER_H

/*
 * Another project, as it is at one commit, to get items from: a repository on
 * this machine, whose store may have them, or one that Git can clone. Nothing
 * is written there.
 */

#include "project/item.h"
#include "remote/remote.h"

/* Zeroed: none. */
struct other {
	struct mldv_project *project; /* without a work tree */
	struct remote *remote;        /* its default one, or NULL */
	const char *address; /* "/srv/git/data", "https://host/data.git" */
	const char *shown;   /* the same without a password */
	bool secret;         /* that it has */
	char *commit;        /* 40 hexadecimal digits */
	struct items items;
	struct arena arena;
};

struct other_options {
	const char *repository; /* a directory, or a URL */
	const char *revision;   /* NULL: HEAD */
	const char *temp; /* a directory of the caller, who will remove it */
	const char *home; /* where what is known of remotes is kept */
	const struct mldv_events *events; /* or NULL */
};

CHECKED int other_open(struct other *other, const struct other_options *options,
    struct mldv_error *err);
void other_close(struct other *other);

/* Something in an item there, or a whole one. */
struct other_part {
	const struct item *item;
	struct content content;
};
CHECKED int other_find(struct other *other, const char *path,
    struct other_part *out, struct mldv_error *err);
/* 1 if its store has all of the part, else 0. */
CHECKED int other_has(struct other *other, const struct other_part *part,
    struct mldv_error *err);
/* Puts all of the part into a store, from its store or else its remote. */
CHECKED int other_fetch(struct other *other, const struct other_part *part,
    struct store *store, struct mldv_error *err);

#endif
