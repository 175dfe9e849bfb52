/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/elsewhere.h"

#include <string.h>

#define WORD_MOST 40

/*
 * What systems call the states of jobs: Slurm (squeue(1), JOB STATE CODES),
 * Kubernetes (Job and Pod), AWS Batch (JobStatus), LSF (bjobs), and words that
 * one would write oneself.
 */
static const struct word {
	const char *word;
	enum elsewhere_state what;
	bool passing;
} words[] = {
    {"ACTIVE", ELSEWHERE_RUNNING, false},
    {"BOOT_FAIL", ELSEWHERE_ENDED, true},
    {"CANCELLED", ELSEWHERE_ENDED, false},
    {"COMPLETE", ELSEWHERE_ENDED, false},
    {"COMPLETED", ELSEWHERE_ENDED, false},
    {"COMPLETING", ELSEWHERE_RUNNING, false},
    {"CONFIGURING", ELSEWHERE_WAITING, false},
    {"DEADLINE", ELSEWHERE_ENDED, false},
    {"DONE", ELSEWHERE_ENDED, false},
    {"EXIT", ELSEWHERE_ENDED, false},
    {"FAILED", ELSEWHERE_ENDED, false},
    {"LAUNCH_FAILED", ELSEWHERE_ENDED, true},
    {"NODE_FAIL", ELSEWHERE_ENDED, true},
    {"OUT_OF_MEMORY", ELSEWHERE_ENDED, false},
    {"PEND", ELSEWHERE_WAITING, false},
    {"PENDING", ELSEWHERE_WAITING, false},
    {"PREEMPTED", ELSEWHERE_ENDED, true},
    {"QUEUED", ELSEWHERE_WAITING, false},
    {"REQUEUED", ELSEWHERE_WAITING, false},
    {"REQUEUE_FED", ELSEWHERE_WAITING, false},
    {"REQUEUE_HOLD", ELSEWHERE_WAITING, false},
    {"RESIZING", ELSEWHERE_RUNNING, false},
    {"RESV_DEL_HOLD", ELSEWHERE_WAITING, false},
    {"REVOKED", ELSEWHERE_ENDED, false},
    {"RUN", ELSEWHERE_RUNNING, false},
    {"RUNNABLE", ELSEWHERE_WAITING, false},
    {"RUNNING", ELSEWHERE_RUNNING, false},
    {"SIGNALING", ELSEWHERE_RUNNING, false},
    {"SPECIAL_EXIT", ELSEWHERE_WAITING, false},
    {"STAGE_OUT", ELSEWHERE_RUNNING, false},
    {"STARTING", ELSEWHERE_WAITING, false},
    {"STOPPED", ELSEWHERE_WAITING, false},
    {"SUBMITTED", ELSEWHERE_WAITING, false},
    {"SUCCEEDED", ELSEWHERE_ENDED, false},
    {"SUSPENDED", ELSEWHERE_WAITING, false},
    {"TIMEOUT", ELSEWHERE_ENDED, false},
    {"WAITING", ELSEWHERE_WAITING, false},
};

void elsewhere_read_word(struct elsewhere *job, const struct buf *text,
    struct elsewhere_look *out)
{
	struct slice all = slice_trim((struct slice){buf_str(text), text->len});
	size_t len = 0;
	char *word;

	while (len < all.len && len < WORD_MOST &&
	    (((all.data[len] | 0x20) >= 'a' && (all.data[len] | 0x20) <= 'z') ||
	        all.data[len] == '_'))
		len++;
	word = arena_strn(&job->arena, all.data, len);
	for (char *c = word; *c; c++)
		*c = *c >= 'a' && *c <= 'z' ? (char)(*c - 'a' + 'A') : *c;
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		if (strcmp(words[i].word, word) != 0)
			continue;
		out->what = words[i].what;
		out->passing = words[i].passing;
		out->word = word;
	}
	if (out->what == ELSEWHERE_ENDED)
		out->why = strcmp(word, "COMPLETED") == 0 ||
		        strcmp(word, "COMPLETE") == 0 ||
		        strcmp(word, "DONE") == 0 ||
		        strcmp(word, "SUCCEEDED") == 0
		    ? NULL
		    : arena_printf(&job->arena, "job '%s' ended: %s", job->name,
		          word);
}
