/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Covers: aws/answer.c aws/s3page.c aws/s3settings.c aws/xml.c
 */

#include <stdint.h>

#include "aws/answer.h"
#include "aws/s3bucket.h"
#include "aws/s3list.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_settings(struct slice text)
{
	struct s3_lifecycle rules;
	struct arena arena = {0};
	enum s3_versioning versioning;
	enum s3_public access;
	const char *algorithm;
	struct mldv_error err;

	(void)!s3_versioning_read(&versioning, text, &err);
	(void)!s3_public_read(&access, text, &err);
	(void)!s3_encryption_read(&algorithm, &arena, text, &err);
	(void)!s3_lifecycle_read(&rules, text, &err);
	s3_lifecycle_release(&rules);
	arena_release(&arena);
}

/*
 * What a service answers: as an error, a listing, a list of deletions and the
 * settings of a bucket.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = {(const char *)data, size};
	struct net_answer answer = {.status = 400};
	struct aws_refusal refusal;
	struct s3_undeleted left;
	struct mldv_error err;
	struct s3_versions versions = {0};
	struct s3_page page;
	struct buf said = {0};

	buf_add(&answer.body, data, size);
	aws_refusal_read(&refusal, &answer);
	aws_refusal_text(&refusal, &said);
	(void)aws_judge(&refusal);
	buf_release(&said);
	net_answer_release(&answer);
	if (s3_page_read(&page, text, &err) == 0)
		s3_page_release(&page);
	if (s3_versions_read(&versions, "k", text, &err) > 0)
		(void)!s3_versions_read(&versions, "k", text, &err);
	s3_versions_release(&versions);
	if (s3_undeleted_read(&left, text, &err) == 0)
		arena_release(&left.arena);
	read_settings(text);
	return 0;
}
