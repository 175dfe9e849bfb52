/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/stagedir.h"

#include "base/buf.h"

const char *stage_dir_name(struct arena *arena, const char *stage)
{
	struct buf text = {0};
	const char *out;

	for (const char *c = stage; *c; c++) {
		if (*c == '/' || *c == '%' || (*c == '.' && c == stage))
			buf_printf(&text, "%%%02x", (unsigned)*c);
		else
			buf_add_char(&text, *c);
	}
	out = arena_str(arena, buf_str(&text));
	buf_release(&text);
	return out;
}

const char *stage_dir(const struct mldv_project *project, struct arena *arena,
    const char *kind, const char *stage)
{
	return arena_printf(arena, "%s/%s/%s", project->home, kind,
	    stage_dir_name(arena, stage));
}
