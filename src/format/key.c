/* SPDX-License-Identifier: Apache-2.0 */
#include "format/key.h"

#include <string.h>

#include "format/items.h"
#include "format/lines.h"
#include "format/stageread.h"

#define FIRST_LINE "mldv-key 1\n"

static void add(struct key *key, struct buf *line)
{
	strs_add_n(&key->lines, buf_str(line), line->len);
	buf_reset(line);
}

static void add_text(struct buf *line, const char *word, const char *text)
{
	buf_add_str(line, word);
	lines_add_path(line, text, strlen(text));
}

static void add_single(struct key *key, const char *word, const char *text)
{
	struct buf line = {0};

	buf_printf(&line, "%s ", word);
	add_text(&line, "", text);
	add(key, &line);
	buf_release(&line);
}

static void add_digest(struct key *key, const char *word, const struct oid *oid,
    const char *text)
{
	struct buf line = {0};

	buf_printf(&line, "%s ", word);
	lines_add_oid(&line, oid);
	add_text(&line, " ", text);
	add(key, &line);
	buf_release(&line);
}

void key_add_env(struct key *key, const char *name, const char *value)
{
	struct buf line = {0};

	buf_printf(&line, "env %s %s", name, value ? "=" : "unset");
	if (value)
		add_text(&line, "", value);
	add(key, &line);
	buf_release(&line);
}

void key_add_probe(struct key *key, const struct oid *output,
    const char *command)
{
	add_digest(key, "probe", output, command);
}

void key_add_notebook(struct key *key, const struct oid *oid, const char *path)
{
	add_digest(key, "nb", oid, path);
}

static void add_param(struct key *key, const struct param *param)
{
	struct buf line = {0};

	buf_printf(&line, "param %s %s ", value_type_name(param->value.type),
	    param->name);
	add_text(&line, "", param->value.canonical);
	add(key, &line);
	buf_release(&line);
}

/* A path is a text of its own type: it is said from the working directory. */
static void add_injected(struct key *key, const struct stage_inject *inject)
{
	struct buf line = {0};

	buf_printf(&line, "inject %s %s ",
	    inject->is_path ? "path" : value_type_name(inject->value.type),
	    inject->name);
	add_text(&line, "",
	    inject->is_path ? inject->value.text : inject->value.canonical);
	add(key, &line);
	buf_release(&line);
}

/* What is not in the key of a stage that does not use it. */
static void add_optional(struct key *key, const struct stage *stage)
{
	for (size_t i = 0; i < stage->env_count; i++) {
		if (stage->env[i].value)
			key_add_env(key, stage->env[i].name,
			    stage->env[i].value);
	}
	for (size_t i = 0; i < stage->inject_count; i++)
		add_injected(key, &stage->inject[i]);
	if (stage->kernel)
		add_single(key, "kernel", stage->kernel);
	if (stage->entry)
		add_single(key, "entry", stage->entry);
	if (stage->salt)
		add_single(key, "salt", stage->salt);
}

void key_add_stage(struct key *key, const struct stage *stage,
    const char *shell, struct hasher *hasher)
{
	struct buf line = {0};
	struct oid cmd;

	hasher_oid(hasher, stage->cmd, strlen(stage->cmd), &cmd);
	buf_add_str(&line, "cmd ");
	lines_add_oid(&line, &cmd);
	add(key, &line);
	add_text(&line, "cwd ", stage->cwd[0] ? stage->cwd : ".");
	add(key, &line);
	for (size_t i = 0; i < stage->out_count; i++) {
		add_text(&line, "out ", stage->outs[i].path);
		add(key, &line);
	}
	for (size_t i = 0; i < stage->param_count; i++)
		add_param(key, stage->params[i]);
	for (size_t i = 0; i < stage->file_param_count; i++)
		add_param(key, &stage->file_params[i]);
	buf_printf(&line, "runner %s 1",
	    stage_runs_remotely(stage) ? "shell" : runner_name(stage->run));
	add(key, &line);
	if (stage->cmd[0])
		add_single(key, "shell", shell);
	add_optional(key, stage);
	buf_release(&line);
}

void key_add_dep(struct key *key, enum kind kind, const struct oid *oid,
    const char *path)
{
	struct buf line = {0};

	buf_printf(&line, "dep %c ", kind_letter(kind));
	lines_add_oid(&line, oid);
	add_text(&line, " ", path);
	add(key, &line);
	buf_release(&line);
}

