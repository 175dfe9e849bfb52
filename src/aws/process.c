/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A command that prints credentials: credential_process, "Sourcing credentials
 * with an external process", AWS CLI User Guide.
 */

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "aws/document.h"
#include "aws/source.h"
#include "base/file.h"
#include "base/proc.h"

enum { OUTPUT_LIMIT = 64 * 1024, GRACE = 2 };

struct running {
	struct aws_search *search;
	struct buf output;
	bool too_long;
};

static void sink(void *context, const char *data, size_t size)
{
	struct running *running = context;

	if (running->output.len + size > OUTPUT_LIMIT)
		running->too_long = true;
	else
		buf_add(&running->output, data, size);
}

static bool cancelled(void *context)
{
	const struct running *running = context;
	const struct mldv_events *events = running->search->events;

	return running->too_long ||
	    (events && events->cancelled && events->cancelled(events->context));
}

/* The last line that the command wrote to its standard error. */
static const char *last_line(struct aws_search *search, int fd)
{
	struct mldv_error err = {0};
	struct buf text = {0};
	struct slice left;
	struct slice line;
	const char *out = "";

	if (lseek(fd, 0, SEEK_SET) == 0 &&
	    file_read_fd(fd, "standard error", OUTPUT_LIMIT, &text, &err) ==
	        0) {
		left = slice_trim((struct slice){buf_str(&text), text.len});
		while (slice_cut(&left, '\n', &line))
			;
		out = aws_shown(search->arena, line);
	}
	buf_release(&text);
	return out;
}

static int run(struct running *running, const char *const *argv, int errors,
    struct mldv_error *err)
{
	const struct proc_options options = {.argv = argv, .errors = errors};
	struct proc_result result;
	struct proc proc;
	const char *said;

	if (proc_start(&proc, &options, err) < 0 ||
	    proc_wait(&proc, &result, sink, cancelled, running, GRACE, err) < 0)
		return -1;
	if (running->too_long)
		return err_set(err, MLDV_FAILED, "it prints more than %d bytes",
		    OUTPUT_LIMIT);
	if (cancelled(running))
		return err_set(err, MLDV_INTERRUPTED, "interrupted");
	if (result.status == 0)
		return 0;
	said = last_line(running->search, errors);
	return err_set(err, MLDV_FAILED, "exit status %d%s%s", result.status,
	    *said ? ": " : "", said);
}

static int read_output(struct aws_search *search, const struct buf *output,
    struct aws_credentials *out, struct mldv_error *err)
{
	const struct aws_member_names names = {"AccessKeyId", "SecretAccessKey",
	    "SessionToken", "Expiration"};
	struct json_values values;
	const char *version;

	if (json_flatten(&values, search->arena, output->data, output->len,
	        err) < 0)
		return -1;
	version = aws_member(&values, "Version");
	if (!version || strcmp(version, "1") != 0)
		return err_set(err, MLDV_FAILED, "'Version' is not 1");
	return aws_document_read(&values, &names, out, err);
}

int aws_from_process(struct aws_search *search, const char *profile,
    struct aws_credentials *out, struct mldv_error *err)
{
	const char *command =
	    aws_files_get(search->files, profile, "credential_process");
	struct running running = {.search = search};
	const char *const *argv;
	int errors;
	int ret = -1;

	if (!command)
		return 0;
	errors = memfd_create("errors", MFD_CLOEXEC);
	if (errors < 0)
		return err_errno(err, "cannot make a file in memory");
	if (aws_words(search->arena, command, &argv, err) == 0 &&
	    run(&running, argv, errors, err) == 0)
		ret = read_output(search, &running.output, out, err);
	if (ret < 0)
		(void)err_prefix(err,
		    "credential_process of profile '%s' gives no credentials",
		    profile);
	else
		out->source = arena_printf(search->arena,
		    "credential_process of profile '%s'", profile);
	(void)close(errors);
	buf_release(&running.output);
	return ret < 0 ? -1 : 1;
}
