/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AWS_XML_H
#define AWS_XML_H

/*
 * The XML documents that S3 and STS answer with. The home of expat.
 */

#include "base/str.h"

/* Deeper nesting, longer paths and longer texts are refused. */
enum { XML_DEPTH = 16, XML_PATH = 256, XML_TEXT = 64 * 1024 };

/*
 * path: the names of the elements from the root on, without their name
 * spaces, joined by slashes: "Error/Code".
 */
struct xml_visitor {
	/* An element ended; text: all that stands in it, but not below. */
	void (*end)(void *context, const char *path, struct slice text);
	void *context;
};

/*
 * Reads one document. MLDV_CORRUPT if it is none, or holds a document type:
 * entities are of no use here, and a danger.
 */
CHECKED int xml_read(struct slice document, const struct xml_visitor *visitor,
    struct mldv_error *err);

/* Adds text as it must stand in a document. */
void xml_escape(struct buf *out, const char *text);

#endif
