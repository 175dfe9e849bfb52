/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNNER_PARCEL_H
#define RUNNER_PARCEL_H

/*
 * What a stage takes along to another machine, on the remote below ci/, where
 * 'mldv run-stage' finds it by the stage's key:
 *
 *     ci/parcels/<key>         JSON: the struct below
 *     ci/source/<id>.bundle    the work tree as Git has it, and its history
 *     ci/claims/<key>-<n>      who started the n-th job for the key
 *     ci/ends/<key>-<n>        how it ended
 *     ci/logs/<key>-<n>        what it printed
 *
 * A claim is written only where none is, so of two who start the same at once
 * one is first, and the other waits for that one's job. A number is used once.
 */

#include "base/mem.h"
#include "base/strs.h"
#include "format/kind.h"
#include "project/project.h"
#include "remote/plain.h"

#define PARCEL_LIMIT   (32 << 20) /* bytes of a parcel, a claim or an end */
#define PARCEL_SOURCE  (1 << 30)  /* of a bundle */
#define PARCEL_LOG     (8 << 20)  /* of a log that is kept there */
#define PARCEL_VERSION 1

struct parcel_dep {
	const char *path; /* from the root */
	struct content content;
};

/* Texts are borrowed, or in the arena; lists are not to be released. */
struct parcel {
	const char *stage;
	const char *key;      /* 64 digits */
	const char *project;  /* 16 digits */
	const char *commit;   /* that of the bundle: the files */
	const char *base;     /* what it was made from: Git's HEAD */
	const char *branch;   /* that HEAD was on; or NULL */
	const char *who;      /* "Ann Lee <ann@example.org>", or NULL */
	const char *document; /* the key's */
	/* Keyed, out of the environment: NAME=value, or NAME: not set. */
	struct strs variables;
	struct strs overrides; /* NAME=value: parameters */
	struct parcel_dep *deps;
	size_t dep_count;
};

struct jsonout;
struct json;
void parcel_put(const struct parcel *parcel, struct jsonout *json,
    const char *name);
CHECKED int parcel_take(struct parcel *out, struct arena *arena,
    const struct json *doc, struct mldv_error *err);
CHECKED int parcel_parse(struct parcel *out, struct arena *arena,
    const char *text, size_t len, struct mldv_error *err);
/* The texts of a list in a document; in the arena. */
void parcel_texts(const struct json *list, struct arena *arena,
    struct strs *out);
void parcel_put_texts(const struct strs *texts, struct jsonout *json,
    const char *name);

/* "ci/<kind>/<key>", or with "-<n>" behind it if n is not 0. */
const char *parcel_name(struct arena *arena, const char *kind, const char *key,
    uint64_t n);
const char *parcel_source(struct arena *arena, const char *commit);

/* Who started a job. */
struct parcel_claim {
	const char *id; /* what the other system calls it; "": not yet */
	const char *who;
	const char *host;
	const char *clone; /* tells clones from each other */
	uint64_t started;  /* seconds since 1970, by that machine */
};
void parcel_claim_format(const struct parcel_claim *claim, struct buf *out);

/* How a job ended. */
struct parcel_end {
	uint64_t status;     /* of 'mldv run-stage' */
	const char *failure; /* one line; NULL: none */
	bool lost;           /* whoever waited for it gave it up */
};
void parcel_end_format(const struct parcel_end *end, struct buf *out);

/* Brings an item into the store, of which there need be no pointer. */
CHECKED int parcel_fetch(struct mldv_project *project, struct remote *remote,
    const struct content *content, struct mldv_error *err);

/* 1, or 0 if there is none. */
CHECKED int parcel_claim_read(struct remote *remote, const char *key,
    uint64_t n, struct arena *arena, struct parcel_claim *out,
    struct mldv_error *err);
CHECKED int parcel_end_read(struct remote *remote, const char *key, uint64_t n,
    struct arena *arena, struct parcel_end *out, struct mldv_error *err);

#endif
