/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/parcel.h"

#include <inttypes.h>
#include <string.h>

#include "base/jsonout.h"
#include "base/path.h"
#include "format/json.h"

const char *parcel_name(struct arena *arena, const char *kind, const char *key,
    uint64_t n)
{
	return n > 0 ? arena_printf(arena, "ci/%s/%s-%" PRIu64, kind, key, n)
	             : arena_printf(arena, "ci/%s/%s", kind, key);
}

const char *parcel_source(struct arena *arena, const char *commit)
{
	return arena_printf(arena, "ci/source/%s.bundle", commit);
}

void parcel_put_texts(const struct strs *texts, struct jsonout *json,
    const char *name)
{
	jsonout_begin(json, name, '[');
	for (size_t i = 0; i < texts->count; i++)
		jsonout_text(json, NULL, texts->items[i]);
	jsonout_end(json, ']');
}

void parcel_texts(const struct json *list, struct arena *arena,
    struct strs *out)
{
	size_t count = json_len(list);

	*out = (struct strs){
	    .items = arena_array(arena, count + 1, sizeof *out->items)};
	for (size_t i = 0; i < count; i++) {
		const char *text = json_str(json_item(list, i));

		if (text)
			out->items[out->count++] = arena_str(arena, text);
	}
}

void parcel_put(const struct parcel *parcel, struct jsonout *json,
    const char *name)
{
	char hex[OID_HEX + 1];

	jsonout_begin(json, name, '{');
	jsonout_count(json, "version", PARCEL_VERSION);
	jsonout_text(json, "stage", parcel->stage);
	jsonout_text(json, "key", parcel->key);
	jsonout_text(json, "project", parcel->project);
	jsonout_text(json, "commit", parcel->commit);
	jsonout_text(json, "base", parcel->base);
	jsonout_text(json, "branch", parcel->branch);
	jsonout_text(json, "who", parcel->who);
	jsonout_text(json, "document", parcel->document);
	parcel_put_texts(&parcel->variables, json, "variables");
	parcel_put_texts(&parcel->overrides, json, "overrides");
	jsonout_begin(json, "deps", '[');
	for (size_t i = 0; i < parcel->dep_count; i++) {
		const struct content *content = &parcel->deps[i].content;
		const char kind[2] = {kind_letter(content->kind), '\0'};

		oid_hex(&content->oid, hex);
		jsonout_begin(json, NULL, '{');
		jsonout_text(json, "path", parcel->deps[i].path);
		jsonout_text(json, "kind", kind);
		jsonout_text(json, "oid", hex);
		jsonout_count(json, "size", content->size);
		jsonout_count(json, "files", content->files);
		jsonout_end(json, '}');
	}
	jsonout_end(json, ']');
	jsonout_end(json, '}');
}

static int lacks(struct mldv_error *err, const char *what)
{
	return err_set(err, MLDV_CORRUPT,
	    "the parcel of the stage lacks its '%s'", what);
}

/* A path from the root that can lie in a work tree, and is not Git's own. */
static bool is_path(struct arena *arena, const char *path)
{
	const char *clean = path_clean(arena, path);

	return clean && clean[0] && !path_is_absolute(clean) &&
	    strcmp(clean, path) == 0 && !path_inside(path, ".git");
}

/* What Git calls a commit. */
static bool is_commit(const char *text)
{
	size_t len = strspn(text, "0123456789abcdef");

	return text[len] == '\0' && (len == 40 || len == 64);
}

static int take_deps(struct parcel *out, struct arena *arena,
    const struct json *list, struct mldv_error *err)
{
	out->dep_count = json_len(list);
	out->deps = arena_array(arena, out->dep_count + 1, sizeof *out->deps);
	for (size_t i = 0; i < out->dep_count; i++) {
		const struct json *item = json_item(list, i);
		struct content *content = &out->deps[i].content;
		const char *kind = json_text_at(item, "kind", arena);
		const char *oid = json_text_at(item, "oid", arena);

		out->deps[i].path = json_text_at(item, "path", arena);
		if (json_int(json_get(item, "size")) < 0 ||
		    json_int(json_get(item, "files")) < 0)
			return lacks(err, "deps");
		content->size = (uint64_t)json_int(json_get(item, "size"));
		content->files = (uint64_t)json_int(json_get(item, "files"));
		if (!out->deps[i].path || !kind || !oid ||
		    !is_path(arena, out->deps[i].path) ||
		    !kind_of_letter(slice_of(kind), &content->kind) ||
		    !oid_parse(&content->oid, slice_of(oid)) ||
		    content_refused(content))
			return lacks(err, "deps");
	}
	return 0;
}

