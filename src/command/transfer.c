/* SPDX-License-Identifier: Apache-2.0 */
#include "command/transfer.h"

#include "base/str.h"
#include "command/report.h"

enum { JOBS_MOST = 256 };

void transfer_done(void *context, const struct mldv_done *done)
{
	const struct context *at = context;
	struct buf line = {0};

	if (done->changed == 0)
		return;
	show_path(at, done->path, &line);
	buf_add_str(&line, ": ");
	show_size(done->files, done->bytes, &line);
	show_took(done->seconds, &line);
	term_say(at->term, "%s", buf_str(&line));
	buf_release(&line);
}

/* "requests: 5 to write, 3 to ask; price: $0.00003, and $0.004 a month" */
static void say_requests(const struct context *context,
    const struct mldv_transferred *sum)
{
	const struct mldv_price *price = &sum->price;
	struct buf line = {0};

	buf_printf(&line, "requests: %llu to write, %llu to ask",
	    (unsigned long long)sum->puts, (unsigned long long)sum->heads);
	if (price->asked && price->known)
		buf_printf(&line,
		    "; price: $%.6f for them, $%.6f a month for storage (%s)",
		    price->requests, price->storage, price->of);
	else if (price->asked)
		buf_printf(&line,
		    "; price unknown: %s; to have it, set remote.NAME.price",
		    price->of);
	term_say(context->term, "%s", buf_str(&line));
	buf_release(&line);
}

/* "sent 2 items: 120 objects in 3 packs, 163 MB" */
static void say_sum(const struct context *context,
    const struct mldv_transferred *sum, const char *past, bool dry_run)
{
	struct buf line = {0};

	if (sum->items == 0 && sum->missing == 0) {
		term_say(context->term, "everything is up to date");
		return;
	}
	if (dry_run)
		buf_add_str(&line, "would have ");
	buf_printf(&line, "%s ", past);
	show_count(sum->items, "item", &line);
	buf_add_str(&line, ": ");
	if (sum->files > 0 && sum->puts > 0) {
		show_count(sum->files, "file", &line);
		buf_add_str(&line, ", ");
	}
	show_count(sum->objects, "object", &line);
	buf_add_str(&line, " in ");
	show_count(sum->packs, "pack", &line);
	buf_add_str(&line, ", ");
	str_bytes(sum->bytes, &line);
	if (sum->up_to_date > 0) {
		buf_add_str(&line, "; up to date: ");
		show_count(sum->up_to_date, "item", &line);
	}
	term_say(context->term, "%s", buf_str(&line));
	buf_release(&line);
	if (dry_run && sum->puts > 0)
		say_requests(context, sum);
}

static int check_missing(const struct mldv_transferred *sum,
    struct mldv_error *err)
{
	struct buf count = {0};

	if (sum->missing == 0)
		return 0;
	show_count(sum->missing, "item", &count);
	err_set(err, MLDV_MISSING, "%s could not be had; the rest was",
	    buf_str(&count));
	buf_release(&count);
	return -1;
}

int transfer_jobs(const char *text, unsigned *out, struct mldv_error *err)
{
	uint64_t number = 0;

	if (text &&
	    (!slice_number(slice_of(text), &number) || number == 0 ||
	        number > JOBS_MOST))
		return err_set(err, MLDV_USAGE,
		    "--jobs must be a number from 1 to %d, not '%s'", JOBS_MOST,
		    text);
	*out = (unsigned)number;
	return 0;
}

int transfer_run(const struct context *context,
    int (*transfer)(struct mldv_project *project, const struct strs *paths,
        const struct mldv_transfer *options, struct mldv_transferred *out,
        struct mldv_error *err),
    const struct mldv_transfer *options, const char *past,
    struct mldv_error *err)
{
	struct context at = *context;
	struct mldv_transfer how = *options;
	struct mldv_transferred sum = {0};
	struct strs paths = {0};
	int ret = -1;

	how.done = transfer_done;
	how.context = &at;
	if (paths_of(context, 0, &paths, err) == 0 &&
	    transfer(context->project, &paths, &how, &sum, err) == 0) {
		say_sum(context, &sum, past, how.dry_run);
		ret = check_missing(&sum, err);
	}
	strs_release(&paths);
	return ret;
}
