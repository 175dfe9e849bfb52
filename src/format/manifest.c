/* SPDX-License-Identifier: Apache-2.0 */
#include "format/manifest.h"

#include <stdlib.h>

#include "format/lines.h"
#include "format/packindex.h"

/* The shortest line: pack, an id, three numbers, LF. */
#define SHORTEST (5 + OID_HEX + 3 * 2 + 1)

static int take_numbers(struct lines *lines, struct manifest_pack *pack,
    struct mldv_error *err)
{
	uint64_t bytes, index, objects;

	if (lines_number(lines, &bytes, err) < 0 ||
	    lines_number(lines, &index, err) < 0 ||
	    lines_number(lines, &objects, err) < 0 || lines_end(lines, err) < 0)
		return -1;
	if (bytes > PACK_LIMIT)
		return lines_error(lines, err, "a pack has at most %u bytes",
		    PACK_LIMIT);
	if (index == 0 || index > bytes || objects == 0 ||
	    objects > bytes / PACK_RECORD_SIZE ||
	    index + pack_index_size((size_t)objects) != bytes)
		return lines_error(lines, err,
		    "bytes, index and objects of the pack do not fit together");
	pack->bytes = (uint32_t)bytes;
	pack->index = (uint32_t)index;
	pack->objects = (uint32_t)objects;
	return 0;
}

static int take_pack(struct lines *lines, struct manifest *manifest,
    struct mldv_error *err)
{
	struct manifest_pack *pack = &manifest->packs[manifest->count];
	struct slice word;

	if (lines_word(lines, &word, err) < 0)
		return -1;
	pack->trees = slice_is(word, "trees");
	if (!pack->trees && !slice_is(word, "pack"))
		return lines_error(lines, err,
		    "begins with neither 'pack' nor 'trees'");
	if (lines_oid(lines, &pack->id, err) < 0 ||
	    take_numbers(lines, pack, err) < 0)
		return -1;
	if (manifest->count > 0 && oid_compare(&pack[-1].id, &pack->id) >= 0)
		return lines_error(lines, err,
		    "the pack is not after the one before it");
	return 0;
}

static int take_content(struct lines *lines, struct content *content,
    struct mldv_error *err)
{
	if (content_parse(content, lines, err) < 0)
		return -1;
	if (content->kind != KIND_DIR && content->kind != KIND_FILE)
		return lines_error(lines, err,
		    "the kind of a manifest is dir or file");
	return 0;
}

int manifest_parse(struct manifest *out, struct arena *arena, const char *text,
    size_t len, struct mldv_error *err)
{
	struct manifest manifest = {0};
	struct lines lines;
	int more;

	if (len > MANIFEST_LIMIT)
		return err_set(err, MLDV_CORRUPT,
		    "manifest: is longer than %d bytes", MANIFEST_LIMIT);
	if (lines_start(&lines, "manifest", text, len, err) < 0 ||
	    take_content(&lines, &manifest.content, err) < 0)
		return -1;
	/* One more: a line too short is refused only after it was begun. */
	manifest.packs = arena_array(arena, lines_count(&lines, SHORTEST) + 1,
	    sizeof(*manifest.packs));
	while ((more = lines_next(&lines, err)) > 0) {
		if (take_pack(&lines, &manifest, err) < 0)
			return -1;
		manifest.count++;
	}
	if (more < 0)
		return -1;
	if (manifest.count == 0 &&
	    !oid_equal(&manifest.content.oid, &oid_empty))
		return lines_error(&lines, err, "no pack is named");
	*out = manifest;
	return 0;
}

static int compare_packs(const void *a, const void *b)
{
	const struct manifest_pack *left = a;
	const struct manifest_pack *right = b;

	return oid_compare(&left->id, &right->id);
}

void manifest_format(struct manifest *manifest, struct buf *out)
{
	struct content content = manifest->content;

	if (content.kind != KIND_DIR)
		content.kind = KIND_FILE;
	if (manifest->count > 0)
		qsort(manifest->packs, manifest->count,
		    sizeof(*manifest->packs), compare_packs);
	buf_add_str(out, "mldv-manifest 1\n");
	content_format(&content, out);
	for (size_t i = 0; i < manifest->count; i++) {
		const struct manifest_pack *pack = &manifest->packs[i];

		buf_add_str(out, pack->trees ? "trees " : "pack ");
		lines_add_oid(out, &pack->id);
		buf_add_char(out, ' ');
		lines_add_number(out, pack->bytes);
		buf_add_char(out, ' ');
		lines_add_number(out, pack->index);
		buf_add_char(out, ' ');
		lines_add_number(out, pack->objects);
		buf_add_char(out, '\n');
	}
}
