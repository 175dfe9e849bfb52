/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/containerengine.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "base/path.h"
#include "base/proc.h"
#include "base/str.h"
#include "mldv/project.h"

enum {
	ANSWER_LIMIT = 16 << 20, /* of an image with a long history: 100 KiB */
	COMPLAINT_LIMIT = 1 << 20,
	COMPLAINT_SHOWN = 300,
	GRACE_SECONDS = 2,
};

static const char *variable(const char *name)
{
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): nothing sets it */
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

static bool is_on_path(const char *name, struct arena *arena)
{
	const char *path = variable("PATH");
	struct slice rest = slice_of(path ? path : "/usr/bin:/bin");
	bool more = true;

	if (strchr(name, '/'))
		return access(name, X_OK) == 0;
	while (more) {
		struct slice dir;

		more = slice_cut(&rest, ':', &dir);
		if (dir.len > 0 &&
		    access(path_join(arena,
		               arena_strn(arena, dir.data, dir.len), name),
		        X_OK) == 0)
			return true;
	}
	return false;
}

static bool is_podman(const char *program)
{
	return strncmp(path_base(program), "podman", strlen("podman")) == 0;
}

/* What container.engine says, or NULL. */
static const struct setting *find_setting(const struct stage *stage)
{
	for (size_t i = 0; i < stage->setting_count; i++) {
		if (strcmp(stage->settings[i].key, "container.engine") == 0)
			return &stage->settings[i];
	}
	return NULL;
}

static int take(struct arena *arena, const char *program, const char *who,
    struct engine *out, struct mldv_error *err)
{
	if (!is_on_path(program, arena))
		return err_set(err, MLDV_USAGE,
		    "cannot find '%s', which %s says runs containers; install "
		    "it, or name another in " ENGINE_VARIABLE,
		    program, who);
	out->program = program;
	out->podman = is_podman(program);
	return 0;
}

int engine_find(const struct stage *stage, struct arena *arena,
    struct engine *out, struct mldv_error *err)
{
	static const char *const names[] = {"podman", "docker"};
	const struct setting *setting = find_setting(stage);
	const char *given = variable(ENGINE_VARIABLE);

	if (given)
		return take(arena, given, ENGINE_VARIABLE, out, err);
	if (setting)
		return take(arena, setting->value, "'container.engine'", out,
		    err);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (is_on_path(names[i], arena)) {
			out->program = names[i];
			out->podman = is_podman(names[i]);
			return 0;
		}
	}
	return err_set(err, MLDV_USAGE,
	    "cannot run containers: neither podman nor docker is here; install "
	    "one of them, or name its program in " ENGINE_VARIABLE);
}

struct answer {
	const struct engine_call *call;
	struct buf *out;
};

static void take_output(void *context, const char *data, size_t size)
{
	struct answer *answer = context;

	if (answer->out->len + size <= ANSWER_LIMIT)
		buf_add(answer->out, data, size);
}

static bool is_cancelled(void *context)
{
	const struct answer *answer = context;
	const struct engine_call *call = answer->call;

	return call->cancelled && call->cancelled(call->context);
}

/* The last line that says something, short and in characters to be shown. */
static void last_line(const char *text, size_t len, struct buf *out)
{
	struct slice rest = slice_trim((struct slice){text, len});
	size_t from = rest.len;

	while (from > 0 && rest.data[from - 1] != '\n')
		from--;
	rest = (struct slice){rest.data + from, rest.len - from};
	if (rest.len > COMPLAINT_SHOWN)
		rest.len = COMPLAINT_SHOWN;
	for (size_t i = 0; i < rest.len; i++) {
		unsigned char c = (unsigned char)rest.data[i];

		buf_add_char(out, c < ' ' || c == 0x7f ? ' ' : (char)c);
	}
}

static int complain(const struct engine_call *call, int errors,
    const struct proc_result *result, struct mldv_error *err)
{
	const char *name = path_base(call->program);
	struct mldv_error ignored;
	struct buf text = {0};
	struct buf line = {0};
	int ret;

	if (lseek(errors, 0, SEEK_SET) == 0 &&
	    file_read_fd(errors, name, COMPLAINT_LIMIT, &text, &ignored) == 0)
		last_line(buf_str(&text), text.len, &line);
	if (line.len > 0)
		ret = err_set(err, MLDV_FAILED, "'%s %s' says: %s", name,
		    call->words[0], buf_str(&line));
	else
		ret = err_set(err, MLDV_FAILED,
		    "'%s %s' ended with status %d and did not say why", name,
		    call->words[0], result->status);
	buf_release(&text);
	buf_release(&line);
	return ret;
}

int engine_ask(const struct engine_call *call, struct buf *out,
    struct mldv_error *err)
{
	struct arena arena = {0};
	struct answer answer = {call, out};
	struct proc_result result = {0};
	struct proc_options options = {0};
	struct proc proc = {0};
	const char **argv;
	size_t count = 0;
	int ret;

	while (call->words[count])
		count++;
	argv = arena_array(&arena, count + 2, sizeof *argv);
	argv[0] = call->program;
	memcpy(argv + 1, call->words, count * sizeof *argv);
	options.argv = argv;
	options.errors = memfd_create("errors", MFD_CLOEXEC);
	if (options.errors < 0) {
		arena_release(&arena);
		return err_errno(err, "cannot make a file in memory");
	}
	ret = proc_start(&proc, &options, err);
	if (ret == 0)
		ret = proc_wait(&proc, &result, take_output, is_cancelled,
		    &answer, GRACE_SECONDS, err);
	if (ret == 0 && result.status != 0)
		ret = is_cancelled(&answer)
		    ? err_set(err, MLDV_INTERRUPTED, "interrupted")
		    : complain(call, options.errors, &result, err);
	(void)close(options.errors);
	arena_release(&arena);
	return ret;
}

static bool did(const char *program, const char *const *words)
{
	const struct engine_call call = {.program = program, .words = words};
	struct mldv_error ignored;
	struct buf text = {0};
	int ret = engine_ask(&call, &text, &ignored);

	buf_release(&text);
	return ret == 0;
}

bool engine_remove(const char *program, const char *container)
{
	const char *const kill_it[] = {"kill", container, NULL};
	const char *const remove_it[] = {"rm", "--force", container, NULL};

	/* podman's rm would first ask it to end, and wait for ten seconds;
	   that none runs is no failure. */
	(void)did(program, kill_it);
	return did(program, remove_it);
}
