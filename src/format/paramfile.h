/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_PARAMFILE_H
#define FORMAT_PARAMFILE_H

/*
 * The parameters of a stage as a file for its command: JSON, nested by the
 * dots in their names, which a YAML 1.1 parser reads alike.
 *
 * Where one name is the group of another (train and train.lr), the longer
 * one keeps its dot: {"train": 1, "train.lr": 0.1}.
 */

#include "format/stages.h"

void paramfile_format(const struct stage *stage, struct buf *out);

#endif
