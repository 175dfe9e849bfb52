/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/sageimage.h"

#include <string.h>

#include "aws/ecr.h"
#include "net/client.h"
#include "project/remotes.h"

#define LINE "image "

/* The key's line, if it is this reference with a digest; or NULL. */
static const char *known_line(const struct key *key, const char *reference)
{
	size_t len = strlen(reference);

	for (size_t i = 0; key && i < key->lines.count; i++) {
		const char *line = key->lines.items[i];

		if (strncmp(line, LINE, strlen(LINE)) == 0 &&
		    strncmp(line + strlen(LINE), reference, len) == 0 &&
		    line[strlen(LINE) + len] == '@' &&
		    ecr_is_digest(line + strlen(LINE) + len + 1))
			return line + strlen(LINE);
	}
	return NULL;
}

static int ask(const struct runner_job *job, const struct ecr_image *image,
    struct buf *digest, struct mldv_error *err)
{
	struct mldv_project *project = job->project;
	const struct net_options net = {.events = project->events};
	struct aws_json_options options = {
	    .service = &ecr_service,
	    .events = project->events,
	    .region = image->region,
	};
	struct mldv_error ignored;
	struct aws_json *json;
	const char *remote;
	int ret;

	if (remotes_choose(project, NULL, job->arena, &remote, &ignored) == 0)
		options.profile = config_get(&project->config,
		    arena_printf(job->arena, "remote.%s.profile", remote));
	options.net = net_open(&net);
	json = aws_json_open(&options);
	ret = ecr_digest(json, image, digest, err);
	aws_json_close(json);
	net_close(options.net);
	return ret;
}

int sage_image_resolve(const struct runner_job *job, const char *reference,
    const char **out, struct mldv_error *err)
{
	const char *known = known_line(job->locked, reference);
	struct buf digest = {0};
	struct ecr_image image;
	int ret = 0;

	*out = known ? known : reference;
	if (known || !job->may_ask || !ecr_parse(reference, job->arena, &image))
		return 0;
	ret = ask(job, &image, &digest, err);
	if (ret == 0)
		*out = arena_printf(job->arena, "%s@%s", reference,
		    buf_str(&digest));
	else
		(void)err_prefix(err,
		    "stage '%s': cannot find the digest of its image, by which "
		    "it could be named, too",
		    job->stage->name);
	buf_release(&digest);
	return ret;
}

const char *sage_image_pinned(const struct runner_job *job,
    const char *reference)
{
	const char *line = known_line(job->facts, reference);
	struct ecr_image image;

	if (!line || !ecr_parse(reference, job->arena, &image))
		return reference;
	return arena_printf(job->arena, "%s%s", image.name,
	    line + strlen(reference));
}
