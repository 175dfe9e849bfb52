/* SPDX-License-Identifier: Apache-2.0 */
#include "stagetext.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

void stagetext_try(struct parsed *p, const char *text,
    const struct ini_source *source)
{
	struct ini ini;

	*p = (struct parsed){0};
	if (ini_parse(&ini, &p->arena, "mldv.ini", text, strlen(text),
	        &p->err) < 0)
		fail_msg("%s", p->err.text);
	if (source)
		ini.source = source;
	p->ret = stages_parse(&p->stages, &p->arena, &ini, NULL, &p->err);
}

const struct stage *stagetext_parse(struct parsed *p, const char *text,
    const struct ini_source *source)
{
	stagetext_try(p, text, source);
	if (p->ret < 0)
		fail_msg("%s", p->err.text);
	return p->stages.stages;
}

void stagetext_refuse(const char *text, const char *words,
    const struct ini_source *source)
{
	struct parsed p;

	stagetext_try(&p, text, source);
	assert_int_equal(p.ret, -1);
	assert_int_equal(p.err.code, MLDV_USAGE);
	if (!strstr(p.err.text, words))
		fail_msg("'%s' is not in '%s'", words, p.err.text);
	arena_release(&p.arena);
}
