/* SPDX-License-Identifier: Apache-2.0 */
#include "command/listing.h"

#include "base/utf8.h"

/* --- columns --- */

void columns_row(struct columns *columns, const char *const *cells)
{
	for (size_t i = 0; i < columns->count; i++)
		strs_add(&columns->cells, cells[i]);
}

static void add_spaces(size_t count, struct buf *out)
{
	while (count-- > 0)
		buf_add_char(out, ' ');
}

void columns_write(struct columns *columns, struct term *term)
{
	const struct strs *cells = &columns->cells;
	size_t widths[COLUMNS_MOST] = {0};
	struct buf out = {0};
	size_t column;
	size_t width;
	size_t spaces = 0;

	for (size_t i = 0; i < cells->count; i++) {
		column = i % columns->count;
		width = utf8_width(cells->items[i]);
		if (width > widths[column])
			widths[column] = width;
	}
	for (size_t i = 0; i < cells->count; i++) {
		column = i % columns->count;
		/* Spaces are due only when something follows them. */
		if (cells->items[i][0] != '\0') {
			add_spaces(spaces, &out);
			spaces = 0;
			buf_add_str(&out, cells->items[i]);
		}
		width = utf8_width(cells->items[i]);
		spaces += widths[column] - width + 2;
		if (column + 1 == columns->count) {
			buf_add_char(&out, '\n');
			spaces = 0;
		}
	}
	term_write(term, buf_str(&out), out.len);
	buf_release(&out);
	columns_release(columns);
}

void columns_release(struct columns *columns)
{
	strs_release(&columns->cells);
	columns->cells = (struct strs){0};
}

/* --- JSON --- */

void json_print(struct jsonout *json, struct term *term)
{
	buf_add_char(&json->own, '\n');
	term_write(term, json->own.data, json->own.len);
	buf_reset(&json->own);
}

/* --- both --- */

void listing_open(struct listing *listing, const struct context *context,
    bool as_json, size_t columns)
{
	*listing = (struct listing){.context = context,
	    .as_json = as_json,
	    .json.style = JSONOUT_LINES,
	    .columns.count = columns};
	jsonout_begin(&listing->json, NULL, '[');
}

int listing_close(struct listing *listing, int ret)
{
	struct term *term = listing->context->term;

	jsonout_end(&listing->json, ']');
	if (ret == 0 && listing->as_json)
		json_print(&listing->json, term);
	else if (ret == 0)
		columns_write(&listing->columns, term);
	columns_release(&listing->columns);
	jsonout_release(&listing->json);
	return ret;
}
