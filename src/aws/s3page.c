/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "aws/s3list.h"
#include "aws/xml.h"
#include "net/text.h"

#define OBJECT "ListBucketResult/Contents"

static const char *decoded(struct arena *arena, struct slice text, bool *wrong)
{
	struct buf plain = {0};
	struct slice part;
	const char *out;

	/* As a form is: a space may come as a plus, and a plus never does. */
	while (slice_cut(&text, '+', &part)) {
		*wrong |= !net_decode(&plain, part);
		buf_add_char(&plain, ' ');
	}
	if (!net_decode(&plain, part) ||
	    memchr(buf_str(&plain), '\0', plain.len) != NULL)
		*wrong = true;
	out = arena_strn(arena, buf_str(&plain), plain.len);
	buf_release(&plain);
	return out;
}

static void take_object(struct s3_page *page)
{
	if (!page->one.key)
		page->wrong = true;
	if (!page->one.etag)
		page->one.etag = "";
	page->objects = xgrow(page->objects, page->count, &page->capacity,
	    sizeof(*page->objects));
	page->objects[page->count++] = page->one;
	page->one = (struct s3_listed){0};
}

static void take_listed(void *context, const char *path, struct slice text)
{
	struct s3_page *page = context;

	if (strcmp(path, OBJECT "/Key") == 0)
		page->one.key = decoded(&page->arena, text, &page->wrong);
	else if (strcmp(path, OBJECT "/Size") == 0)
		page->wrong |= !slice_number(text, &page->one.size);
	else if (strcmp(path, OBJECT "/ETag") == 0)
		page->one.etag = arena_strn(&page->arena, text.data, text.len);
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

static void take_version(void *context, const char *path, struct slice text)
{
	struct s3_versions *out = context;
	const char *root = "ListVersionsResult/";

	if (strncmp(path, root, strlen(root)) != 0)
		return;
	path += strlen(root);
	if (strcmp(path, "IsTruncated") == 0) {
		out->more = slice_is(text, "true");
	} else if (strcmp(path, "NextKeyMarker") == 0) {
		out->next_key = decoded(&out->arena, text, &out->wrong);
	} else if (strcmp(path, "NextVersionIdMarker") == 0) {
		out->next_version =
		    arena_strn(&out->arena, text.data, text.len);
	} else if (strcmp(path, "Version/Key") == 0 ||
	    strcmp(path, "DeleteMarker/Key") == 0) {
		out->key = decoded(&out->arena, text, &out->wrong);
	} else if (strcmp(path, "Version/VersionId") == 0 ||
	    strcmp(path, "DeleteMarker/VersionId") == 0) {
		out->id = arena_strn(&out->arena, text.data, text.len);
	} else if (strcmp(path, "Version") == 0 ||
	    strcmp(path, "DeleteMarker") == 0) {
		if (!out->key || !out->id)
			out->wrong = true;
		else if (strcmp(out->key, out->of) == 0)
			strs_add(&out->ids, out->id);
		out->key = out->id = NULL;
	}
}

int s3_versions_read(struct s3_versions *versions, const char *key,
    struct slice document, struct mldv_error *err)
{
	const struct xml_visitor visitor = {take_version, versions};
	const char *last_key = versions->next_key;
	const char *last = versions->next_version;

	versions->of = key;
	versions->more = false;
	versions->next_key = versions->next_version = NULL;
	versions->key = versions->id = NULL;
	if (xml_read(document, &visitor, err) < 0)
		return -1;
	/* What follows has other keys, or else is not to be the same page. */
	if (!versions->more ||
	    (versions->next_key && strcmp(versions->next_key, key) != 0)) {
		versions->more = false;
	} else if (!versions->next_key ||
	    (last_key && last && versions->next_version &&
	        strcmp(last, versions->next_version) == 0)) {
		versions->wrong = true;
	}
	if (versions->wrong)
		return err_set(err, MLDV_CORRUPT,
		    "the listing of versions is not as it should be");
	return versions->more;
}

void s3_versions_release(struct s3_versions *versions)
{
	strs_release(&versions->ids);
	arena_release(&versions->arena);
	*versions = (struct s3_versions){0};
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
