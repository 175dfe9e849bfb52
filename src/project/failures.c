/* SPDX-License-Identifier: Apache-2.0 */
#include "project/failures.h"

int failures_add(struct failures *failures, const struct mldv_project *project,
    const struct mldv_error *err)
{
	if (failures->count++ == 0)
		failures->first = *err;
	else
		project_warn(project, "%s", err->text);
	return err->code == MLDV_INTERRUPTED || err->code == MLDV_TERMINATED
	    ? -1
	    : 0;
}

int failures_end(const struct failures *failures, struct mldv_error *err)
{
	if (failures->count == 0)
		return 0;
	*err = failures->first;
	return -1;
}
