/* SPDX-License-Identifier: Apache-2.0 */
#include "project/hooktext.h"

#include <string.h>

#define MARK  "# mldv hook "
#define BEGIN MARK "1 begins; see mldv-hooks(1)\n"
#define END   MARK "ends\n"
#define FIRST "#!/bin/sh\n"

const char *const hook_names[] = {"pre-push", "pre-commit", "post-checkout",
    "post-merge", NULL};

static bool is_pre_push(const char *name)
{
	return strcmp(name, "pre-push") == 0;
}

/* A push that cannot be checked does not happen; the others may be left out. */
static void add_search(const char *name, struct buf *out)
{
	buf_add_str(out, "command -v mldv >/dev/null 2>&1 || {\n");
	if (is_pre_push(name))
		buf_add_str(out,
		    "\techo \"mldv: cannot find 'mldv' to check that the data "
		    "of these commits is\" \\\n"
		    "\t\t\"on its remote; put it on PATH, or push without the "
		    "check:\" \\\n"
		    "\t\t\"git push --no-verify\" >&2\n"
		    "\texit 1\n"
		    "}\n");
	else
		buf_printf(out,
		    "\techo \"mldv: the hook %s did nothing: 'mldv' is not on "
		    "PATH\" >&2\n"
		    "\texit 0\n"
		    "}\n",
		    name);
}

void hook_script(const char *name, struct buf *out)
{
	buf_printf(out,
	    FIRST "# SPDX-License-Identifier: Apache-2.0\n"
	          "#\n" MARK "1: %s; see mldv-hooks(1).\n"
	          "# 'mldv hooks install' writes it, 'mldv hooks uninstall' "
	          "takes it away. The hook\n"
	          "# that was here before lies beside it, and runs first.\n"
	          "\n"
	          "before=${0%%/*}/%s" HOOK_BEFORE "\n",
	    name, name);
	if (is_pre_push(name)) {
		buf_add_str(out,
		    "if [ -x \"$before\" ]; then\n"
		    "\trefs=$(cat && echo .)\n"
		    "\tprintf %s \"${refs%.}\" | \"$before\" \"$@\" || exit\n"
		    "fi\n");
		add_search(name, out);
		buf_add_str(out,
		    "[ -n \"${refs-}\" ] || exec mldv hooks run pre-push -- "
		    "\"$@\"\n"
		    "printf %s \"${refs%.}\" | mldv hooks run pre-push -- "
		    "\"$@\"\n");
		return;
	}
	buf_add_str(out,
	    "if [ -x \"$before\" ]; then\n"
	    "\t\"$before\" \"$@\" || exit\n"
	    "fi\n");
	add_search(name, out);
	buf_printf(out, "exec mldv hooks run %s -- \"$@\"\n", name);
}

/* What follows in the script may want its standard input, too. */
void hook_block(const char *name, struct buf *out)
{
	buf_add_str(out, BEGIN);
	if (is_pre_push(name)) {
		add_search(name, out);
		buf_add_str(out,
		    "mldv_refs=$(cat)\n"
		    "printf '%s\\n' \"$mldv_refs\" | mldv hooks run pre-push "
		    "-- \"$@\" || exit\n"
		    "exec <<MLDV_REFS\n"
		    "$mldv_refs\n"
		    "MLDV_REFS\n");
	} else {
		buf_printf(out,
		    "if command -v mldv >/dev/null 2>&1; then\n"
		    "\tmldv hooks run %s -- \"$@\" || exit\n"
		    "else\n"
		    "\techo \"mldv: the hook %s did nothing: 'mldv' is not on "
		    "PATH\" >&2\n"
		    "fi\n",
		    name, name);
	}
	buf_add_str(out, END);
}

static bool is_same(struct slice text, const struct buf *wanted)
{
	return slice_is(text, buf_str(wanted));
}

/* Where the text first says what, or NULL. */
static const char *find(struct slice text, const char *what)
{
	return text.len == 0 ? NULL
	                     : memmem(text.data, text.len, what, strlen(what));
}

enum hook_text hook_is_script(const char *name, struct slice text)
{
	struct buf wanted = {0};
	enum hook_text ret = HOOK_TEXT_FOREIGN;

	hook_script(name, &wanted);
	if (is_same(text, &wanted))
		ret = HOOK_TEXT_OURS;
	else if (find(text, "\n" MARK) && !find(text, END))
		ret = HOOK_TEXT_OLD;
	buf_release(&wanted);
	return ret;
}

enum hook_text hook_has_block(const char *name, struct slice text)
{
	struct buf wanted = {0};
	enum hook_text ret = HOOK_TEXT_FOREIGN;

	hook_block(name, &wanted);
	if (find(text, buf_str(&wanted)))
		ret = HOOK_TEXT_OURS;
	else if (find(text, MARK) && find(text, END))
		ret = HOOK_TEXT_OLD;
	buf_release(&wanted);
	return ret;
}

void hook_without_block(struct slice text, struct buf *out)
{
	const char *begin = find(text, MARK);
	const char *end = find(text, END);

	if (!begin || !end || end <= begin) {
		buf_add(out, text.data, text.len);
		return;
	}
	end += strlen(END);
	buf_add(out, text.data, (size_t)(begin - text.data));
	buf_add(out, end, (size_t)(text.data + text.len - end));
}

/* The line of an old husky starts the script anew, and so comes before. */
void hook_with_block(const char *name, struct slice text, struct buf *out)
{
	struct slice rest = text;
	struct slice line;
	size_t at = 0;

	while (slice_cut(&rest, '\n', &line)) {
		if (slice_starts(line, "#!") || find(line, "_/husky.sh"))
			at = (size_t)(rest.data - text.data);
	}
	if (text.len == 0)
		buf_add_str(out, FIRST);
	buf_add(out, text.data, at);
	hook_block(name, out);
	buf_add(out, text.data + at, text.len - at);
}
