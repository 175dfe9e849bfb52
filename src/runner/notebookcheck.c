/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What a notebook gets, and what would go wrong without a word: papermill
 * itself only warns, or does not even notice.
 */

#include "runner/notebook.h"

#include <string.h>

#include "base/path.h"
#include "base/utf8.h"

CHECKED static int check_kernel(const struct stage *stage,
    const struct notebook *notebook, const char *shown, struct mldv_error *err)
{
	const char *kernel = stage->kernel ? stage->kernel : notebook->kernel;

	if (!kernel)
		return err_set(err, MLDV_FAILED,
		    "notebook '%s' does not say which kernel runs it; add "
		    "'kernel = python3' to the stage",
		    shown);
	if (!notebook->language && !slice_starts(slice_of(kernel), "python"))
		return err_set(err, MLDV_FAILED,
		    "notebook '%s' does not say which language it is in; open "
		    "and save it with Jupyter",
		    shown);
	return 0;
}

/* Is there the one cell that the values go behind? */
CHECKED static int check_cell(const struct notebook *notebook,
    const char *shown, struct mldv_error *err)
{
	if (notebook->injected)
		return err_set(err, MLDV_FAILED,
		    "notebook '%s' has a cell tagged 'injected-parameters', "
		    "which an earlier run left; delete that cell",
		    shown);
	if (notebook->parameters == 0)
		return err_set(err, MLDV_FAILED,
		    "notebook '%s' has no cell tagged 'parameters', so its own "
		    "values would replace those of mldv; tag the cell that "
		    "assigns them",
		    shown);
	if (notebook->parameters > 1)
		return err_set(err, MLDV_FAILED,
		    "notebook '%s' has %u cells tagged 'parameters', of which "
		    "the later ones would replace the values of mldv; leave "
		    "the tag on one",
		    shown, notebook->parameters);
	return 0;
}

static void add_words(struct buf *out, const struct strs *names)
{
	for (size_t i = 0; i < names->count && i < 10; i++)
		buf_printf(out, "%s%s", i > 0 ? ", " : "", names->items[i]);
	if (names->count > 10)
		buf_add_str(out, ", …");
}

CHECKED static int check_names(const struct stage *stage,
    const struct strs *names, const char *shown, struct mldv_error *err)
{
	struct buf known = {0};

	add_words(&known, names);
	for (size_t i = 0; i < stage->given_count; i++) {
		const struct stage_inject *inject = &stage->given[i];

		if (inject->optional || strs_has(names, inject->name))
			continue;
		(void)err_set(err, MLDV_FAILED,
		    "the cell tagged 'parameters' in notebook '%s' does not "
		    "assign '%s'%s, so it would not be read; assign it there "
		    "(it has: %s), or take it out of the stage",
		    shown, inject->name,
		    inject->param ? " (a parameter of the stage)" : "",
		    known.len > 0 ? buf_str(&known) : "nothing");
		buf_release(&known);
		return -1;
	}
	buf_release(&known);
	return 0;
}

/* Does the notebook get anything? */
static bool gets_any(const struct stage *stage, const struct strs *names)
{
	for (size_t i = 0; i < stage->given_count; i++) {
		if (!stage->given[i].optional ||
		    strs_has(names, stage->given[i].name))
			return true;
	}
	return false;
}

int notebook_check(const struct stage *stage, const struct notebook *notebook,
    const char *shown, struct mldv_error *err)
{
	struct strs names = {0};
	int ret = check_kernel(stage, notebook, shown, err);

	notebook_names(notebook, &names);
	if (ret == 0 && (notebook->injected || gets_any(stage, &names)))
		ret = check_cell(notebook, shown, err);
	if (ret == 0)
		ret = check_names(stage, &names, shown, err);
	strs_release(&names);
	return ret;
}

CHECKED static int add_value(const struct stage *stage,
    const struct stage_inject *inject, struct buf *out, struct mldv_error *err)
{
	struct arena arena = {0};
	const char *text = inject->value.text;

	if (!utf8_valid(text, strlen(text)))
		return err_set(err, MLDV_FAILED,
		    "the value of '%s' is not UTF-8, so a notebook cannot get "
		    "it",
		    inject->name);
	buf_printf(out, "%s\"%s\": ", out->len > 0 ? ",\n" : "{\n",
	    inject->name);
	if (inject->is_path)
		value_json_text(path_from(&arena, text, stage->cwd), out);
	else
		value_json(&inject->value, out);
	arena_release(&arena);
	return 0;
}

int notebook_values(const struct stage *stage, const struct notebook *notebook,
    struct buf *out, struct mldv_error *err)
{
	struct strs names = {0};
	int ret = 0;

	notebook_names(notebook, &names);
	for (size_t i = 0; ret == 0 && i < stage->given_count; i++) {
		const struct stage_inject *inject = &stage->given[i];

		if (!inject->optional || strs_has(&names, inject->name))
			ret = add_value(stage, inject, out, err);
	}
	if (out->len > 0)
		buf_add_str(out, "\n}\n");
	strs_release(&names);
	return ret;
}
