/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "aws/s3list.h"
#include "aws/xml.h"
#include "net/text.h"

#define OBJECT "ListBucketResult/Contents"

static const char *decoded(struct s3_page *page, struct slice text)
{
	struct buf plain = {0};
	const char *out;

	if (!net_decode(&plain, text) ||
	    memchr(buf_str(&plain), '\0', plain.len) != NULL)
		page->wrong = true;
	out = arena_strn(&page->arena, buf_str(&plain), plain.len);
	buf_release(&plain);
	return out;
}

static void take_object(struct s3_page *page)
{
	if (!page->one.key)
		page->wrong = true;
	page->objects = xgrow(page->objects, page->count, &page->capacity,
	    sizeof(*page->objects));
	page->objects[page->count++] = page->one;
	page->one = (struct s3_listed){0};
}

static void take_listed(void *context, const char *path, struct slice text)
{
	struct s3_page *page = context;

	if (strcmp(path, OBJECT "/Key") == 0)
		page->one.key = decoded(page, text);
	else if (strcmp(path, OBJECT "/Size") == 0)
		page->wrong |= !slice_number(text, &page->one.size);
	else if (strcmp(path, OBJECT "/LastModified") == 0)
		page->one.modified = net_time(text);
	else if (strcmp(path, OBJECT) == 0)
		take_object(page);
	else if (strcmp(path, "ListBucketResult/IsTruncated") == 0)
		page->more = slice_is(text, "true");
	else if (strcmp(path, "ListBucketResult/NextContinuationToken") == 0)
		page->next = arena_strn(&page->arena, text.data, text.len);
}

int s3_page_read(struct s3_page *out, struct slice document,
    struct mldv_error *err)
{
	const struct xml_visitor visitor = {take_listed, out};

	*out = (struct s3_page){0};
	if (xml_read(document, &visitor, err) < 0) {
		s3_page_release(out);
		return -1;
	}
	if (out->wrong || (out->more && !out->next)) {
		s3_page_release(out);
		return err_set(err, MLDV_CORRUPT,
		    "the listing is not as it should be");
	}
	if (!out->more)
		out->next = NULL;
	return 0;
}

void s3_page_release(struct s3_page *page)
{
	free(page->objects);
	arena_release(&page->arena);
	*page = (struct s3_page){0};
}

static void take_undeleted(void *context, const char *path, struct slice text)
{
	struct s3_undeleted *out = context;

	if (strcmp(path, "DeleteResult/Error/Key") == 0 && !out->key)
		out->key = arena_strn(&out->arena, text.data, text.len);
	else if (strcmp(path, "DeleteResult/Error/Code") == 0 && !out->code)
		out->code = arena_strn(&out->arena, text.data, text.len);
	else if (strcmp(path, "DeleteResult/Error") == 0 && !out->key)
		out->key = "";
}

int s3_undeleted_read(struct s3_undeleted *out, struct slice document,
    struct mldv_error *err)
{
	const struct xml_visitor visitor = {take_undeleted, out};

	*out = (struct s3_undeleted){0};
	if (xml_read(document, &visitor, err) == 0)
		return 0;
	arena_release(&out->arena);
	*out = (struct s3_undeleted){0};
	return -1;
}
