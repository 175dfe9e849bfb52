/* SPDX-License-Identifier: Apache-2.0 */
#include "format/pyscan.h"

#include <string.h>

enum token {
	TOKEN_END,
	TOKEN_LINE, /* the end of a logical line, or ';', or ':' */
	TOKEN_NAME,
	TOKEN_TEXT, /* a string literal */
	TOKEN_SIGN, /* any other character */
};

struct scan {
	struct arena *arena;
	void (*visit)(void *context, const struct py_import *found);
	void *context;
	const char *at;
	const char *end;
	unsigned line;
	unsigned depth; /* of brackets */
	/* The current token. */
	enum token token;
	struct slice word; /* of a text: what stands between its quotes */
	unsigned word_line;
	bool plain; /* the text has neither escapes nor values in it */
};

static bool is_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || c == '_' || (unsigned char)c >= 0x80;
}

static bool starts(const struct scan *s, const char *text)
{
	size_t len = strlen(text);

	return (size_t)(s->end - s->at) >= len && memcmp(s->at, text, len) == 0;
}

/* Is the word in front of a quote a prefix of string literals? */
static bool is_prefix(struct slice word)
{
	if (word.len > 2)
		return false;
	for (size_t i = 0; i < word.len; i++) {
		if (!strchr("rRbBfFuUtT", word.data[i]))
			return false;
	}
	return true;
}

/* From behind the opening quotes to behind the closing ones. */
static void skip_text(struct scan *s, const char *quotes, struct slice prefix)
{
	bool longer = strlen(quotes) == 3;

	s->token = TOKEN_TEXT;
	s->plain = !memchr(prefix.data, 'f', prefix.len) &&
	    !memchr(prefix.data, 'F', prefix.len);
	s->word.data = s->at;
	while (s->at < s->end && !starts(s, quotes)) {
		/* A text that is not closed ends with its line. */
		if (*s->at == '\n' && !longer)
			break;
		if (*s->at == '\\') {
			s->plain = false;
			s->at++;
			if (s->at == s->end)
				break;
		}
		s->line += *s->at == '\n';
		s->at++;
	}
	s->word.len = (size_t)(s->at - s->word.data);
	if (s->at < s->end && starts(s, quotes))
		s->at += strlen(quotes);
}

static bool take_text(struct scan *s, struct slice prefix)
{
	static const char *const quotes[] = {"\"\"\"", "'''", "\"", "'"};

	for (size_t i = 0; i < sizeof quotes / sizeof quotes[0]; i++) {
		if (starts(s, quotes[i])) {
			s->at += strlen(quotes[i]);
			skip_text(s, quotes[i], prefix);
			return true;
		}
	}
	return false;
}

/* Skips what means nothing; true if a line ended that does. */
static bool skip_space(struct scan *s)
{
	while (s->at < s->end) {
		char c = *s->at;

		if (c == '#') {
			while (
			    s->at < s->end && *s->at != '\n' && *s->at != '\r')
				s->at++;
		} else if (c == '\\' &&
		    (starts(s, "\\\n") || starts(s, "\\\r"))) {
			s->at += starts(s, "\\\r\n") ? 3 : 2;
			s->line++;
		} else if (c == '\n' || c == '\r') {
			s->line += c == '\n';
			s->at++;
			if (s->depth == 0)
				return true;
		} else if (c == ' ' || c == '\t' || c == '\f') {
			s->at++;
		} else {
			return false;
		}
	}
	return false;
}

static void take_sign(struct scan *s)
{
	char c = *s->at++;

	s->token = TOKEN_SIGN;
	s->word = (struct slice){s->at - 1, 1};
	if (strchr("([{", c) && c)
		s->depth++;
	else if (strchr(")]}", c) && c && s->depth > 0)
		s->depth--;
	else if ((c == ';' || c == ':') && s->depth == 0)
		s->token = TOKEN_LINE;
}

static void next(struct scan *s)
{
	unsigned before = s->line;
	const char *start;

	if (skip_space(s)) {
		s->token = TOKEN_LINE;
		s->word_line = before;
		return;
	}
	s->word_line = s->line;
	if (s->at == s->end) {
		s->token = TOKEN_END;
		return;
	}
	start = s->at;
	while (s->at < s->end && is_name(*s->at))
		s->at++;
	s->word = (struct slice){start, (size_t)(s->at - start)};
	if (is_prefix(s->word) && take_text(s, s->word))
		return;
	if (s->word.len > 0)
		s->token = TOKEN_NAME;
	else
		take_sign(s);
}

