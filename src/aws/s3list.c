/* SPDX-License-Identifier: Apache-2.0 */
#include "aws/s3list.h"

#include <string.h>

#include "aws/s3call.h"

enum { PAGE_MOST = 1000 };

struct listing {
	struct s3 *s3;
	const char *prefix;
	size_t most; /* 0: all */
	size_t count;
	struct buf token; /* empty: the first page */
	int (*visit)(void *context, const struct s3_listed *object,
	    struct mldv_error *err);
	void *context;
};

static int visit_page(struct listing *listing, struct s3_page *page,
    int64_t now, struct mldv_error *err)
{
	for (size_t i = 0; i < page->count; i++) {
		if (listing->most > 0 && listing->count == listing->most)
			return 0;
		page->objects[i].now = now;
		if (listing->visit(listing->context, &page->objects[i], err) <
		    0)
			return -1;
		listing->count++;
	}
	return 0;
}

/* Of one page: 1 if another follows, 0, or -1. */
static int take_page(struct listing *listing, const struct s3_call *call,
    struct mldv_error *err)
{
	struct slice body = {buf_str(&call->answer.body),
	    call->answer.body.len};
	struct s3_page page;
	int ret;

	if (s3_page_read(&page, body, err) < 0)
		return err_prefix(err, "cannot list 's3://%s/%s'",
		    listing->s3->bucket, listing->prefix);
	ret = visit_page(listing, &page, net_header_time(&call->answer, "date"),
	    err);
	if (ret == 0 && page.next &&
	    (listing->most == 0 || listing->count < listing->most)) {
		/* The same page again would be without end. */
		if (strcmp(page.next, buf_str(&listing->token)) == 0)
			ret = err_set(err, MLDV_CORRUPT,
			    "the listing of 's3://%s/%s' does not end",
			    listing->s3->bucket, listing->prefix);
		else
			ret = 1;
		buf_reset(&listing->token);
		buf_add_str(&listing->token, page.next);
	}
	s3_page_release(&page);
	return ret;
}

static int list_page(struct listing *listing, struct mldv_error *err)
{
	struct s3_call call = {.method = "GET", .sink.size = S3_PAGE_LIMIT};
	int ret;

	aws_query_add(&call.query, "list-type", "2");
	aws_query_add(&call.query, "encoding-type", "url");
	aws_query_add(&call.query, "prefix", listing->prefix);
	if (listing->most > 0 && listing->most < PAGE_MOST)
		aws_query_add(&call.query, "max-keys",
		    arena_printf(&call.arena, "%zu", listing->most));
	if (listing->token.len > 0)
		aws_query_add(&call.query, "continuation-token",
		    buf_str(&listing->token));
	ret = s3_call_send(listing->s3, &call, err);
	if (ret == 0 && !s3_call_is_good(&call))
		ret = s3_call_refused(listing->s3, &call, "list", err);
	else if (ret == 0)
		ret = take_page(listing, &call, err);
	s3_call_release(&call);
	return ret;
}

int s3_list(struct s3 *s3, const char *prefix, size_t most,
    int (*visit)(void *context, const struct s3_listed *object,
        struct mldv_error *err),
    void *context, struct mldv_error *err)
{
	struct listing listing = {
	    .s3 = s3,
	    .prefix = prefix,
	    .most = most,
	    .visit = visit,
	    .context = context,
	};
	int ret;

	do
		ret = list_page(&listing, err);
	while (ret > 0);
	buf_release(&listing.token);
	return ret;
}
