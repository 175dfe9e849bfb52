/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Covers: aws/answer.c aws/s3page.c aws/xml.c
 */

#include <stdint.h>

#include "aws/answer.h"
#include "aws/s3list.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What a service answers: as an error, a listing and a list of deletions. */
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
	return 0;
}