void key_add_input(struct key *key, const struct stage_dep *dep, enum kind kind,
    const struct oid *oid)
{
	if (dep->notebook)
		key_add_notebook(key, oid, dep->path);
	else if (dep->envlock)
		add_digest(key, "envlock", oid, dep->path);
	else
		key_add_dep(key, kind, oid, dep->path);
}

void key_end(struct key *key, struct buf *out, struct oid *oid)
{
	struct buf text = {0};

	strs_sort(&key->lines);
	buf_add_str(&text, FIRST_LINE);
	for (size_t i = 0; i < key->lines.count; i++) {
		buf_add_str(&text, key->lines.items[i]);
		buf_add_char(&text, '\n');
	}
	oid_of(text.data, text.len, oid);
	if (out)
		buf_add(out, text.data, text.len);
	buf_release(&text);
}

void key_release(struct key *key)
{
	strs_release(&key->lines);
}

static bool type_of(struct slice word, enum value_type *out)
{
	for (int i = VALUE_BOOL; i <= VALUE_LIST; i++) {
		*out = (enum value_type)i;
		if (slice_is(word, value_type_name(*out)))
			return true;
	}
	return false;
}

CHECKED static int check_value(struct lines *lines, enum value_type type,
    struct slice name, struct slice value, struct mldv_error *err)
{
	if (!value_is_canonical(type, value.data))
		return lines_error(lines, err,
		    "the value of '%.*s' is not written as %s is",
		    (int)name.len, name.data, value_type_name(type));
	return 0;
}

CHECKED static int check_param(struct lines *lines, struct arena *arena,
    struct mldv_error *err)
{
	struct slice word;
	struct slice name;
	struct slice value;
	enum value_type type;

	if (lines_word(lines, &word, err) < 0 ||
	    lines_word(lines, &name, err) < 0 ||
	    lines_path(lines, arena, &value, err) < 0)
		return -1;
	if (!type_of(word, &type))
		return lines_error(lines, err, "'%.*s' is not a type",
		    word.len < 40 ? (int)word.len : 40, word.data);
	if (!param_is_name(name))
		return lines_error(lines, err, "a parameter has no such name");
	return check_value(lines, type, name, value, err);
}

CHECKED static int check_path(struct lines *lines, struct arena *arena,
    struct mldv_error *err)
{
	struct slice path;

	if (lines_path(lines, arena, &path, err) < 0)
		return -1;
	if (!items_is_path(path.data))
		return lines_error(lines, err,
		    "'%.200s' is not a path inside the repository", path.data);
	return 0;
}

CHECKED static int check_dep(struct lines *lines, struct arena *arena,
    struct mldv_error *err)
{
	struct slice letter;
	enum kind kind;
	struct oid oid;

	if (lines_word(lines, &letter, err) < 0)
		return -1;
	if (!kind_of_letter(letter, &kind))
		return lines_error(lines, err, "'%.*s' is not f, x, l or d",
		    letter.len < 40 ? (int)letter.len : 40, letter.data);
	if (lines_oid(lines, &oid, err) < 0)
		return -1;
	return check_path(lines, arena, err);
}

CHECKED static int check_inject(struct lines *lines, struct arena *arena,
    struct mldv_error *err)
{
	struct slice word;
	struct slice name;
	struct slice value;
	enum value_type type;

	if (lines_word(lines, &word, err) < 0 ||
	    lines_word(lines, &name, err) < 0 ||
	    lines_path(lines, arena, &value, err) < 0)
		return -1;
	if (!stage_is_variable(name))
		return lines_error(lines, err,
		    "an injected value has no such name");
	if (slice_is(word, "path") && items_is_path(value.data))
		return 0;
	if (!type_of(word, &type))
		return lines_error(lines, err,
		    "'%.*s' is not a type, or no path inside the repository",
		    word.len < 40 ? (int)word.len : 40, word.data);
	return check_value(lines, type, name, value, err);
}

CHECKED static int check_env(struct lines *lines, struct arena *arena,
    struct mldv_error *err)
{
	struct slice name;
	struct slice value;

	if (lines_word(lines, &name, err) < 0 ||
	    lines_path(lines, arena, &value, err) < 0)
		return -1;
	if (!stage_is_variable(name))
		return lines_error(lines, err, "a variable has no such name");
	if (value.data[0] != '=' && !slice_is(value, "unset"))
		return lines_error(lines, err,
		    "'%.*s' is neither unset nor has a value after '='",
		    name.len < 40 ? (int)name.len : 40, name.data);
	return 0;
}

/* An oid, and a path of the repository. */
CHECKED static int check_digest(struct lines *lines, struct arena *arena,
    struct mldv_error *err)
{
	struct oid oid;