int parcel_take(struct parcel *out, struct arena *arena, const struct json *doc,
    struct mldv_error *err)
{
	*out = (struct parcel){
	    .stage = json_text_at(doc, "stage", arena),
	    .key = json_text_at(doc, "key", arena),
	    .project = json_text_at(doc, "project", arena),
	    .commit = json_text_at(doc, "commit", arena),
	    .base = json_text_at(doc, "base", arena),
	    .branch = json_text_at(doc, "branch", arena),
	    .who = json_text_at(doc, "who", arena),
	    .document = json_text_at(doc, "document", arena),
	};
	if (json_int(json_get(doc, "version")) != PARCEL_VERSION)
		return err_set(err, MLDV_FAILED,
		    "the parcel of the stage was written by another version "
		    "of mldv; install the same one on both machines");
	if (!out->stage || !out->key || !out->project || !out->commit ||
	    !out->base || !out->document)
		return lacks(err, "stage, key, project, commit or document");
	parcel_texts(json_get(doc, "variables"), arena, &out->variables);
	parcel_texts(json_get(doc, "overrides"), arena, &out->overrides);
	return take_deps(out, arena, json_get(doc, "deps"), err);
}

int parcel_parse(struct parcel *out, struct arena *arena, const char *text,
    size_t len, struct mldv_error *err)
{
	struct json *doc = NULL;
	int ret = json_open(&doc, (struct slice){text, len}, PARCEL_LIMIT,
	    JSON_STRICTLY, err);

	if (ret == 0)
		ret = parcel_take(out, arena, doc, err);
	else
		(void)err_prefix(err, "the parcel of the stage");
	json_close(doc);
	/* They name a file on the remote. */
	if (ret == 0 && (!is_commit(out->commit) || !is_commit(out->base)))
		ret = lacks(err, "commit or base");
	return ret;
}

int parcel_fetch(struct mldv_project *project, struct remote *remote,
    const struct content *content, struct mldv_error *err)
{
	const struct remote_wanted wanted = {
	    .item = content,
	    .parts = content,
	    .count = 1,
	};
	struct remote_count count = {0};
	int ret =
	    remote_fetch_parts(remote, project->store, &wanted, &count, err);

	/* The packs that have come are not in the list that was read. */
	if (ret == 0)
		store_unload(project->store);
	return ret;
}

void parcel_claim_format(const struct parcel_claim *claim, struct buf *out)
{
	struct jsonout json = {.out = out};

	jsonout_begin(&json, NULL, '{');
	jsonout_text(&json, "id", claim->id);
	jsonout_text(&json, "who", claim->who);
	jsonout_text(&json, "host", claim->host);
	jsonout_text(&json, "clone", claim->clone);
	jsonout_count(&json, "started", claim->started);
	jsonout_end(&json, '}');
	buf_add_char(out, '\n');
}

void parcel_end_format(const struct parcel_end *end, struct buf *out)
{
	struct jsonout json = {.out = out};

	jsonout_begin(&json, NULL, '{');
	jsonout_count(&json, "status", end->status);
	jsonout_text(&json, "failure", end->failure);
	jsonout_bool(&json, "lost", end->lost);
	jsonout_end(&json, '}');
	buf_add_char(out, '\n');
}

/* Reads a small document of a job: 1, 0 if there is none. */
CHECKED static int read_one(struct remote *remote, const char *name,
    struct json **out, struct mldv_error *err)
{
	struct buf text = {0};
	int ret = remote_plain_read(remote, name, PARCEL_LIMIT, &text, err);

	if (ret > 0 &&
	    json_open(out, (struct slice){buf_str(&text), text.len},
	        PARCEL_LIMIT, JSON_STRICTLY, err) < 0)
		ret = err_prefix(err, "'%s' on the remote", name);
	buf_release(&text);
	return ret;
}

int parcel_claim_read(struct remote *remote, const char *key, uint64_t n,
    struct arena *arena, struct parcel_claim *out, struct mldv_error *err)
{
	struct json *doc = NULL;
	int ret =
	    read_one(remote, parcel_name(arena, "claims", key, n), &doc, err);

	if (ret > 0)
		*out = (struct parcel_claim){
		    .id = json_text_at(doc, "id", arena),
		    .who = json_text_at(doc, "who", arena),
		    .host = json_text_at(doc, "host", arena),
		    .clone = json_text_at(doc, "clone", arena),
		    .started = (uint64_t)json_int(json_get(doc, "started")),
		};
	json_close(doc);
	if (ret > 0 && (!out->id || !out->host || !out->clone))
		return err_set(err, MLDV_CORRUPT,
		    "the claim of the job lacks its 'id', 'host' or 'clone'");
	return ret;
}

int parcel_end_read(struct remote *remote, const char *key, uint64_t n,
    struct arena *arena, struct parcel_end *out, struct mldv_error *err)
{
	struct json *doc = NULL;
	int ret =
	    read_one(remote, parcel_name(arena, "ends", key, n), &doc, err);

	if (ret > 0)
		*out = (struct parcel_end){
		    .status = (uint64_t)json_int(json_get(doc, "status")),
		    .failure = json_text_at(doc, "failure", arena),
		    .lost = json_yes(json_get(doc, "lost")),
		};
	json_close(doc);
	return ret;
}
