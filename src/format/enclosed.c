/* SPDX-License-Identifier: Apache-2.0 */

/* What a run record encloses: see run.h. */

#include <stdlib.h>
#include <string.h>

#include "format/lines.h"
#include "format/run.h"

void run_enclose(struct run *run, struct arena *arena, const struct oid *oid,
    struct slice text)
{
	struct run_object *all;
	size_t bytes = text.len;

	for (size_t i = 0; i < run->enclosed_count; i++)
		bytes += run->enclosed[i].text.len;
	if (text.len == 0 || text.len > RUN_ENCLOSED ||
	    bytes > RUN_ENCLOSED_ALL || memchr(text.data, '\0', text.len) ||
	    run_enclosed(run, oid))
		return;
	all = arena_array(arena, run->enclosed_count + 1, sizeof *all);
	if (run->enclosed_count > 0)
		memcpy(all, run->enclosed, run->enclosed_count * sizeof *all);
	all[run->enclosed_count++] = (struct run_object){*oid,
	    {arena_strn(arena, text.data, text.len), text.len}};
	run->enclosed = all;
}

const struct run_object *run_enclosed(const struct run *run,
    const struct oid *oid)
{
	for (size_t i = 0; i < run->enclosed_count; i++) {
		if (oid_equal(&run->enclosed[i].oid, oid))
			return &run->enclosed[i];
	}
	return NULL;
}

static int compare_objects(const void *a, const void *b)
{
	return oid_compare(&((const struct run_object *)a)->oid,
	    &((const struct run_object *)b)->oid);
}

void run_format_enclosed(struct run *run, struct buf *out)
{
	if (run->enclosed_count > 1)
		qsort(run->enclosed, run->enclosed_count, sizeof *run->enclosed,
		    compare_objects);
	for (size_t i = 0; i < run->enclosed_count; i++) {
		const struct run_object *object = &run->enclosed[i];

		buf_add_str(out, "object ");
		lines_add_oid(out, &object->oid);
		buf_add_char(out, ' ');
		lines_add_path(out, object->text.data, object->text.len);
		buf_add_char(out, '\n');
	}
}
