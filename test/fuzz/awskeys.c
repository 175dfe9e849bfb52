/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Credentials in JSON, and the words of a command: keys that were taken can
 * stand in a header, and words that were split are in the line.
 *
 * Covers: aws/document.c
 */

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "aws/document.h"
#include "aws/source.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_keys(const char *text, size_t size, struct arena *arena)
{
	const struct aws_member_names names = {"AccessKeyId", "SecretAccessKey",
	    "SessionToken", "Expiration"};
	struct aws_credentials found;
	struct json_values values;
	struct mldv_error err = {0};

	if (json_flatten(&values, arena, text, size, &err) < 0)
		return;
	if (aws_document_read(&values, &names, &found, &err) < 0) {
		if (err.text[0] == '\0')
			abort();
		return;
	}
	if (!found.access_key[0] || strpbrk(found.access_key, "\r\n /") ||
	    !found.secret_key[0] ||
	    (found.session_token && strpbrk(found.session_token, "\r\n ")))
		abort();
}

static void split(const char *line, struct arena *arena)
{
	struct mldv_error err = {0};
	const char *const *words;
	size_t total = 0;

	if (aws_words(arena, line, &words, &err) < 0)
		return;
	for (; *words; words++)
		total += strlen(*words);
	if (total > strlen(line))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = {0};
	const char *text = arena_strn(&arena, (const char *)data, size);

	read_keys(text, size, &arena);
	split(text, &arena);
	(void)aws_time(text);
	arena_release(&arena);
	return 0;
}
