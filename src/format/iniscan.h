/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_INISCAN_H
#define FORMAT_INISCAN_H

/*
 * The physical lines of an INI file: what each is and where it stands.
 *
 * Everything that the dialect refuses about a single line is refused here,
 * so that reading and editing agree on what a line is.
 */

#include <stdbool.h>

#include "format/ini.h"

enum ini_kind { INI_BLANK, INI_REMARK, INI_HEAD, INI_KEY, INI_MORE };

struct ini_line {
	enum ini_kind kind;
	unsigned number;
	size_t start;       /* in the text */
	size_t end;         /* in the text, after LF or CRLF */
	struct slice name;  /* of the section or key */
	struct slice value; /* of the key or continuation line, trimmed */
};

struct ini_scan {
	const struct ini *ini; /* for messages */
	const char *text;
	size_t len;
	size_t at;
	unsigned number;
	bool in_section;
	bool in_rules; /* [rules], where a key may name a path */
	bool in_key;
};

CHECKED int ini_scan_start(struct ini_scan *scan, const struct ini *ini,
    const char *text, size_t len, struct mldv_error *err);
/* 1, or 0 at the end. */
CHECKED int ini_scan_next(struct ini_scan *scan, struct ini_line *line,
    struct mldv_error *err);

#endif
