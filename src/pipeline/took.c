/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/took.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/path.h"
#include "base/str.h"

#define LIMIT (64 << 20)

static const char *dir_of(const struct plan *plan, struct arena *arena)
{
	return path_join(arena, plan->project->home, "state/took");
}

static const char *file_of(const struct plan *plan, struct arena *arena)
{
	return path_join(arena, dir_of(plan, arena), plan->project->tree);
}

static void read_line(struct took *out, const struct plan *plan,
    struct slice line)
{
	struct arena arena = {0};
	struct slice number;
	uint64_t ms;

	if (slice_cut(&line, ' ', &number) && slice_number(number, &ms) &&
	    ms < UINT32_MAX) {
		const struct step *step =
		    plan_find(plan, arena_strn(&arena, line.data, line.len));

		if (step)
			out->list[step - plan->steps] = ms;
	}
	arena_release(&arena);
}

void took_read(struct took *out, const struct plan *plan)
{
	struct arena arena = {0};
	struct mldv_error ignored;
	struct buf text = {0};

	*out =
	    (struct took){.list = xcalloc(plan->count + 1, sizeof *out->list)};
	/* What a kill left; that somebody is writing it costs only time. */
	if (file_exists(dir_of(plan, &arena), &ignored) > 0 &&
	    file_sweep(dir_of(plan, &arena), &ignored) < 0)
		ignored.code = MLDV_FAILED;
	if (file_read(file_of(plan, &arena), LIMIT, &text, &ignored) == 0) {
		struct slice rest = {buf_str(&text), text.len};
		struct slice line;

		while (rest.len > 0) {
			(void)slice_cut(&rest, '\n', &line);
			read_line(out, plan, line);
		}
	}
	buf_release(&text);
	arena_release(&arena);
}

void took_note(struct took *took, size_t step, double seconds)
{
	uint64_t ms = seconds < UINT32_MAX / 1000.0 ? (uint64_t)(seconds * 1000)
	                                            : UINT32_MAX - 1;

	took->list[step] = ms > 0 ? ms : 1;
	took->changed = true;
}

void took_write(const struct took *took, const struct plan *plan)
{
	struct arena arena = {0};
	struct mldv_error ignored;
	struct tempfile temp = {0};
	struct buf text = {0};
	const char *path = file_of(plan, &arena);

	for (size_t i = 0; took->changed && i < plan->count; i++) {
		if (took->list[i] > 0)
			buf_printf(&text, "%" PRIu64 " %s\n", took->list[i],
			    plan->steps[i].stage->name);
	}
	if (text.len > 0 && file_make_parents(path, &ignored) == 0 &&
	    tempfile_open(&temp, path_parent(&arena, path), 0666, &ignored) ==
	        0 &&
	    file_write(temp.fd, path, text.data, text.len, &ignored) == 0 &&
	    tempfile_commit_cache(&temp, path, &ignored) == 0)
		buf_reset(&text);
	tempfile_release(&temp);
	buf_release(&text);
	arena_release(&arena);
}

void took_release(struct took *took)
{
	free(took->list);
	*took = (struct took){0};
}
