/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AWS_ECS_H
#define AWS_ECS_H

/*
 * Tasks of ECS on Fargate: "Amazon Elastic Container Service API Reference",
 * version 2014-11-13.
 */

#include "aws/jsoncall.h"
#include "base/strs.h"

extern const struct aws_json_service ecs_service;

/* What RunTask takes. NULL, 0, false and empty: not sent. */
struct ecs_request {
	const char *cluster;
	const char *task_definition;
	bool spot; /* FARGATE_SPOT instead of FARGATE */
	struct strs subnets;
	struct strs security_groups;
	bool public_ip;
	const char *container;
	struct strs command;
	const char *const *environment; /* "NAME=value" */
	size_t environment_count;
	uint64_t cpu;           /* 1024 to a processor */
	uint64_t memory;        /* MiB */
	uint64_t disk;          /* GiB */
	const char *started_by; /* at most 128 characters */
	const char *token; /* at most 64: the same one starts no second task */
	const char *const *tags; /* "key=value" */
	size_t tag_count;
};
/* The overrides together may have so many characters. */
enum { ECS_OVERRIDES = 8192 };

/* Appends the JSON; MLDV_USAGE if the overrides are too long. */
CHECKED int ecs_format(const struct ecs_request *request, struct buf *out,
    struct mldv_error *err);
void ecs_request_release(struct ecs_request *request);

/*
 * Starts a task: 1 and its ARN; 0 and the reason in *why if there was no room
 * for it.
 */
CHECKED int ecs_run(struct aws_json *json, const struct ecs_request *request,
    struct buf *arn, struct buf *why, struct mldv_error *err);

/* What is said of a task; texts in the arena, NULL if there are none. */
struct ecs_task {
	const char *status;    /* "RUNNING" */
	bool stopped;          /* "STOPPED", or later */
	const char *stop_code; /* "EssentialContainerExited" */
	const char *reason;    /* stoppedReason, or the container's */
	bool exited;           /* the container has run: */
	uint64_t exit_code;
	const char *container;
	/* Seconds since 1970: from when it is billed, and until; 0: not said */
	double began;
	double ended;
};
/*
 * 1; or 0 if there is no such task: just after it was started, an hour after
 * its end, and when its cluster is gone. The cluster is that which the ARN
 * names, if it does.
 */
CHECKED int ecs_describe(struct aws_json *json, const char *cluster,
    const char *arn, struct arena *arena, struct ecs_task *out,
    struct mldv_error *err);
/* 1, or 0 if there is no such task. */
CHECKED int ecs_stop(struct aws_json *json, const char *cluster,
    const char *arn, const char *reason, struct mldv_error *err);

#endif
