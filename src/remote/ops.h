/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REMOTE_OPS_H
#define REMOTE_OPS_H

/*
 * What every kind of remote can do: named bytes below a prefix.
 *
 * Names are relative, with slashes, made by mldv. Every operation blocks and
 * may be called from several threads at once. Messages name remote and name.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/strs.h"
#include "format/oid.h"
#include "mldv/doctor.h"
#include "mldv/events.h"

struct ops {
	const struct ops_table *table;
};

#define OPS_VERSION 128 /* with the final NUL */

struct ops_info {
	uint64_t size;
	uint64_t age; /* seconds, by the remote's own clock; if asked for */
	bool has_oid; /* the remote says what the bytes hash to: */
	struct oid oid;
	/* Which of several that had the name; "" where only one is kept. */
	char version[OPS_VERSION];
};

/* Who deletes. */
struct ops_alone {
	bool no_wait;
	bool exclusive; /* a person has seen to it that nobody pushes */
};

/* MLDV_INTERRUPTED if the user wants an end; events may be NULL. */
CHECKED int ops_stopped(const struct mldv_events *events,
    struct mldv_error *err);

/* What is to be put: bytes in memory, or if data is NULL a whole file. */
struct ops_source {
	const void *data;
	int fd;
	const char *name; /* of the file, for messages */
	uint64_t size;
	/* What the file's bytes must hash to, else MLDV_CORRUPT; or NULL. Of
	 * what is in memory it is known to be so. */
	const struct oid *oid;
	/* "text/csv", where the kind of remote keeps that; or NULL. */
	const char *type;
};

enum ops_put {
	OPS_NEW,     /* only if nothing has the name */
	OPS_REPLACE, /* whatever is there */
};

struct ops_table {
	/* How many threads should use it at once; 0: one a processor. */
	unsigned threads;
	bool read_only; /* what would change it is refused */
	bool lockless;  /* lock and lock_all keep nobody away */
	void (*close)(struct ops *ops);
	/*
	 * Called before anything is put where no file 'format' is: makes the
	 * place if its parent is there, and refuses one that holds foreign
	 * things.
	 */
	int (*prepare)(struct ops *ops, struct mldv_error *err);
	/* Keeps a gc away until unlock; the file 'format' is there. */
	int (*lock)(struct ops *ops, struct mldv_error *err);
	/*
	 * The same, and every push too; MLDV_BUSY if somebody is at work there
	 * and no_wait was asked for. Where there are no locks, MLDV_USAGE if
	 * what a push renews meanwhile could be lost (G3).
	 */
	int (*lock_all)(struct ops *ops, const struct ops_alone *how,
	    struct mldv_error *err);
	void (*unlock)(struct ops *ops);
	/* 1, or 0 if nothing has the name. */
	int (*head)(struct ops *ops, const char *name, bool with_age,
	    struct ops_info *out, struct mldv_error *err);
	/* Appends all of it: 1, or 0 if nothing has the name. */
	int (*get)(struct ops *ops, const char *name, size_t limit,
	    struct buf *out, struct mldv_error *err);
	/*
	 * Just these bytes. MLDV_NOT_FOUND if nothing has the name, and
	 * MLDV_CORRUPT if it ends before them.
	 */
	int (*get_range)(struct ops *ops, const char *name, uint64_t offset,
	    size_t size, char *out, struct mldv_error *err);
	/* 1 if it was written, 0 if the name is taken (OPS_NEW only). */
	int (*put)(struct ops *ops, const char *name,
	    const struct ops_source *source, enum ops_put how,
	    struct mldv_error *err);
	/*
	 * Appends the names of all that was put below a directory and its
	 * directories, sorted; none if it is not there.
	 */
	int (*list)(struct ops *ops, const char *dir, struct strs *out,
	    struct mldv_error *err);
	/*
	 * Appends the names under which puts that were killed left something,
	 * or others may be at it. NULL: nothing is ever left.
	 */
	int (*list_pieces)(struct ops *ops, struct strs *out,
	    struct mldv_error *err);
	/*
	 * That nothing has the name is no error. version: of ops_info, only
	 * it and what is older goes; NULL: what is there.
	 */
	int (*drop)(struct ops *ops, const char *name, const char *version,
	    struct mldv_error *err);
	/*
	 * Everything that ever had the name, for good: every version too. That
	 * there is none is no error.
	 */
	int (*erase)(struct ops *ops, const char *name, struct mldv_error *err);
	/* Makes durable that what was put has its name, and what was removed
	 * none. */
	int (*sync)(struct ops *ops, struct mldv_error *err);
	/*
	 * Makes the place itself, and sets what is missing. NULL: there is
	 * nothing to be made.
	 */
	int (*create)(struct ops *ops, mldv_finding_fn *visit, void *context,
	    struct mldv_error *err);
	/*
	 * Looks whether all is as it should be: 1, or 0 if nothing further can
	 * be looked at; -1 only if interrupted.
	 */
	int (*examine)(struct ops *ops, mldv_finding_fn *visit, void *context,
	    struct mldv_error *err);
};

/* What else a remote may need to know; any may be NULL. */
struct ops_options {
	const struct mldv_events *events;
	unsigned jobs; /* requests at once, at most; 0: as many as help */
	const char *endpoint;   /* "https://host[:port]" */
	const char *region;     /* of the bucket */
	const char *addressing; /* "path", "virtual" */
	const char *profile;    /* of the AWS files */
	const char *sse;        /* "AES256", "aws:kms", "aws:kms:dsse" */
	const char *kms_key;
	const char *storage_class; /* of packs */
};

/* What a URL of any of the kinds below means. Looks at nothing yet. */
CHECKED int ops_open(struct ops **out, const char *url, const char *remote_name,
    const struct ops_options *options, struct mldv_error *err);

bool s3_is_url(const char *url);
/* "s3://bucket/prefix". Looks at nothing yet. */
CHECKED int s3_open_ops(struct ops **out, const char *url,
    const char *remote_name, const struct ops_options *options,
    struct mldv_error *err);

bool http_is_url(const char *url);
/* "https://host/path", only to be read. Looks at nothing yet. */
CHECKED int http_open_ops(struct ops **out, const char *url,
    const char *remote_name, const struct ops_options *options,
    struct mldv_error *err);

/* A directory. Looks at nothing yet. */
struct ops *dir_open(const char *path, const char *remote_name,
    const struct mldv_events *events);

#endif
