/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/machine.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/str.h"

#define GPU_VARIABLE "CUDA_VISIBLE_DEVICES"

static unsigned count_processors(void)
{
	cpu_set_t set;

	/* With more than 1024 of them it fails. */
	if (sched_getaffinity(0, sizeof set, &set) < 0)
		return 1024;
	return CPU_COUNT(&set) > 0 ? (unsigned)CPU_COUNT(&set) : 1;
}

/* The words of a variable of ours, as "0,2" or "GPU-1f2e,GPU-77aa". */
static bool read_variable(const char *name, struct strs *out)
{
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): nothing sets it */
	const char *value = getenv(name);
	struct slice rest = slice_of(value ? value : "");
	struct slice word;
	bool more = value != NULL;

	while (more) {
		more = slice_cut(&rest, ',', &word);
		word = slice_trim(word);
		if (word.len > 0)
			strs_add_n(out, word.data, word.len);
	}
	return value != NULL;
}

static void list_devices(struct strs *out)
{
	struct mldv_error ignored;
	struct strs names = {0};

	if (file_list("/dev", &names, &ignored) < 0)
		names.count = 0;
	for (size_t i = 0; i < names.count; i++) {
		const char *name = names.items[i];
		uint64_t number;

		if (strncmp(name, "nvidia", 6) == 0 &&
		    slice_number(slice_of(name + 6), &number))
			strs_add(out, name + 6);
	}
	strs_release(&names);
}

void machine_look(struct machine *out, unsigned jobs)
{
	*out = (struct machine){.jobs = jobs ? jobs : count_processors()};
	if (!read_variable(GPU_VARIABLE, &out->gpus))
		list_devices(&out->gpus);
}

void machine_release(struct machine *machine)
{
	strs_release(&machine->gpus);
}

void machine_warn(const struct machine *machine,
    const struct mldv_project *project, const struct stage *stage)
{
	if (stage->gpus > machine->gpus.count)
		project_warn(project,
		    "stage '%s' wants %u GPUs of %zu that are here; it runs "
		    "alone",
		    stage->name, stage->gpus, machine->gpus.count);
	else if (stage->cpus > machine->jobs)
		project_warn(project,
		    "stage '%s' wants %u processors of %u that may be used; "
		    "it runs alone",
		    stage->name, stage->cpus, machine->jobs);
}

/*
 * A pool that assigns a variable: of the words that it has here already the
 * one of the slot, else the slot's number.
 */
static void assign_slot(const struct stage_pool *pool, unsigned slot,
    struct strs *settings)
{
	struct arena arena = {0};
	struct strs words = {0};

	(void)read_variable(pool->assign, &words);
	if (slot < words.count)
		strs_add(settings,
		    arena_printf(&arena, "%s=%s", pool->assign,
		        words.items[slot]));
	else
		strs_add(settings,
		    arena_printf(&arena, "%s=%u", pool->assign, slot));
	strs_release(&words);
	arena_release(&arena);
}

void machine_assign(const struct machine *machine, const struct stages *stages,
    const struct stage *stage, struct queue_got got, struct strs *settings)
{
	const struct stage_pool *pool =
	    stage->pool ? stages_pool(stages, stage->pool) : NULL;
	struct buf text = {0};

	for (unsigned i = 0; i < got.gpu_count; i++)
		buf_printf(&text, "%s%s", i == 0 ? GPU_VARIABLE "=" : ",",
		    machine->gpus.items[got.gpus[i]]);
	if (text.len > 0)
		strs_add(settings, buf_str(&text));
	if (pool && pool->assign)
		assign_slot(pool, got.slot, settings);
	buf_release(&text);
}
