/* SPDX-License-Identifier: Apache-2.0 */
#include "aws/xml.h"

#include <expat.h>
#include <string.h>

struct reading {
	XML_Parser parser;
	const struct xml_visitor *visitor;
	char path[XML_PATH];
	size_t
	    ends[XML_DEPTH]; /* where in path the outer element's name ends */
	size_t texts[XML_DEPTH]; /* where its text begins */
	size_t depth;
	struct buf text;
	const char *refused; /* why, or NULL */
};

static void refuse(struct reading *reading, const char *why)
{
	if (!reading->refused)
		reading->refused = why;
	(void)XML_StopParser(reading->parser, XML_FALSE);
}

static void XMLCALL on_start(void *context, const XML_Char *name,
    const XML_Char **attributes)
{
	struct reading *reading = context;
	const char *colon = strrchr(name, ':');
	size_t at = strlen(reading->path);
	size_t len;

	(void)attributes;
	if (colon)
		name = colon + 1;
	len = strlen(name);
	if (reading->refused)
		return;
	if (reading->depth == XML_DEPTH || len + 2 > XML_PATH - at) {
		refuse(reading, "it is nested too deeply");
		return;
	}
	reading->ends[reading->depth] = at;
	reading->texts[reading->depth++] = reading->text.len;
	if (at > 0)
		reading->path[at++] = '/';
	memcpy(reading->path + at, name, len + 1);
}

static void XMLCALL on_end(void *context, const XML_Char *name)
{
	struct reading *reading = context;
	struct slice text;
	size_t from;

	(void)name;
	if (reading->refused)
		return;
	from = reading->texts[--reading->depth];
	text.data = buf_str(&reading->text) + from;
	text.len = reading->text.len - from;
	reading->visitor->end(reading->visitor->context, reading->path, text);
	reading->text.len = from;
	reading->path[reading->ends[reading->depth]] = '\0';
}

static void XMLCALL on_text(void *context, const XML_Char *text, int len)
{
	struct reading *reading = context;

	if (reading->refused || len < 0)
		return;
	if ((size_t)len > XML_TEXT - reading->text.len)
		refuse(reading, "a text in it is too long");
	else
		buf_add(&reading->text, text, (size_t)len);
}

static void XMLCALL on_doctype(void *context, const XML_Char *name,
    const XML_Char *system, const XML_Char *public, int internal)
{
	(void)name;
	(void)system;
	(void)public;
	(void)internal;
	refuse(context, "it has a document type");
}

int xml_read(struct slice document, const struct xml_visitor *visitor,
    struct mldv_error *err)
{
	struct reading reading = {.visitor = visitor};
	const char *why = NULL;

	if (document.len > INT32_MAX)
		return err_set(err, MLDV_CORRUPT, "the answer is too long");
	reading.parser = XML_ParserCreate(NULL);
	if (!reading.parser)
		return err_set(err, MLDV_FAILED, "cannot start expat");
	XML_SetUserData(reading.parser, &reading);
	XML_SetElementHandler(reading.parser, on_start, on_end);
	XML_SetCharacterDataHandler(reading.parser, on_text);
	XML_SetStartDoctypeDeclHandler(reading.parser, on_doctype);
	if (XML_Parse(reading.parser, document.len > 0 ? document.data : "",
	        (int)document.len, 1) != XML_STATUS_OK)
		why = XML_ErrorString(XML_GetErrorCode(reading.parser));
	if (reading.refused)
		why = reading.refused;
	XML_ParserFree(reading.parser);
	buf_release(&reading.text);
	if (why)
		return err_set(err, MLDV_CORRUPT,
		    "the answer is no XML as it should be: %s", why);
	return 0;
}

void xml_escape(struct buf *out, const char *text)
{
	for (; *text; text++) {
		switch (*text) {
		case '&':
			buf_add_str(out, "&amp;");
			break;
		case '<':
			buf_add_str(out, "&lt;");
			break;
		case '>':
			buf_add_str(out, "&gt;");
			break;
		default:
			buf_add_char(out, *text);
		}
	}
}