static bool is_sign(const struct scan *s, char c)
{
	return s->token == TOKEN_SIGN && s->word.data[0] == c;
}

static bool is_word(const struct scan *s, const char *word)
{
	return s->token == TOKEN_NAME && slice_is(s->word, word);
}

static void found(const struct scan *s, const struct py_import *import)
{
	s->visit(s->context, import);
}

/* "a . b . c", which may be empty; leaves what follows as the token. */
static const char *take_dotted(struct scan *s)
{
	struct buf name = {0};
	const char *out;

	while (s->token == TOKEN_NAME && !slice_is(s->word, "import")) {
		buf_add(&name, s->word.data, s->word.len);
		next(s);
		if (!is_sign(s, '.'))
			break;
		buf_add_char(&name, '.');
		next(s);
	}
	/* "a." is no name, but may be typed halfway. */
	while (name.len > 0 && name.data[name.len - 1] == '.')
		name.data[--name.len] = '\0';
	out = arena_str(s->arena, buf_str(&name));
	buf_release(&name);
	return out;
}

/* " as x" */
static void skip_alias(struct scan *s)
{
	if (!is_word(s, "as"))
		return;
	next(s);
	if (s->token == TOKEN_NAME)
		next(s);
}

static void take_import(struct scan *s)
{
	next(s);
	for (;;) {
		struct py_import import = {.line = s->word_line};

		import.module = take_dotted(s);
		if (import.module[0] == '\0')
			return;
		found(s, &import);
		skip_alias(s);
		if (!is_sign(s, ','))
			return;
		next(s);
	}
}

/* What stands behind "from … import". */
static void take_names(struct scan *s, struct py_import import)
{
	bool open = is_sign(s, '(');

	if (open)
		next(s);
	if (is_sign(s, '*')) {
		import.name = "*";
		found(s, &import);
		next(s);
		return;
	}
	while (s->token == TOKEN_NAME) {
		import.name = arena_strn(s->arena, s->word.data, s->word.len);
		found(s, &import);
		next(s);
		skip_alias(s);
		if (!is_sign(s, ','))
			break;
		next(s);
	}
}

static void take_from(struct scan *s)
{
	struct py_import import = {.line = s->word_line};

	next(s);
	while (is_sign(s, '.')) {
		import.level++;
		next(s);
	}
	import.module = take_dotted(s);
	if (!is_word(s, "import") || (import.level == 0 && !import.module[0]))
		return;
	next(s);
	take_names(s, import);
}

/* Could the text be the absolute name of a module? */
static bool is_module(struct slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		bool dot = text.data[i] == '.';

		if (!dot && !is_name(text.data[i]))
			return false;
		if (dot &&
		    (i == 0 || i + 1 == text.len || text.data[i - 1] == '.'))
			return false;
	}
	return text.len > 0;
}

/* "import_module" or "__import__": what is it given? */
static void take_call(struct scan *s)
{
	struct py_import import = {.line = s->word_line};

	next(s);
	if (is_sign(s, '(')) {
		next(s);
		if (s->token == TOKEN_TEXT && s->plain && is_module(s->word))
			import.module =
			    arena_strn(s->arena, s->word.data, s->word.len);
		if (s->token == TOKEN_TEXT)
			next(s);
		/* "a" "b", or "a" + b, is something else. */
		if (!is_sign(s, ')') && !is_sign(s, ','))
			import.module = NULL;
	}
	import.unknown = !import.module;
	found(s, &import);
}

static bool is_call(const struct scan *s)
{
	return is_word(s, "import_module") || is_word(s, "__import__") ||
	    is_word(s, "spec_from_file_location") || is_word(s, "run_module") ||
	    is_word(s, "run_path");
}

void py_scan(struct arena *arena, struct slice text,
    void (*visit)(void *context, const struct py_import *found), void *context)
{
	struct scan s = {
	    .arena = arena,
	    .visit = visit,
	    .context = context,
	    .at = text.data,
	    .end = text.data + text.len,
	    .line = 1,
	};
	bool begins = true;

	if (slice_starts(text, "\xef\xbb\xbf"))
		s.at += 3;
	next(&s);
	while (s.token != TOKEN_END) {
		if (begins && is_word(&s, "import")) {
			take_import(&s);
			begins = false;
		} else if (begins && is_word(&s, "from")) {
			take_from(&s);
			begins = false;
		} else if (is_call(&s)) {
			take_call(&s);
			begins = false;
		} else {
			begins = s.token == TOKEN_LINE;
			next(&s);
		}
	}
}
