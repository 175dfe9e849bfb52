/* SPDX-License-Identifier: Apache-2.0 */
#include "aws/document.h"

#include <string.h>

#include "net/text.h"

enum { MINUTE = 60, HOUR = 3600 };

const char *aws_member(const struct json_values *values, const char *name)
{
	for (size_t i = 0; i < values->count; i++) {
		if (strcmp(values->items[i].name, name) == 0)
			return values->items[i].text;
	}
	return NULL;
}

/* "+05:30" at the end of a time, in seconds; 0 and not cut: there is none. */
static int64_t cut_offset(struct slice *text)
{
	struct slice hours = {NULL, 2};
	struct slice minutes = {NULL, 2};
	const char *sign = text->data + text->len - 6;
	int64_t seconds;

	if (text->len < 6 || (*sign != '+' && *sign != '-') || sign[3] != ':')
		return 0;
	for (int i = 1; i < 6; i++) {
		if (i != 3 && (sign[i] < '0' || sign[i] > '9'))
			return 0;
	}
	hours.data = sign + 1;
	minutes.data = sign + 4;
	seconds = ((hours.data[0] - '0') * 10 + hours.data[1] - '0') * HOUR +
	    ((minutes.data[0] - '0') * 10 + minutes.data[1] - '0') * MINUTE;
	text->len -= 6;
	return *sign == '+' ? seconds : -seconds;
}

int64_t aws_time(const char *text)
{
	struct slice left = slice_of(text);
	struct buf utc = {0};
	int64_t offset;
	int64_t out;

	if (left.len > 3 && strcmp(text + left.len - 3, "UTC") == 0)
		left.len -= 3;
	else if (left.len > 1 && text[left.len - 1] == 'Z')
		left.len--;
	offset = cut_offset(&left);
	buf_add(&utc, left.data, left.len);
	buf_add_char(&utc, 'Z');
	out = net_time((struct slice){utc.data, utc.len});
	buf_release(&utc);
	return out > 0 ? out - offset : 0;
}

static bool is_printable(const char *text, char from)
{
	for (; *text; text++) {
		if (*text < from || *text > '~')
			return false;
	}
	return true;
}

int aws_credentials_check(const struct aws_credentials *credentials,
    struct mldv_error *err)
{
	if (!credentials->access_key || !credentials->access_key[0])
		return err_set(err, MLDV_FAILED, "there is no access key");
	if (!credentials->secret_key || !credentials->secret_key[0])
		return err_set(err, MLDV_FAILED, "there is no secret key");
	/* A slash in the first would end it in the signature's scope. */
	if (!is_printable(credentials->access_key, '!') ||
	    strpbrk(credentials->access_key, "/,") ||
	    !is_printable(credentials->secret_key, ' ') ||
	    (credentials->session_token &&
	        !is_printable(credentials->session_token, '!')))
		return err_set(err, MLDV_FAILED,
		    "the keys hold characters that keys do not have");
	return 0;
}

int aws_document_read(const struct json_values *values,
    const struct aws_member_names *names, struct aws_credentials *out,
    struct mldv_error *err)
{
	const char *expires = aws_member(values, names->expires);
	struct aws_credentials found = {
	    .access_key = aws_member(values, names->access_key),
	    .secret_key = aws_member(values, names->secret_key),
	    .session_token = aws_member(values, names->session_token),
	};
	uint64_t milliseconds;

	if (aws_credentials_check(&found, err) < 0)
		return -1;
	if (expires && strcmp(expires, "null") != 0) {
		if (slice_number(slice_of(expires), &milliseconds))
			found.expires = (int64_t)(milliseconds / 1000);
		else
			found.expires = aws_time(expires);
		if (found.expires == 0)
			return err_set(err, MLDV_FAILED,
			    "'%s' is not a time of expiry", expires);
	}
	if (found.session_token && strcmp(found.session_token, "null") == 0)
		found.session_token = NULL;
	*out = found;
	return 0;
}
