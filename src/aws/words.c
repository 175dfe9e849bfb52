/* SPDX-License-Identifier: Apache-2.0 */
#include "aws/source.h"

struct splitter {
	struct arena *arena;
	struct buf word;
	bool in_word;
	char quote; /* 0: none */
	const char **words;
	size_t count;
	size_t capacity;
};

static void end_word(struct splitter *splitter)
{
	if (!splitter->in_word)
		return;
	if (splitter->count + 1 >= splitter->capacity) {
		size_t capacity =
		    splitter->capacity ? 2 * splitter->capacity : 8;
		const char **words =
		    arena_array(splitter->arena, capacity, sizeof *words);

		for (size_t i = 0; i < splitter->count; i++)
			words[i] = splitter->words[i];
		splitter->words = words;
		splitter->capacity = capacity;
	}
	splitter->words[splitter->count++] =
	    arena_str(splitter->arena, buf_str(&splitter->word));
	splitter->words[splitter->count] = NULL;
	buf_reset(&splitter->word);
	splitter->in_word = false;
}

/* How many characters were taken. */
static size_t take(struct splitter *splitter, const char *at)
{
	char quote = splitter->quote;

	if (quote ? *at == quote : *at == '\'' || *at == '"') {
		splitter->quote = quote ? '\0' : *at;
		splitter->in_word = true;
		return 1;
	}
	if (!quote && (*at == ' ' || *at == '\t' || *at == '\n')) {
		end_word(splitter);
		return 1;
	}
	splitter->in_word = true;
	/* Between double quotes it protects only these two. */
	if (*at == '\\' && at[1] && quote != '\'' &&
	    (!quote || at[1] == '"' || at[1] == '\\')) {
		buf_add_char(&splitter->word, at[1]);
		return 2;
	}
	buf_add_char(&splitter->word, *at);
	return 1;
}

int aws_words(struct arena *arena, const char *line, const char *const **out,
    struct mldv_error *err)
{
	struct splitter splitter = {.arena = arena};
	int ret = -1;

	while (*line)
		line += take(&splitter, line);
	if (splitter.quote) {
		(void)err_set(err, MLDV_USAGE, "the %c has no end",
		    splitter.quote);
		goto out;
	}
	end_word(&splitter);
	if (splitter.count == 0) {
		(void)err_set(err, MLDV_USAGE, "there is no command");
		goto out;
	}
	*out = splitter.words;
	ret = 0;
out:
	buf_release(&splitter.word);
	return ret;
}
