/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNNER_PYVALUE_H
#define RUNNER_PYVALUE_H

/*
 * Values as the training toolkit of AWS's images sees them: it reads each
 * hyperparameter by Python's json.loads, gives it to the script by str(), and
 * puts it into a variable by json.dumps.
 */

#include "base/buf.h"
#include "base/mem.h"
#include "format/value.h"

/* Is it no list or object of lists or objects? Only such are written right. */
bool py_is_flat(const char *json);
/* Appends repr() of a float: 0.1, 1.0, 1e-05. */
void py_float(double number, struct buf *out);
/* Appends a parameter's value as JSON. */
void py_json(const struct value *value, struct buf *out);
/*
 * Appends what str() makes of a JSON text, itself if it is none: False, [1,
 * 2], abc.
 */
void py_argument(const char *json, struct buf *out);
/*
 * Appends what stands in the SM_HP_ variable: a text without its quotes, all
 * else as compact JSON, its objects' names sorted.
 */
void py_variable(const char *json, struct buf *out);
/* The same without taking quotes away. */
void py_compact(const char *json, struct buf *out);

#endif
