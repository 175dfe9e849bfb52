/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/jobexport.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/path.h"
#include "project/trees.h"
#include "project/worktree.h"

enum { WEEK = 7 * 24 * 3600, KEY_LIMIT_S3 = 1024 };

struct exporting {
	struct mldv_project *project;
	const char *dep;
	const char *hex; /* of its oid */
	struct arena arena;
	struct remote_plain *files;
	size_t count;
	size_t capacity;
	uint64_t bytes;
};

static int add_file(void *context, const char *path,
    const struct content *content, struct mldv_error *err)
{
	struct exporting *exporting = context;
	struct arena *arena = &exporting->arena;
	const char *whole = path_join(arena, exporting->dep, path);
	const char *inner = *path ? path : path_base(exporting->dep);
	struct remote_plain file = {
	    .file = project_absolute(exporting->project, arena,
	        *path ? whole : exporting->dep),
	    .name = arena_printf(arena, "export/%s/%s", exporting->hex, inner),
	    .oid = content->oid,
	    .size = content->size,
	};

	if (content->kind == KIND_LINK)
		return err_set(err, MLDV_FAILED,
		    "'%s' is a link, which a bucket cannot hold for a job",
		    whole);
	if (strlen(file.name) > KEY_LIMIT_S3)
		return err_set(err, MLDV_FAILED,
		    "'%s' has too long a name for a bucket", whole);
	exporting->files = xgrow(exporting->files, exporting->count,
	    &exporting->capacity, sizeof *exporting->files);
	exporting->files[exporting->count++] = file;
	exporting->bytes += content->size;
	return 0;
}

/* Finds its files, and that they are still what the key says. */
static int find_files(struct exporting *exporting,
    const struct job_channel *channel, struct mldv_error *err)
{
	struct snapshot snapshot = {0};
	struct content content;
	int ret = worktree_hash(exporting->project, channel->path, &content,
	    &snapshot, err);

	if (ret == 0 && !oid_equal(&content.oid, &channel->oid))
		ret = err_set(err, MLDV_FAILED,
		    "'%s' was changed while its job was prepared",
		    channel->path);
	if (ret == 0)
		ret = snapshot_each(&snapshot, add_file, exporting, err);
	snapshot_release(&snapshot);
	return ret;
}

static int export_channel(const struct job_service *service,
    struct remote *remote, const struct job_channel *channel,
    struct mldv_error *err)
{
	char hex[OID_HEX + 1];
	struct exporting exporting = {
	    .project = service->project,
	    .dep = channel->path,
	    .hex = hex,
	};
	const char *done;
	int ret;

	oid_hex(&channel->oid, hex);
	done = arena_printf(&exporting.arena, "export/%s.done", hex);
	ret = remote_plain_has(remote, done, WEEK, err);
	if (ret == 0) {
		ret = find_files(&exporting, channel, err);
		if (ret == 0)
			job_say(service,
			    "mldv: sending '%s' for jobs to read: %zu files, "
			    "%" PRIu64 " bytes",
			    channel->path, exporting.count, exporting.bytes);
		if (ret == 0)
			ret = remote_plain_put_many(remote, exporting.files,
			    exporting.count, err);
		if (ret == 0)
			ret = remote_plain_put(remote, done, "", 0, err);
	}
	free(exporting.files);
	arena_release(&exporting.arena);
	return ret < 0 ? -1 : 0;
}

/* Small, and named by its bytes. */
static int export_source(struct remote *remote, const struct jobfile *job,
    struct mldv_error *err)
{
	struct buf bytes = {0};
	int ret = file_read(job->source, (size_t)1 << 30, &bytes, err);

	if (ret == 0)
		ret = remote_plain_put(remote, job->source_name, bytes.data,
		    bytes.len, err);
	buf_release(&bytes);
	return ret;
}

int job_export(const struct job_service *service, struct remote *remote,
    const struct jobfile *job, struct mldv_error *err)
{
	for (size_t i = 0; i < job->channel_count; i++) {
		if (export_channel(service, remote, &job->channels[i], err) < 0)
			return -1;
	}
	return export_source(remote, job, err);
}
