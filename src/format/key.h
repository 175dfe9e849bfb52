/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_KEY_H
#define FORMAT_KEY_H

/*
 * The document that says everything a stage's result depends on; its SHA-256
 * is the key. After "mldv-key 1", one line per fact, sorted bytewise:
 *
 *     channel <name> <path>           of a training job
 *     cmd <sha256 of the interpolated command>
 *     cwd <path>                      "." is the root
 *     dep <f|x|l|d> <oid> <path>      d: the oid of its tree
 *     entry <entry point>
 *     env <name> =<value>             or "env <name> unset"
 *     envlock <sha256 of the file> <path>
 *     from <archive>:<path> <path>    what an output of such a job is
 *     hyper <name> <JSON>             hyperparameter of such a job
 *     image <reference with a digest>
 *     inject <type> <name> <canonical value>    type "path": a text
 *     kernel <name>
 *     nb <normalised digest> <path>   a notebook
 *     out <path>
 *     param <type> <name> <canonical value>
 *     probe <sha256 of the output> <command>
 *     runner <kind> <version>
 *     salt <text>
 *     shell /bin/sh -eu               unless the runner needs none
 *
 * A path is last on its line and escaped as everywhere; so is a value. Only
 * cmd, cwd and runner are always there.
 */

#include "base/buf.h"
#include "base/strs.h"
#include "format/kind.h"
#include "format/stages.h"

#define KEY_LIMIT (16 << 20)

/* Adds facts in any order, then key_end sorts and hashes. Zeroed: empty. */
struct key {
	struct strs lines; /* without LF */
};

void key_add_stage(struct key *key, const struct stage *stage,
    const char *shell, struct hasher *hasher);
void key_add_dep(struct key *key, enum kind kind, const struct oid *oid,
    const char *path);
/* A dep of a stage: a "dep" line, or an "envlock" or "nb" line. */
void key_add_input(struct key *key, const struct stage_dep *dep, enum kind kind,
    const struct oid *oid);
/* value: NULL if the variable is not set. key_add_stage adds those of the
   stage that have a value; the others and probes are the caller's. */
void key_add_env(struct key *key, const char *name, const char *value);
void key_add_probe(struct key *key, const struct oid *output,
    const char *command);
/* What a runner adds. */
void key_add_notebook(struct key *key, const struct oid *oid, const char *path);
/* Sorts, and gives the key; out (may be NULL) gets the document. */
void key_end(struct key *key, struct buf *out, struct oid *oid);
CHECKED int key_parse(struct key *out, const char *text, size_t len,
    struct mldv_error *err);
/* Is the path an output of a key that was parsed or ended? */
bool key_has_out(const struct key *key, const char *path);
void key_release(struct key *key);

/*
 * The first difference that matters between two keys in words: "param lr
 * 0.1 -> 0.05", "dep src/x.py changed", "cmd changed"; false: none. The
 * order is param, inject, env, cmd, dep, out, the rest.
 */
bool key_difference(const struct key *old, const struct key *new,
    struct buf *out);

#endif
