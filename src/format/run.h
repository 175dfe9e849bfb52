/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_RUN_H
#define FORMAT_RUN_H

/*
 * What happened when a key was computed: kept in runs/ab/<key>.
 *
 *     mldv-run 1
 *     stage <name>
 *     started <seconds since 1970, UTC>
 *     took <milliseconds>
 *     host <name>
 *     platform <uname -sm>
 *     command <text>                  as it was run       } each of these
 *     commit <40 or 64 digits>        Git's HEAD then     } lines may be
 *     dirty <size> <oid>              what differed from  } missing
 *     branch <name>                       that commit     }
 *     who <name> <mail>                                   }
 *     interpreter <version>           Python 3.11.2       }
 *     job <name>                      of a remote runner  }
 *     cost <text>                     of that job         }
 *     about <word> <text>             of it, sorted by word
 *     metric <number> <name>          that the job said, sorted by name
 *     metrics <path>                  sorted by path
 *     metric <number> <name>          of that file, sorted by name
 *     made <f|x|l> <size> <oid> <path>
 *     made d <size> <files> <oid> <path>      sorted by path
 *     object <oid> <text>             enclosed, sorted
 *     (an empty line)
 *     the key document
 */

#include "base/buf.h"
#include "base/mem.h"
#include "format/key.h"
#include "format/kind.h"

#define RUN_LIMIT (KEY_LIMIT + (2 << 20))
/*
 * Small texts that no push sends as items are in the record itself: outputs
 * that Git keeps, and the diff. Bytes of one, and of all.
 */
#define RUN_ENCLOSED     (256 << 10)
#define RUN_ENCLOSED_ALL (384 << 10)

struct made {
	struct content content;
	const char *path;
};

/* A number out of an output of kind metrics. */
struct run_metric {
	const char *path; /* of the output; "": the job said it */
	const char *name; /* "test.accuracy" */
	const char *text; /* digits, one of "+-.eE" at most between them */
	double value;
};

/* "console", "https://…": what else is known of a job. */
struct run_about {
	const char *word; /* without a space */
	const char *text;
};

/* The bytes of an object, without a NUL; never empty. */
struct run_object {
	struct oid oid;
	struct slice text;
};

struct run {
	const char *stage;
	uint64_t started;
	uint64_t took;
	const char *host;
	const char *platform;
	/* NULL: not known. */
	const char *command;
	const char *commit;
	const char *branch;
	const char *who;
	const char *interpreter;
	const char *job;
	const char *cost;
	struct run_about *about; /* run_format sorts them */
	size_t about_count;
	/* The text of a diff between the commit and what the run saw. */
	bool dirty;
	struct oid diff;
	uint64_t diff_size;
	struct run_metric *metrics; /* run_format sorts them */
	size_t metric_count;
	struct made *made; /* run_format sorts them */
	size_t made_count;
	struct run_object *enclosed; /* run_format sorts them */
	size_t enclosed_count;
	struct key key;
};

/* Refuses a record whose key document does not hash to key. */
CHECKED int run_parse(struct run *out, struct arena *arena,
    const struct oid *key, const char *text, size_t len,
    struct mldv_error *err);
void run_format(struct run *run, struct buf *out);
void run_release(struct run *run);
/* Is the text a number as a metric line may have it? */
bool run_is_number(const char *text, double *value);

/* --- enclosed.c: the objects that a record has in it --- */

/* Encloses the bytes of an object, unless they are too many or no text. */
void run_enclose(struct run *run, struct arena *arena, const struct oid *oid,
    struct slice text);
/* Their lines; sorts them. A part of run_format. */
void run_format_enclosed(struct run *run, struct buf *out);
/* What is enclosed under that name; or NULL. */
const struct run_object *run_enclosed(const struct run *run,
    const struct oid *oid);

#endif
