/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/containerimage.h"

#include <string.h>

#include "base/path.h"
#include "format/json.h"
#include "format/key.h"

#define LINE   "image "
#define SHA256 "sha256:"

enum {
	REFERENCE_LIMIT = 512,
	DIGEST = sizeof SHA256 - 1 + OID_HEX,
	JSON_SIZE = 16 << 20,
};

/* Is it sha256: and 64 hexadecimal digits? */
static bool is_digest(const char *text)
{
	return strncmp(text, SHA256, strlen(SHA256)) == 0 &&
	    strspn(text + strlen(SHA256), "0123456789abcdef") == OID_HEX &&
	    text[DIGEST] == '\0';
}

int image_check(const char *reference, struct mldv_error *err)
{
	static const char alphanumeric[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "0123456789._-/:@";
	size_t len = strspn(reference, alphanumeric);
	const char *at = strchr(reference, '@');

	if (len == 0 || reference[len] || strchr("._-/:@", reference[0]) ||
	    strchr("._-/:@", reference[len - 1]) || len > REFERENCE_LIMIT)
		return err_set(err, MLDV_USAGE,
		    "'%s' cannot be an image; write a reference as in "
		    "'python:3.12' or 'registry.example.org/team/train:1'",
		    reference);
	if (at && !is_digest(at + 1))
		return err_set(err, MLDV_USAGE,
		    "image '%s' has a digest that is not sha256: and 64 "
		    "hexadecimal digits",
		    reference);
	return 0;
}

/* "registry:5000/a/b:tag" without ":tag". */
static struct slice repository(const char *reference)
{
	size_t len = strcspn(reference, "@");
	size_t name = len;

	while (name > 0 && reference[name - 1] != '/')
		name--;
	for (size_t i = name; i < len; i++) {
		if (reference[i] == ':')
			return (struct slice){reference, i};
	}
	return (struct slice){reference, len};
}

/*
 * Is that a digest of the reference's repository, which engines say in full:
 * docker.io/library/python for python? What podman made here it says is at
 * "localhost", and has a digest that no registry knows.
 */
static bool is_of(const char *known, const char *reference)
{
	static const char here[] = "localhost/";
	struct slice wanted = repository(reference);
	struct slice has = repository(known);
	const char *at = strchr(known, '@');

	if (!at || !is_digest(at + 1) || slice_starts(has, here) ||
	    has.len < wanted.len ||
	    memcmp(has.data + has.len - wanted.len, wanted.data, wanted.len) !=
	        0)
		return false;
	return has.len == wanted.len ||
	    has.data[has.len - wanted.len - 1] == '/';
}

static int read_image(const char *reference, const struct json *root,
    struct buf *out, struct mldv_error *err)
{
	const struct json *image = json_item(root, 0);
	const struct json *digests = json_member(image, "RepoDigests");
	const char *id = json_str(json_member(image, "Id"));

	for (size_t i = 0; i < json_len(digests); i++) {
		const char *known = json_str(json_item(digests, i));

		if (known && is_of(known, reference)) {
			buf_printf(out, "%s%s", reference, strchr(known, '@'));
			return 0;
		}
	}
	/* podman leaves the algorithm out. */
	if (id && strncmp(id, SHA256, strlen(SHA256)) == 0)
		id += strlen(SHA256);
	if (!id || strlen(id) != OID_HEX ||
	    strspn(id, "0123456789abcdef") != OID_HEX)
		return err_set(err, MLDV_FAILED,
		    "'image inspect' of '%s' says no id", reference);
	buf_printf(out, "%s=" SHA256 "%s", reference, id);
	return 0;
}

/* What "image inspect" printed, JSON, says of a reference. */
static int take_inspected(const char *reference, struct slice json,
    struct buf *out, struct mldv_error *err)
{
	struct json *root;
	int ret;

	if (json_open(&root, json, JSON_SIZE, JSON_STRICTLY, err) < 0)
		return err_prefix(err, "'image inspect' of '%s'", reference);
	ret = read_image(reference, root, out, err);
	json_close(root);
	return ret;
}

static bool is_cancelled(void *context)
{
	const struct runner_job *job = context;
	struct mldv_error ignored;

	return project_check(job->project, &ignored) < 0;
}

static int ask(const struct runner_job *job, const struct engine *engine,
    const char *const *words, struct buf *out, struct mldv_error *err)
{
	struct runner_job copy = *job;
	const struct engine_call call = {engine->program, words, is_cancelled,
	    &copy};

	return engine_ask(&call, out, err);
}

static int resolve(const struct runner_job *job, const char *reference,
    struct buf *out, struct mldv_error *err)
{
	const char *const inspect[] = {"image", "inspect", reference, NULL};
	const char *const pull[] = {"pull", "--quiet", reference, NULL};
	struct mldv_error ignored;
	struct engine engine;
	struct buf text = {0};
	int ret;

	if (engine_find(job->stage, job->arena, &engine, err) < 0)
		return -1;
	ret = ask(job, &engine, inspect, &text, &ignored);
	if (ret < 0) {
		ret = ask(job, &engine, pull, &text, err);
		buf_reset(&text);
		if (ret == 0)
			ret = ask(job, &engine, inspect, &text, err);
		if (ret < 0)
			(void)err_prefix(err, "cannot get image '%s'",
			    reference);
	}
	if (ret == 0)
		ret = take_inspected(reference,
		    (struct slice){buf_str(&text), text.len}, out, err);
	buf_release(&text);
	return ret;
}

/* What follows "image " in a key, or NULL. */
static const char *line_of(const struct key *key)
{
	for (size_t i = 0; key && i < key->lines.count; i++) {
		if (strncmp(key->lines.items[i], LINE, strlen(LINE)) == 0)
			return key->lines.items[i] + strlen(LINE);
	}
	return NULL;
}

/* The lock's line, if it is of this reference and has a digest. */
static const char *locked_line(const struct runner_job *job,
    const char *reference)
{
	const char *line = line_of(job->locked);
	size_t len = strlen(reference);

	if (!line || strncmp(line, reference, len) != 0 ||
	    (line[len] != '@' && line[len] != '=') ||
	    !is_digest(line + len + 1))
		return NULL;
	return line;
}

int image_add_to_key(const struct runner_job *job, const char *reference,
    struct strs *lines, struct mldv_error *err)
{
	const char *locked = locked_line(job, reference);
	struct buf line = {0};
	int ret = 0;

	buf_add_str(&line, LINE);
	if (strchr(reference, '@') || is_digest(reference) || !job->may_ask ||
	    locked)
		buf_add_str(&line, locked ? locked : reference);
	else
		ret = resolve(job, reference, &line, err);
	if (ret == 0)
		strs_add(lines, buf_str(&line));
	buf_release(&line);
	return ret;
}

const char *image_of_key(const struct key *key, struct arena *arena)
{
	const char *line = line_of(key);
	const char *at = line ? strpbrk(line, "@=") : NULL;
	struct slice name;

	if (!at)
		return line;
	if (*at == '=')
		return arena_str(arena, at + 1);
	/* Some versions of podman refuse a tag before a digest. */
	name = repository(line);
	return arena_printf(arena, "%.*s%s", (int)name.len, name.data, at);
}

bool image_can_be_pulled(const char *image)
{
	return !is_digest(image);
}