	if (lines_oid(lines, &oid, err) < 0)
		return -1;
	return check_path(lines, arena, err);
}

CHECKED static int check_probe(struct lines *lines, struct arena *arena,
    struct mldv_error *err)
{
	struct slice command;
	struct oid oid;

	if (lines_oid(lines, &oid, err) < 0)
		return -1;
	return lines_path(lines, arena, &command, err);
}

CHECKED static int check_cmd(struct lines *lines, struct arena *arena,
    struct mldv_error *err)
{
	struct oid oid;

	(void)arena;
	if (lines_oid(lines, &oid, err) < 0)
		return -1;
	return lines_end(lines, err);
}

CHECKED static int check_cwd(struct lines *lines, struct arena *arena,
    struct mldv_error *err)
{
	if (slice_is(lines->line, "."))
		return 0;
	return check_path(lines, arena, err);
}

CHECKED static int check_text(struct lines *lines, struct arena *arena,
    struct mldv_error *err)
{
	struct slice text;

	return lines_path(lines, arena, &text, err);
}

static const struct word {
	const char *name;
	bool needed;
	bool single;
	int (*check)(struct lines *lines, struct arena *arena,
	    struct mldv_error *err);
} words[] = {
    {"channel", false, false, check_text},
    {"cmd", true, true, check_cmd},
    {"cwd", true, true, check_cwd},
    {"dep", false, false, check_dep},
    {"entry", false, true, check_text},
    {"env", false, false, check_env},
    {"envlock", false, false, check_digest},
    {"from", false, false, check_text},
    {"hyper", false, false, check_text},
    {"image", false, true, check_text},
    {"inject", false, false, check_inject},
    {"kernel", false, true, check_text},
    {"nb", false, false, check_digest},
    {"out", false, false, check_path},
    {"param", false, false, check_param},
    {"probe", false, false, check_probe},
    {"runner", true, true, check_text},
    {"salt", false, true, check_text},
    {"shell", false, true, check_text},
};
#define WORDS (sizeof words / sizeof words[0])

/* Checks the line but for its order. */
CHECKED static int check_line(struct lines *lines, struct arena *arena,
    bool seen[WORDS], struct mldv_error *err)
{
	struct slice word;

	if (lines_word(lines, &word, err) < 0)
		return -1;
	for (size_t i = 0; i < WORDS; i++) {
		if (!slice_is(word, words[i].name))
			continue;
		if (words[i].single && seen[i])
			return lines_error(lines, err, "a second '%s'",
			    words[i].name);
		seen[i] = true;
		return words[i].check(lines, arena, err);
	}
	return lines_error(lines, err,
	    "'%.*s' is not known here; a newer mldv may know it",
	    word.len < 40 ? (int)word.len : 40, word.data);
}

/* Reads the lines after the first. */
CHECKED static int read_lines(struct key *key, struct lines *lines,
    struct mldv_error *err)
{
	struct arena arena = {0};
	struct slice before = {0};
	bool seen[WORDS] = {false};
	int more;

	while ((more = lines_next(lines, err)) > 0) {
		struct slice line = lines->line;

		if (check_line(lines, &arena, seen, err) < 0) {
			more = -1;
			break;
		}
		if (before.data && slice_compare(before, line) >= 0) {
			more = lines_error(lines, err,
			    "is not sorted after the line above");
			break;
		}
		before = line;
		strs_add_n(&key->lines, line.data, line.len);
	}
	for (size_t i = 0; more == 0 && i < WORDS; i++) {
		if (words[i].needed && !seen[i])
			more = lines_error(lines, err, "'%s' is missing",
			    words[i].name);
	}
	arena_release(&arena);
	return more;
}

bool key_has_out(const struct key *key, const char *path)
{
	struct buf line = {0};
	size_t low = 0;
	size_t high = key->lines.count;
	bool found = false;

	add_text(&line, "out ", path);
	while (!found && low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(key->lines.items[middle], buf_str(&line));

		found = order == 0;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	buf_release(&line);
	return found;
}

int key_parse(struct key *out, const char *text, size_t len,
    struct mldv_error *err)
{
	struct key key = {0};
	struct lines lines;

	if (len > KEY_LIMIT)
		return err_set(err, MLDV_CORRUPT,
		    "the key is larger than %d MiB", KEY_LIMIT >> 20);
	if (lines_start(&lines, "key", text, len, err) < 0)
		return -1;
	if (read_lines(&key, &lines, err) < 0) {
		key_release(&key);
		return -1;
	}
	*out = key;
	return 0;
}
