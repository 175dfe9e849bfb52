/* SPDX-License-Identifier: Apache-2.0 */

/*
 * How papermill is started. Options and behaviour are those of papermill 2.6
 * and 2.7 (papermill/cli.py, execute.py).
 */

#include "runner/notebook.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/path.h"

static const char *variable(const char *name)
{
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): nothing sets it */
	const char *value = getenv(name);

	return value && value[0] ? value : NULL;
}

static bool is_program(const char *path)
{
	return access(path, X_OK) == 0;
}

/* The first directory of PATH that has it; NULL: none. */
static const char *search(struct arena *arena, const char *name)
{
	const char *path = variable("PATH");
	struct slice rest = slice_of(path ? path : "");
	struct slice dir;
	bool more = true;

	while (more) {
		const char *at;

		more = slice_cut(&rest, ':', &dir);
		at = path_join(arena, arena_strn(arena, dir.data, dir.len),
		    name);
		if (path_is_absolute(at) && is_program(at))
			return at;
	}
	return NULL;
}

/* *named: somebody named it, so that it may lie outside PATH. */
CHECKED static int find_papermill(const struct runner_job *job,
    const char **out, bool *named, struct mldv_error *err)
{
	const char *name = job->stage->papermill;

	if (!name)
		name = variable("MLDV_PAPERMILL");
	*named = name != NULL;
	if (!name)
		*out = search(job->arena, "papermill");
	else if (path_base(name) == name)
		*out = search(job->arena, name);
	else
		*out = project_absolute(job->project, job->arena, name);
	if (*out && is_program(*out))
		return 0;
	return err_set(err, MLDV_FAILED,
	    "cannot find '%s', which runs notebooks; run 'pip install "
	    "papermill ipykernel' in the environment that is active, or name "
	    "it in 'papermill =' of [pipeline]",
	    name ? name : "papermill");
}

CHECKED static int read_notebook(struct runner_job *job, struct buf *text,
    struct notebook *out, struct mldv_error *err)
{
	const struct stage *stage = job->stage;
	const char *path =
	    project_absolute(job->project, job->arena, stage->notebook);

	if (file_read(path, NOTEBOOK_LIMIT, text, err) < 0)
		return -1;
	if (notebook_parse(out, (struct slice){buf_str(text), text->len}, err) <
	    0)
		return err_prefix(err, "notebook '%s'",
		    project_shown(job->project, job->arena, stage->notebook));
	return 0;
}

/* papermill takes paths for Python's format strings. */
static void add_path(struct strs *argv, const char *path)
{
	struct buf text = {0};

	for (; *path; path++) {
		if (*path == '{' || *path == '}')
			buf_add_char(&text, *path);
		buf_add_char(&text, *path);
	}
	strs_add(argv, buf_str(&text));
	buf_release(&text);
}

static void add_option(struct strs *argv, const char *option, const char *value)
{
	strs_add(argv, option);
	strs_add(argv, value);
}

CHECKED static int make_arguments(struct runner_job *job, const char *program,
    const struct notebook *notebook, struct mldv_error *err)
{
	const struct notebook_job *own = job->state;
	const char *kernel = job->stage->kernel;
	const char *file = path_join(job->arena, job->temp, "params.json");
	struct buf values = {0};
	int ret;

	strs_add(&job->argv, program);
	strs_add(&job->argv, "--no-progress-bar");
	strs_add(&job->argv, "--log-output");
	add_option(&job->argv, "--cwd", job->dir);
	add_option(&job->argv, "-k", kernel ? kernel : notebook->kernel);
	if (!notebook->language)
		add_option(&job->argv, "-l", "python");
	ret = notebook_values(job->stage, notebook, &values, err);
	if (ret == 0 && values.len > 0) {
		ret = file_replace(file, values.data, values.len, err);
		add_option(&job->argv, "-f", file);
	}
	add_path(&job->argv, own->copy);
	add_path(&job->argv, own->result);
	buf_release(&values);
	return ret;
}

/*
 * The user's own settings of IPython and Jupyter have no say, but kernels
 * that the user installed can be used. What a named papermill lies beside
 * (aws, jupyter, python) is found first, as if its environment were active.
 */
CHECKED static int make_environment(struct runner_job *job, const char *program,
    bool named, struct mldv_error *err)
{
	static const char *const dirs[][2] = {
	    {"IPYTHONDIR", "ipython"},
	    {"JUPYTER_CONFIG_DIR", "config"},
	    {"JUPYTER_RUNTIME_DIR", "runtime"},
	};
	const char *path = variable("PATH");

	for (size_t i = 0; i < sizeof dirs / sizeof dirs[0]; i++) {
		const char *dir = path_join(job->arena, job->temp, dirs[i][1]);

		if (file_make_dirs(dir, err) < 0)
			return -1;
		strs_add(&job->environment,
		    arena_printf(job->arena, "%s=%s", dirs[i][0], dir));
	}
	/* Else debugpy warns in every cell that it cannot debug frozen modules.
	 */
	strs_add(&job->environment, "PYDEVD_DISABLE_FILE_VALIDATION=1");
	if (named)
		strs_add(&job->environment,
		    arena_printf(job->arena, "PATH=%s%s%s",
		        path_parent(job->arena, program), path ? ":" : "",
		        path ? path : ""));
	return 0;
}

static int prepare(struct runner_job *job, struct mldv_error *err)
{
	struct notebook_job *own = arena_alloc(job->arena, sizeof *own);
	struct notebook notebook = {0};
	struct buf text = {0};
	const char *program;
	bool named;
	int ret;

	*own = (struct notebook_job){
	    .copy = path_join(job->arena, job->temp, "in.ipynb"),
	    .result = path_join(job->arena, job->temp, "out.ipynb"),
	};
	job->state = own;
	ret = find_papermill(job, &program, &named, err);
	if (ret == 0)
		ret = read_notebook(job, &text, &notebook, err);
	if (ret == 0)
		ret = notebook_check(job->stage, &notebook,
		    project_shown(job->project, job->arena,
		        job->stage->notebook),
		    err);
	if (ret == 0)
		ret = file_replace(own->copy, text.data, text.len, err);
	if (ret == 0)
		ret = make_arguments(job, program, &notebook, err);
	if (ret == 0)
		ret = make_environment(job, program, named, err);
	notebook_release(&notebook);
	buf_release(&text);
	return ret;
}

const struct runner runner_notebook = {
    .name = "notebook",
    .version = 1,
    .prepare = prepare,
    .finish = notebook_finish,
    .cut_off = notebook_cut_off,
};
