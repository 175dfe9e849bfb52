/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_STAGEREAD_H
#define FORMAT_STAGEREAD_H

/*
 * One [stage …] of mldv.ini, read.
 */

#include "format/interpolate.h"
#include "format/overlap.h"

/* "; did you mean 'x'?" as three arguments; nothing for NULL. */
#define NEAREST(word)                                           \
	(word) ? "; did you mean '" : "", (word) ? (word) : "", \
	    (word) ? "'?" : ""

/* A dep that is the outputs of other stages: "stage:train@*". */
struct stage_ref {
	size_t stage; /* whose dep it is */
	const char *pattern;
	const char *channel;
	unsigned line;
};

struct variant;

struct stage_reader {
	const struct ini *ini;
	struct arena *arena;
	struct stages *stages; /* with params */
	const char *pipeline;  /* its name, or NULL */
	struct place *outs;    /* of all stages so far */
	size_t out_count;
	size_t out_capacity;
	struct stage_ref *refs;
	size_t ref_count;
	size_t ref_capacity;
	/* Of all stages by name, for ${stage.X.out}: format/stageouts.h. */
	struct map made;
	bool made_known;
	struct stage common; /* what [pipeline] says for all stages */
	/* Of the stage that is being read. */
	struct stage *stage;
	struct interpolation in;
	struct place *deps;
	size_t dep_count;
	size_t dep_capacity;
	struct stage_dep *dep_options; /* as many, in the order of the file */
	size_t dep_option_count;
	size_t dep_option_capacity;
	size_t first_out;
	struct stage_out *options; /* as many as outs from first_out on */
	size_t option_count;
	size_t option_capacity;
};

/* Appends the section's variant to the stages. */
CHECKED int stage_read(struct stage_reader *r,
    const struct ini_section *section, const struct variant *variant,
    struct mldv_error *err);
/* Reads only what says which outputs there are: r->options has them. */
CHECKED int stage_read_only_outs(struct stage_reader *r,
    const struct ini_section *section, const struct variant *variant,
    struct mldv_error *err);
/* What stands behind deps = and outs =. */
CHECKED int stage_read_deps(struct stage_reader *r,
    const struct ini_entry *entry, struct mldv_error *err);
CHECKED int stage_read_outs(struct stage_reader *r,
    const struct ini_entry *entry, struct mldv_error *err);
/* Adds a dep that stands on that line. */
void stage_add_dep(struct stage_reader *r, const struct stage_dep *dep,
    unsigned line);
/* Adds an output; check_paths has yet to come. */
void stage_add_out(struct stage_reader *r, const struct stage_out *out,
    unsigned line);
/* Interpolates and cleans a path; the root itself is refused. */
CHECKED int stage_read_path(struct stage_reader *r, unsigned line,
    struct slice text, const char **out, struct mldv_error *err);
/* Refuses names that are mldv's or Git's own. */
CHECKED int stage_check_out(const struct stage_reader *r, unsigned line,
    const char *path, struct mldv_error *err);
/* Could it be a variable of the environment, or a name in a program? */
bool stage_is_variable(struct slice name);
void stage_reader_release(struct stage_reader *r);

/* The name nearest to a stage's, or NULL. */
const char *stage_nearest(const struct stages *stages, struct arena *arena,
    const char *name);

#endif
