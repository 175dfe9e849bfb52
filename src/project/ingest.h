/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROJECT_INGEST_H
#define PROJECT_INGEST_H

/*
 * Reading the files of a snapshot, each once, on all processors: to learn
 * their oids, and if wanted to put them into the store.
 */

#include "project/project.h"
#include "store/snapshot.h"

/*
 * Where small items go together. What is in there is neither durable nor to
 * be found before the packers have ended.
 */
struct ingest_shared {
	struct store_packer *files;
	struct store_packer *trees;
};

struct ingest {
	const char *path; /* of the item, from the root */
	struct snapshot *snapshot;
	bool store; /* put what the store lacks into it */
	const struct ingest_shared *shared; /* or NULL */
	uint64_t read;                      /* out: files that were read */
	uint64_t proven; /* out: of them, those that need not be again */
};

/* Files of at most so many bytes in all are a small item. */
#define INGEST_SMALL (PACK_TARGET / 16)

/*
 * Afterwards every file of the snapshot is known (and stored). The store's
 * packs must be loaded if it is to be stored into. A file that changes while
 * it is read is an error that names it.
 */
CHECKED int ingest_files(struct mldv_project *project, struct ingest *ingest,
    struct mldv_error *err);

/*
 * Sums up the directories from the bottom: afterwards each is known, and if
 * wanted its tree is stored. Files come first.
 */
CHECKED int ingest_dirs(struct mldv_project *project, struct ingest *ingest,
    struct mldv_error *err);

#endif
