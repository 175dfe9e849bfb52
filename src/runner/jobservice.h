/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNNER_JOBSERVICE_H
#define RUNNER_JOBSERVICE_H

/*
 * The services that a job is asked about, and following it: its state and what
 * it prints.
 */

#include "aws/logs.h"
#include "aws/sagemaker.h"
#include "mldv/jobs.h"
#include "project/project.h"

struct job_service {
	struct mldv_project *project;
	struct net_client *net;
	struct aws_json *sagemaker;
	struct aws_json *logs;
	mldv_line_fn *say;
	void *context;
};
/* Looks at nothing yet. region and profile as in aws/jsoncall.h. */
void job_service_open(struct job_service *service, struct mldv_project *project,
    const char *region, const char *profile);
void job_service_close(struct job_service *service);
void job_say(const struct job_service *service, const char *fmt, ...)
    PRINTF(2, 3);

/* What a job prints, as far as it was read. */
struct job_logs {
	const char *name;
	struct logs_place *places;
	size_t count;
	size_t capacity;
	struct arena arena;
	bool refused; /* they may not be read, which was said */
};
/* Says what is new: 1, 0 if nothing is. What goes wrong is said once. */
int job_logs_read(const struct job_service *service, struct job_logs *logs);
void job_logs_release(struct job_logs *logs);

/*
 * Waits until a job has ended, and says meanwhile what it prints and does.
 * Throttling, a lost connection and credentials that have expired are waited
 * out. MLDV_INTERRUPTED if the user does not want to wait longer.
 */
CHECKED int job_wait(const struct job_service *service, const char *name,
    struct arena *arena, struct sagemaker_job *out, struct mldv_error *err);
/* Has it ended? */
bool job_has_ended(const struct sagemaker_job *job);

/* The jobs that this clone knows, in .git/mldv/jobs/<name>. */
struct job_record {
	const char *name;
	const char *stage;
	const char *key;
	const char *region;
	const char *profile; /* or NULL */
	const char *runner;  /* NULL: SageMaker; else see elsewhere.h */
	uint64_t started;
};
CHECKED int job_record_write(struct mldv_project *project,
    const struct job_record *record, struct mldv_error *err);
/* Forgets one, if it can. */
void job_record_remove(struct mldv_project *project, const char *name);
/* All of them, the oldest first; in the arena. */
CHECKED int job_records_read(struct mldv_project *project, struct arena *arena,
    struct job_record **out, size_t *count, struct mldv_error *err);

#endif
