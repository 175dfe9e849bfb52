/* SPDX-License-Identifier: Apache-2.0 */
#include "format/condemned.h"

#include <stdlib.h>
#include <string.h>

#include "format/lines.h"

#define PROJECT_DIGITS   16
#define PROJECT_ALPHABET "0123456789abcdef"
/* The shortest lines: pack, an id, a number, LF. */
#define SHORTEST (5 + OID_HEX + 2 + 1)

static int take_project(struct lines *lines, struct arena *arena,
    struct condemned *out, struct mldv_error *err)
{
	struct slice word;

	if (lines_field(lines, "project", err) < 0 ||
	    lines_word(lines, &word, err) < 0 || lines_end(lines, err) < 0)
		return -1;
	if (word.len != PROJECT_DIGITS)
		return lines_error(lines, err, "a project has 16 digits");
	for (size_t i = 0; i < word.len; i++)
		if (memchr(PROJECT_ALPHABET, word.data[i],
		        sizeof(PROJECT_ALPHABET) - 1) == NULL)
			return lines_error(lines, err,
			    "a project has 16 digits");
	out->project = arena_strn(arena, word.data, word.len);
	return 0;
}

static int compare_manifests(const void *a, const void *b)
{
	const struct condemned_manifest *left = a;
	const struct condemned_manifest *right = b;
	int order = oid_compare(&left->oid, &right->oid);

	if (order != 0)
		return order;
	return (left->kind != KIND_DIR) - (right->kind != KIND_DIR);
}

static int take_manifest(struct lines *lines, struct arena *arena,
    struct condemned *out, struct mldv_error *err)
{
	struct condemned_manifest *manifest =
	    &out->manifests[out->manifest_count];
	struct slice word;

	if (out->pack_count > 0)
		return lines_error(lines, err, "manifests come before packs");
	if (lines_oid(lines, &manifest->oid, err) < 0 ||
	    lines_word(lines, &word, err) < 0)
		return -1;
	manifest->kind = slice_is(word, "dir") ? KIND_DIR : KIND_FILE;
	if (manifest->kind == KIND_FILE && !slice_is(word, "file"))
		return lines_error(lines, err,
		    "the kind of a manifest is dir or file");
	if (lines_path(lines, arena, &manifest->text, err) < 0)
		return -1;
	if (out->manifest_count > 0 &&
	    compare_manifests(manifest - 1, manifest) >= 0)
		return lines_error(lines, err,
		    "the manifest is not after the one before it");
	out->manifest_count++;
	return 0;
}

static int take_pack(struct lines *lines, struct condemned *out,
    struct mldv_error *err)
{
	struct condemned_pack *pack = &out->packs[out->pack_count];

	if (lines_oid(lines, &pack->id, err) < 0 ||
	    lines_number(lines, &pack->bytes, err) < 0 ||
	    lines_end(lines, err) < 0)
		return -1;
	if (out->pack_count > 0 && oid_compare(&pack[-1].id, &pack->id) >= 0)
		return lines_error(lines, err,
		    "the pack is not after the one before it");
	out->pack_count++;
	return 0;
}

static int take_line(struct lines *lines, struct arena *arena,
    struct condemned *out, struct mldv_error *err)
{
	struct slice word;

	if (lines_word(lines, &word, err) < 0)
		return -1;
	if (slice_is(word, "manifest"))
		return take_manifest(lines, arena, out, err);
	if (slice_is(word, "pack"))
		return take_pack(lines, out, err);
	return lines_error(lines, err,
	    "begins with neither 'manifest' nor 'pack'");
}

int condemned_parse(struct condemned *out, struct arena *arena,
    const char *text, size_t len, struct mldv_error *err)
{
	struct condemned condemned = {0};
	struct lines lines;
	size_t most;
	int more;

	if (len > CONDEMNED_LIMIT)
		return err_set(err, MLDV_CORRUPT, "gc: is longer than %d bytes",
		    CONDEMNED_LIMIT);
	if (lines_start(&lines, "gc", text, len, err) < 0 ||
	    take_project(&lines, arena, &condemned, err) < 0)
		return -1;
	/* One more: a line too short is refused only after it was begun. */
	most = lines_count(&lines, SHORTEST) + 1;
	condemned.manifests =
	    arena_array(arena, most, sizeof(*condemned.manifests));
	condemned.packs = arena_array(arena, most, sizeof(*condemned.packs));
	while ((more = lines_next(&lines, err)) > 0) {
		if (take_line(&lines, arena, &condemned, err) < 0)
			return -1;
	}
	if (more < 0)
		return -1;
	*out = condemned;
	return 0;
}

static int compare_packs(const void *a, const void *b)
{
	const struct condemned_pack *left = a;
	const struct condemned_pack *right = b;

	return oid_compare(&left->id, &right->id);
}

void condemned_format(struct condemned *condemned, struct buf *out)
{
	if (condemned->manifest_count > 1)
		qsort(condemned->manifests, condemned->manifest_count,
		    sizeof(*condemned->manifests), compare_manifests);
	if (condemned->pack_count > 1)
		qsort(condemned->packs, condemned->pack_count,
		    sizeof(*condemned->packs), compare_packs);
	buf_printf(out, "mldv-gc 1\nproject %s\n", condemned->project);
	for (size_t i = 0; i < condemned->manifest_count; i++) {
		const struct condemned_manifest *manifest =
		    &condemned->manifests[i];

		buf_add_str(out, "manifest ");
		lines_add_oid(out, &manifest->oid);
		buf_add_str(out,
		    manifest->kind == KIND_DIR ? " dir " : " file ");
		lines_add_path(out, manifest->text.data, manifest->text.len);
		buf_add_char(out, '\n');
	}
	for (size_t i = 0; i < condemned->pack_count; i++) {
		buf_add_str(out, "pack ");
		lines_add_oid(out, &condemned->packs[i].id);
		buf_add_char(out, ' ');
		lines_add_number(out, condemned->packs[i].bytes);
		buf_add_char(out, '\n');
	}
}
