/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_TARBALL_H
#define STORE_TARBALL_H

/*
 * .tar.gz archives, which training jobs take and give. The home of
 * libarchive, loaded when it is first needed: it brings a dozen libraries.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/mem.h"
#include "format/kind.h"

/* Of an archive from elsewhere. */
#define TARBALL_ENTRIES (UINT64_C(1) << 22)
#define TARBALL_BYTES   (UINT64_C(1) << 42) /* unpacked */

/* "libarchive 3.6.2": of the library that is loaded; appended. */
CHECKED int tarball_library(struct buf *out, struct mldv_error *err);

struct tarball;

/*
 * Begins an archive in a file. The same files in the same order give the same
 * bytes: no times, owners or modes but whether a file is executable.
 */
CHECKED int tarball_create(struct tarball **out, int fd,
    struct mldv_error *err);
/* file: where it lies, if text is NULL. */
CHECKED int tarball_add(struct tarball *tarball, const char *path,
    enum kind kind, const char *file, const char *text, struct mldv_error *err);
CHECKED int tarball_end(struct tarball *tarball, struct mldv_error *err);
/* In any case. */
void tarball_close(struct tarball *tarball);

/* What of an archive goes where. */
struct tarball_place {
	const char *inner;  /* clean path in the archive; "" for all of it */
	const char *target; /* absolute; what is above it is there, it is not */
	bool found;
};
/*
 * Unpacks an archive of somebody else's: nothing is written but below targets,
 * nothing through a link, and nothing over what is there. Absolute names,
 * "..", links that lead out, devices and hard links are refused, with
 * MLDV_CORRUPT, as is an archive that is damaged.
 */
CHECKED int tarball_unpack(const char *path, struct tarball_place *places,
    size_t count, struct mldv_error *err);

#endif
