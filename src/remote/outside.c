/* SPDX-License-Identifier: Apache-2.0 */
#include "remote/outside.h"

#include <fcntl.h>
#include <string.h>

#include "remote/outsidekind.h"

#define ETAG_LIMIT 200

bool outside_is_address(const char *text)
{
	return s3_is_url(text) || http_is_url(text);
}

/* Such a signature is as good as a password, for as long as it is good. */
static bool has_secret(const char *address)
{
	static const char *const secrets[] = {"x-amz-signature=",
	    "x-amz-security-token=", "x-goog-signature=", "signature=", "sig=",
	    "token=", "access_token=", "api_key="};
	const char *query = strchr(address, '?');

	while (query) {
		query++;
		for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++) {
			if (strncasecmp(query, secrets[i],
			        strlen(secrets[i])) == 0)
				return true;
		}
		query = strchr(query, '&');
	}
	return false;
}

static int check_address(const char *address, struct mldv_error *err)
{
	struct arena arena = {0};
	const char *shown = str_hide_password(&arena, address);
	int ret = 0;

	if (strcmp(shown, address) != 0)
		ret = err_set(err, MLDV_USAGE,
		    "the password in '%s' would get into the pointer; leave it "
		    "out",
		    shown);
	else if (http_is_url(address) && has_secret(address))
		ret = err_set(err, MLDV_USAGE,
		    "the secret in the address '%.*s?…' would get into the "
		    "pointer; name a place that needs none, or an object as "
		    "'s3://bucket/key'",
		    (int)strcspn(address, "?"), address);
	else if (strchr(address, '#'))
		ret = err_set(err, MLDV_USAGE,
		    "cannot import from '%s': it has a '#' in its name", shown);
	arena_release(&arena);
	return ret;
}

int outside_open(struct outside **out, const char *address,
    const struct ops_options *options, struct mldv_error *err)
{
	if (check_address(address, err) < 0)
		return -1;
	if (s3_is_url(address))
		return outside_open_s3(out, address, options, err);
	return outside_open_web(out, address, options, err);
}

void outside_close(struct outside *outside)
{
	if (outside)
		outside->table->close(outside);
}

int outside_look(struct outside *outside, struct buf *version,
    struct mldv_error *err)
{
	return outside->table->look(outside, version, err);
}

int outside_fetch(struct outside *outside, const char *to, struct buf *version,
    struct mldv_error *err)
{
	return outside->table->fetch(outside, to, version, err);
}

bool outside_add_etag(struct buf *version, struct slice etag)
{
	size_t before = version->len;

	if (etag.len == 0 || etag.len > ETAG_LIMIT)
		return false;
	for (size_t i = 0; i < etag.len; i++) {
		unsigned char c = (unsigned char)etag.data[i];

		if (c <= ' ' || c == 0x7f) {
			version->len = before;
			return false;
		}
		if (c != '"')
			buf_add_char(version, (char)c);
	}
	return version->len > before;
}

void outside_advance(struct outside_progress *progress, uint64_t bytes)
{
	const struct mldv_events *events = progress->events;
	uint64_t done =
	    __atomic_add_fetch(&progress->done, bytes, __ATOMIC_RELAXED);
	const struct mldv_progress now = {
	    .what = "downloading",
	    .name = progress->address,
	    .unit = MLDV_BYTES,
	    .done = done,
	    .total = progress->total,
	};

	if (events && events->progress)
		events->progress(events->context, &now);
}

int outside_create(const char *path, struct mldv_error *err)
{
	int fd = open(path,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);

	if (fd < 0)
		(void)err_errno(err, "cannot make '%s'", path);
	return fd;
}
