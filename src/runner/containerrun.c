/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The process between mldv and an engine: see mldv/containers.h.
 *
 * Signals are read from a descriptor, so that the second one cannot end this
 * process before the container has ended.
 */

#include "mldv/containers.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/proc.h"
#include "project/project.h"
#include "runner/containerengine.h"
#include "runner/containerimage.h"

enum {
	GRACE_SECONDS = 4, /* the pipeline sends SIGTERM after ten */
	TICK_MS = 100,
};

struct supervised {
	const char *ended;
	const char *name;
	const char *image;
	const char *const *argv; /* of the engine */
	mldv_output_fn *output;
	void *context;
	int signals; /* descriptor */
	struct proc proc;
	bool started;
	bool stopping;
	bool killed;
	bool removed;
	double stopped_at;
};

static int ask(const struct supervised *own, const char *const *words,
    struct mldv_error *err)
{
	const struct engine_call call = {.program = own->argv[0],
	    .words = words};
	struct buf text = {0};
	int ret = engine_ask(&call, &text, err);

	buf_release(&text);
	return ret;
}

static int find_image(const struct supervised *own, struct mldv_error *err)
{
	const char *const inspect[] = {"image", "inspect", own->image, NULL};
	const char *const pull[] = {"pull", "--quiet", own->image, NULL};
	struct mldv_error cause;

	if (ask(own, inspect, &cause) == 0)
		return 0;
	if (!image_can_be_pulled(own->image))
		return err_set(err, MLDV_MISSING,
		    "image '%s', which mldv.lock names, is in no registry, and "
		    "not here: %s; 'mldv repro --force STAGE' takes the one "
		    "that has its name now",
		    own->image, cause.text);
	if (ask(own, pull, err) < 0)
		return err_prefix(err, "cannot get image '%s'", own->image);
	return 0;
}

static int block_signals(struct supervised *own, struct mldv_error *err)
{
	pid_t parent = getppid();
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return err_errno(err, "cannot block signals");
	own->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (own->signals < 0 || prctl(PR_SET_PDEATHSIG, SIGTERM) < 0)
		return err_errno(err, "cannot wait for signals");
	/* It may be gone since before that was asked for. */
	if (getppid() != parent)
		(void)raise(SIGTERM);
	return 0;
}

/* The signal that came, or 0. */
static uint32_t next_signal(const struct supervised *own)
{
	struct signalfd_siginfo info;

	return read(own->signals, &info, sizeof info) == sizeof info
	    ? info.ssi_signo
	    : 0;
}

static void note_signals(struct supervised *own)
{
	uint32_t signal;

	while ((signal = next_signal(own)) > 0) {
		if (own->stopping)
			continue;
		own->stopping = true;
		own->stopped_at = project_clock();
		/* The pipeline sends SIGINT to the engine, too, which passes
		   it on: a second one would be one too many. */
		if (signal != SIGINT && own->proc.pid > 0)
			(void)kill(own->proc.pid, SIGINT);
	}
}

static void kill_late(struct supervised *own)
{
	if (own->killed || project_clock() < own->stopped_at + GRACE_SECONDS)
		return;
	own->killed = true;
	own->removed = engine_remove(own->argv[0], own->name);
}

static int follow(struct supervised *own, struct mldv_error *err)
{
	int ret = 0;

	while (ret == 0) {
		struct pollfd fds[] = {{own->proc.output, POLLIN, 0},
		    {own->proc.ended, POLLIN, 0}, {own->signals, POLLIN, 0}};
		int patience = proc_patience(&own->proc);

		if (own->stopping && (patience < 0 || patience > TICK_MS))
			patience = TICK_MS;
		if (poll(fds, 3, patience) < 0 && errno != EINTR)
			return err_errno(err, "cannot wait for output");
		note_signals(own);
		if (proc_read(&own->proc, own->output, own->context, err) < 0)
			return -1;
		ret = proc_look(&own->proc, err);
		if (own->stopping && ret == 0)
			kill_late(own);
	}
	while (ret > 0 && own->proc.output >= 0) {
		int more =
		    proc_read(&own->proc, own->output, own->context, err);

		if (more < 0)
			return -1;
		if (more == 0)
			break;
	}
	return ret < 0 ? -1 : 0;
}

/* Tells the parent, who looks at nothing else. */
static int write_end(const struct supervised *own, const char *word,
    const char *what, struct mldv_error *err)
{
	struct buf text = {0};
	int ret;

	buf_printf(&text, "%s %s\n", word, what);
	ret = file_replace(own->ended, text.data, text.len, err);
	buf_release(&text);
	return ret;
}

static int run(struct supervised *own, struct mldv_error *err)
{
	const struct proc_options options = {.argv = own->argv};
	int ret;

	note_signals(own);
	if (own->stopping)
		return err_set(err, MLDV_INTERRUPTED, "interrupted");
	ret = proc_start(&own->proc, &options, err);
	own->started = ret == 0;
	if (ret == 0)
		ret = follow(own, err);
	if ((own->stopping || ret < 0) && !own->removed)
		own->removed = engine_remove(own->argv[0], own->name);
	proc_close(&own->proc);
	return ret;
}

int mldv_container_run(const char *const *words, mldv_output_fn *output,
    void *context, struct mldv_error *err)
{
	struct supervised own = {
	    .ended = words[0],
	    .name = words[1],
	    .image = words[2],
	    .argv = words + 3,
	    .output = output,
	    .context = context,
	    .signals = -1,
	    .proc = {.output = -1, .ended = -1},
	};
	struct mldv_error cause;
	struct arena arena = {0};
	int ret = block_signals(&own, err);

	if (ret == 0)
		ret = find_image(&own, err);
	/* What a crash left has the name. */
	if (ret == 0)
		(void)engine_remove(own.argv[0], own.name);
	if (ret == 0)
		ret = run(&own, err);
	/* If it may still be there the parent hears nothing, and looks. */
	if (own.started && own.stopping && !own.removed)
		ret = err_set(err, MLDV_FAILED, "cannot remove container '%s'",
		    own.name);
	else if (ret == 0)
		ret = write_end(&own, "status",
		    arena_printf(&arena, "%d", own.proc.result.status), err);
	else if (write_end(&own, "failed", err->text, &cause) < 0)
		(void)err_prefix(err, "%s", cause.text);
	if (own.signals >= 0)
		(void)close(own.signals);
	arena_release(&arena);
	return ret;
}
