/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "format/ini.h"
#include "pipeline/graph.h"

struct fixture {
	struct arena arena;
	struct stages stages;
	struct graph graph;
	struct mldv_error err;
};

static int build(struct fixture *f, const char *text)
{
	struct ini ini = {0};

	assert_int_equal(ini_parse(&ini, &f->arena, "mldv.ini", text,
	                     strlen(text), &f->err),
	    0);
	if (stages_parse(&f->stages, &f->arena, &ini, NULL, &f->err) < 0)
		fail_msg("%s", f->err.text);
	return graph_build(&f->graph, &f->arena, &f->stages, &f->err);
}

static void clear(struct fixture *f)
{
	graph_release(&f->graph);
	arena_release(&f->arena);
}

/* The names of the stages in the graph's order. */
static void expect_order(const struct fixture *f, const char *expected)
{
	struct buf text = {0};

	for (size_t i = 0; i < f->stages.count; i++)
		buf_printf(&text, "%s%s", i > 0 ? " " : "",
		    f->stages.stages[f->graph.order[i]].name);
	assert_string_equal(buf_str(&text), expected);
	buf_release(&text);
}

static void expect_selected(const struct fixture *f, const char *root,
    const char *expected)
{
	bool *roots = calloc(f->stages.count, sizeof *roots);
	bool *selected = calloc(f->stages.count, sizeof *selected);
	const struct stage *stage = stages_find(&f->stages, root);
	struct buf text = {0};

	assert_non_null(stage);
	roots[stage - f->stages.stages] = true;
	graph_select(&f->graph, roots, selected);
	for (size_t i = 0; i < f->stages.count; i++) {
		if (selected[i])
			buf_printf(&text, "%s ", f->stages.stages[i].name);
	}
	assert_string_equal(buf_str(&text), expected);
	buf_release(&text);
	free(roots);
	free(selected);
}

static void what_is_read_comes_before_who_reads(void **state)
{
	struct fixture f = {0};

	(void)state;
	assert_int_equal(build(&f,
	                     "[stage c]\ncmd = c\ndeps = b.out\nouts = c.out\n"
	                     "[stage b]\ncmd = b\ndeps = a.out\nouts = b.out\n"
	                     "[stage a]\ncmd = a\nouts = a.out\n"),
	    0);
	expect_order(&f, "a b c");
	assert_int_equal(f.graph.nodes[0].above_count, 1);
	assert_int_equal(f.graph.nodes[0].above[0], 1);
	assert_int_equal(f.graph.nodes[2].above_count, 0);
	clear(&f);
}

static void ties_keep_the_order_of_the_file(void **state)
{
	struct fixture f = {0};

	(void)state;
	assert_int_equal(build(&f,
	                     "[stage z]\ncmd = z\nouts = z.out\n"
	                     "[stage last]\ncmd = l\ndeps = y.out, a.out\n"
	                     "[stage y]\ncmd = y\nouts = y.out\n"
	                     "[stage a]\ncmd = a\nouts = a.out\n"
	                     "[stage m]\ncmd = m\ndeps = z.out\n"),
	    0);
	expect_order(&f, "z y a last m");
	clear(&f);
}

static void a_dep_inside_an_output_makes_an_edge(void **state)
{
	struct fixture f = {0};

	(void)state;
	assert_int_equal(build(&f,
	                     "[stage use]\ncmd = u\ndeps = data/p/x/y\n"
	                     "[stage near]\ncmd = n\ndeps = data/p-more\n"
	                     "[stage make]\ncmd = m\nouts = data/p\n"),
	    0);
	expect_order(&f, "near make use");
	assert_int_equal(f.graph.nodes[0].above_count, 1);
	assert_int_equal(f.graph.nodes[1].above_count, 0);
	clear(&f);
}

static void a_dep_above_outputs_makes_edges_to_all(void **state)
{
	struct fixture f = {0};

	(void)state;
	assert_int_equal(build(&f,
	                     "[stage all]\ncmd = u\ndeps = data\n"
	                     "[stage a]\ncmd = a\nouts = data/a\n"
	                     "[stage b]\ncmd = b\nouts = data/b, data/c\n"
	                     "[stage c]\ncmd = c\nouts = data.txt\n"
	                     "[stage d]\ncmd = d\nouts = data-d\n"),
	    0);
	assert_int_equal(f.graph.nodes[0].above_count, 2);
	assert_int_equal(f.graph.nodes[0].above[0], 1);
	assert_int_equal(f.graph.nodes[0].above[1], 2);
	clear(&f);
}

