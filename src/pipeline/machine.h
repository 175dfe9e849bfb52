/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PIPELINE_MACHINE_H
#define PIPELINE_MACHINE_H

/*
 * What this machine has for stages: processors, and GPUs by name.
 */

#include "format/stages.h"
#include "pipeline/queue.h"
#include "project/project.h"

struct machine {
	unsigned jobs; /* processors that may be used at once */
	/*
	 * As CUDA_VISIBLE_DEVICES names them: those in it, else one for each
	 * /dev/nvidia<number>.
	 */
	struct strs gpus;
};

/* jobs 0: as many as there are processors that this process may use. */
void machine_look(struct machine *out, unsigned jobs);
void machine_release(struct machine *machine);
/* Warns of a stage that wants more than there is, and so runs alone. */
void machine_warn(const struct machine *machine,
    const struct mldv_project *project, const struct stage *stage);
/* Says "NAME=value" of what a stage got. */
void machine_assign(const struct machine *machine, const struct stages *stages,
    const struct stage *stage, struct queue_got got, struct strs *settings);

#endif