static void outputs_are_found_around_and_below_a_path(void **state)
{
	struct fixture f = {0};
	size_t count;

	(void)state;
	assert_int_equal(
	    build(&f, "[stage a]\ncmd = a\nouts = m/a, m/b, m-c, m/b.x\n"), 0);
	assert_string_equal(graph_output(&f.graph, "m/a/x/y")->out->path,
	    "m/a");
	assert_string_equal(graph_output(&f.graph, "m/b")->out->path, "m/b");
	assert_null(graph_output(&f.graph, "m"));
	assert_null(graph_output(&f.graph, "m/bb"));
	assert_string_equal(
	    graph_outputs_below(&f.graph, "m", &count)->out->path, "m/a");
	assert_int_equal(count, 3);
	(void)graph_outputs_below(&f.graph, "m/b", &count);
	assert_int_equal(count, 0);
	(void)graph_outputs_below(&f.graph, "", &count);
	assert_int_equal(count, 4);
	(void)graph_outputs_below(&f.graph, "zzz", &count);
	assert_int_equal(count, 0);
	clear(&f);
}

static void a_cycle_is_named_with_its_lines(void **state)
{
	struct fixture f = {0};

	(void)state;
	assert_int_equal(
	    build(&f,
	        "[stage before]\ncmd = x\nouts = x\n"
	        "[stage a]\ncmd = a\ndeps = x, c.out\nouts = a.out\n"
	        "[stage b]\ncmd = b\ndeps = a.out\nouts = b.out\n"
	        "[stage c]\ncmd = c\ndeps = b.out\nouts = c.out\n"
	        "[stage after]\ncmd = y\ndeps = c.out\n"),
	    -1);
	assert_int_equal(f.err.code, MLDV_USAGE);
	assert_string_equal(f.err.text,
	    "mldv.ini:4: stages in a circle: stage 'a' (line 4) needs 'c' "
	    "(line 12), which needs 'b' (line 8), which needs 'a'");
	clear(&f);
}

static void what_follows_a_cycle_is_not_blamed(void **state)
{
	struct fixture f = {0};

	(void)state;
	assert_int_equal(
	    build(&f,
	        "[stage after]\ncmd = y\ndeps = a.out\n"
	        "[stage a]\ncmd = a\ndeps = b.out\nouts = a.out\n"
	        "[stage b]\ncmd = b\ndeps = a.out\nouts = b.out\n"),
	    -1);
	assert_null(strstr(f.err.text, "after"));
	assert_non_null(strstr(f.err.text, "'a' (line 4)"));
	clear(&f);
}

static void a_target_selects_what_is_above_it(void **state)
{
	struct fixture f = {0};

	(void)state;
	assert_int_equal(build(&f,
	                     "[stage a]\ncmd = a\nouts = a.out\n"
	                     "[stage b]\ncmd = b\ndeps = a.out\nouts = b.out\n"
	                     "[stage c]\ncmd = c\ndeps = b.out\nouts = c.out\n"
	                     "[stage d]\ncmd = d\nouts = d.out\n"),
	    0);
	expect_selected(&f, "b", "a b ");
	expect_selected(&f, "c", "a b c ");
	expect_selected(&f, "d", "d ");
	clear(&f);
}

static void a_frozen_stage_needs_nothing_above_it(void **state)
{
	struct fixture f = {0};

	(void)state;
	assert_int_equal(build(&f,
	                     "[stage a]\ncmd = a\nouts = a.out\n"
	                     "[stage b]\ncmd = b\ndeps = a.out\nouts = b.out\n"
	                     "frozen = yes\n"
	                     "[stage c]\ncmd = c\ndeps = b.out\n"),
	    0);
	expect_selected(&f, "c", "b c ");
	clear(&f);
}

/* Deep enough that recursion would run out of stack. */
static void a_long_chain_is_put_in_order(void **state)
{
	enum { STAGES = 50000 };
	struct fixture f = {0};
	struct buf text = {0};

	(void)state;
	for (unsigned i = STAGES; i-- > 0;)
		buf_printf(&text,
		    "[stage s%u]\ncmd = x\ndeps = o%u\nouts = o%u\n", i, i,
		    i + 1);
	assert_int_equal(build(&f, buf_str(&text)), 0);
	for (size_t i = 0; i < STAGES; i++)
		assert_int_equal(f.graph.order[i], STAGES - 1 - i);
	expect_selected(&f, "s0", "s0 ");
	buf_release(&text);
	clear(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_read_comes_before_who_reads),
	    cmocka_unit_test(ties_keep_the_order_of_the_file),
	    cmocka_unit_test(a_dep_inside_an_output_makes_an_edge),
	    cmocka_unit_test(a_dep_above_outputs_makes_edges_to_all),
	    cmocka_unit_test(outputs_are_found_around_and_below_a_path),
	    cmocka_unit_test(a_cycle_is_named_with_its_lines),
	    cmocka_unit_test(what_follows_a_cycle_is_not_blamed),
	    cmocka_unit_test(a_target_selects_what_is_above_it),
	    cmocka_unit_test(a_frozen_stage_needs_nothing_above_it),
	    cmocka_unit_test(a_long_chain_is_put_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
