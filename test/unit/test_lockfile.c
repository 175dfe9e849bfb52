/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "format/lock.h"

#define ABC "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static void add_stage(struct lockfile *lock, const char *name, const char *out)
{
	struct made made[] = {
	    {{.kind = KIND_FILE, .size = 3, .files = 1}, "z"},
	    {{.kind = KIND_DIR, .size = 12, .files = 2}, out},
	};
	struct mldv_error err;
	struct buf text = {0};
	struct key key;
	struct oid oid;

	buf_printf(&text,
	    "mldv-key 1\ncmd %s\ncwd .\nout %s\nout z\n"
	    "runner shell 1\nshell sh\n",
	    ABC, out);
	if (key_parse(&key, text.data, text.len, &err) < 0)
		fail_msg("%s", err.text);
	key_end(&key, NULL, &oid);
	lockfile_set(lock, name, &oid, &key, made, 2);
	key_release(&key);
	buf_release(&text);
}

static void refuse(const char *text, const char *message)
{
	struct mldv_error err = {0};
	struct lockfile lock = {0};

	assert_int_equal(lockfile_parse(&lock, text, strlen(text), &err), -1);
	assert_int_equal(err.code, MLDV_CORRUPT);
	if (strncmp(err.text, message, strlen(message)) != 0)
		fail_msg("'%s', not '%s'", err.text, message);
}

static void writes_stages_sorted_and_reads_them_again(void **state)
{
	struct lockfile lock = {0};
	struct lockfile again;
	struct mldv_error err = {0};
	struct buf out = {0};
	struct buf second = {0};
	const struct lock_stage *stage;

	(void)state;
	add_stage(&lock, "train", "models");
	add_stage(&lock, "prepare", "data/x y");
	lockfile_format(&lock, &out);
	assert_int_equal(strncmp(out.data, "mldv-lock 1\nstage prepare\nkey ",
	                     30),
	    0);
	assert_non_null(strstr(out.data, "\nmade d 12 2 "));
	assert_non_null(strstr(out.data, " data/x y\nmade f 3 "));
	assert_int_equal(lockfile_parse(&again, out.data, out.len, &err), 0);
	lockfile_format(&again, &second);
	assert_string_equal(buf_str(&second), buf_str(&out));
	stage = lockfile_find(&again, "train");
	assert_int_equal(stage->made_count, 2);
	assert_string_equal(stage->made[0].path, "models");
	assert_true(
	    oid_equal(&stage->oid, &lockfile_find(&lock, "train")->oid));
	assert_int_equal(stage->key.lines.count, 6);
	assert_null(lockfile_find(&again, "other"));
	lockfile_release(&again);
	lockfile_release(&lock);
	buf_release(&out);
	buf_release(&second);
}

static void keeps_what_somebody_claims(void **state)
{
	struct lockfile lock = {0};
	struct lockfile again = {0};
	struct mldv_error err = {0};
	struct buf out = {0};
	struct buf second = {0};
	const struct lock_stage *stage;
	struct oid old;

	(void)state;
	oid_of("x", 1, &old);
	add_stage(&lock, "a", "x");
	add_stage(&lock, "b", "y");
	lockfile_claim(&lock, "a", CLAIM_ACCEPTED, &old, "only\na comment");
	lockfile_claim(&lock, "b", CLAIM_ASSERTED, NULL, "by hand");
	lockfile_claim(&lock, "none", CLAIM_ASSERTED, NULL, "by hand");
	lockfile_format(&lock, &out);
	assert_non_null(strstr(out.data, " only\\na comment\ncmd "));
	assert_non_null(strstr(out.data, "\nasserted by hand\ncmd "));
	assert_int_equal(lockfile_parse(&again, out.data, out.len, &err), 0);
	lockfile_format(&again, &second);
	assert_string_equal(buf_str(&second), buf_str(&out));
	stage = lockfile_find(&again, "a");
	assert_int_equal(stage->claim, CLAIM_ACCEPTED);
	assert_string_equal(stage->why, "only\na comment");
	assert_true(oid_equal(lock_stage_run(stage), &old));
	stage = lockfile_find(&again, "b");
	assert_int_equal(stage->claim, CLAIM_ASSERTED);
	assert_true(oid_equal(lock_stage_run(stage), &stage->oid));
	add_stage(&again, "a", "x");
	stage = lockfile_find(&again, "a");
	assert_int_equal(stage->claim, CLAIM_NONE);
	assert_null(stage->why);
	lockfile_release(&again);
	lockfile_release(&lock);
	buf_release(&out);
	buf_release(&second);
}

static void refuses_claims_that_say_nothing(void **state)
{
	(void)state;
	refuse("mldv-lock 1\nstage a\nkey " ABC "\naccepted " ABC " x\n",
	    "lock, line 4: the accepted key is the stage's own");
	refuse("mldv-lock 1\nstage a\nkey " ABC "\naccepted x\n",
	    "lock, line 4: ");
	refuse("mldv-lock 1\nstage a\nkey " ABC "\nasserted \n",
	    "lock, line 4: ");
}

static void replaces_and_removes(void **state)
{
	struct lockfile lock = {0};

	(void)state;
	add_stage(&lock, "b", "x");
	add_stage(&lock, "a", "y");
	add_stage(&lock, "c", "w");
	add_stage(&lock, "b", "v");
	assert_int_equal(lock.count, 3);
	assert_string_equal(lockfile_find(&lock, "b")->made[0].path, "v");
	assert_true(lockfile_remove(&lock, "a"));
	assert_false(lockfile_remove(&lock, "a"));
	assert_int_equal(lock.count, 2);
	assert_string_equal(lock.stages[0].name, "b");
	assert_string_equal(lock.stages[1].name, "c");
	lockfile_release(&lock);
	lockfile_release(&lock);
}

static void sets_a_stage_to_what_it_is(void **state)
{
	struct lockfile lock = {0};
	struct lock_stage old;

	(void)state;
	add_stage(&lock, "a", "x");
	old = *lockfile_find(&lock, "a");
	lockfile_set(&lock, old.name, &old.oid, &old.key, old.made,
	    old.made_count);
	assert_int_equal(lock.count, 1);
	assert_int_equal(lock.stages[0].key.lines.count, 6);
	assert_string_equal(lock.stages[0].made[1].path, "z");
	lockfile_release(&lock);
}

static void knows_who_made_a_path(void **state)
{
	struct lockfile lock = {0};

	(void)state;
	add_stage(&lock, "a", "d/e");
	assert_string_equal(lockfile_made(&lock, "d/e")->path, "d/e");
	assert_string_equal(lockfile_made(&lock, "d/e/f")->path, "d/e");
	assert_null(lockfile_made(&lock, "d"));
	assert_null(lockfile_made(&lock, "d/ef"));
	lockfile_release(&lock);
}

static void an_empty_lock_is_its_first_line(void **state)
{
	struct lockfile lock = {0};
	struct mldv_error err;
	struct buf out = {0};

	(void)state;
	lockfile_format(&lock, &out);
	assert_string_equal(buf_str(&out), "mldv-lock 1\n");
	assert_int_equal(lockfile_parse(&lock, out.data, out.len, &err), 0);
	assert_int_equal(lock.count, 0);
	assert_null(lockfile_find(&lock, "a"));
	buf_release(&out);
	lockfile_release(&lock);
}

static void refuses_what_does_not_fit(void **state)
{
	struct lockfile lock = {0};
	struct buf out = {0};
	char *at;

	(void)state;
	refuse("", "lock, line 1: is not 'mldv-lock 1'");
	refuse("mldv-lock 1\nkey x\n",
	    "lock, line 2: begins with 'key', not 'stage'");
	refuse("mldv-lock 1\nstage a\nkey " ABC "\n",
	    "lock, line 3: the lines of stage 'a' do not add up to its key");
	refuse("<<<<<<< HEAD\n", "the lock holds a merge conflict; run 'git ");
	refuse("mldv-lock 1\n<<<<<<< HEAD\n",
	    "the lock holds a merge conflict; run 'git ");
	refuse("mldv-lock 1\nstage a/b\n",
	    "lock, line 2: a stage has no such name");
	refuse("mldv-lock 1\nstage a\nkey " ABC "\nmade f 3 " ABC " ../x\n",
	    "lock, line 4: '../x' is not a path inside the repository");
	refuse("mldv-lock 1\nstage a\nkey " ABC "\nmade f 0 " ABC " x\n",
	    "lock, line 4: just the empty object has size 0");
	add_stage(&lock, "a", "x");
	add_stage(&lock, "b", "y");
	lockfile_format(&lock, &out);
	at = strstr(out.data, "out x");
	at[4] = 'w';
	refuse(out.data,
	    "lock, line 11: the lines of stage 'a' do not add up "
	    "to its key");
	at[4] = 'x';
	at = strstr(out.data, "stage b");
	at[6] = 'a';
	refuse(out.data,
	    "lock, line 12: stage 'a' is not sorted after the one above");
	at[6] = 'b';
	at = strstr(out.data, " z\nstage");
	at[1] = 'a';
	refuse(out.data, "lock, line 11: is not sorted after the line above");
	buf_release(&out);
	lockfile_release(&lock);
}

static void refuses_what_is_none_of_the_outputs(void **state)
{
	struct lockfile lock = {0};
	struct buf out = {0};
	char *at;

	(void)state;
	add_stage(&lock, "a", "out/x");
	lockfile_format(&lock, &out);
	at = strstr(out.data, " z\n");
	at = strstr(at + 1, " z\n");
	at[1] = 'y';
	refuse(out.data,
	    "lock, line 11: stage 'a' made 'y', which is none of its outputs; "
	    "run 'git checkout mldv.lock', then 'mldv repro'");
	buf_release(&out);
	lockfile_release(&lock);
}

static void refuses_key_lines_after_what_was_made(void **state)
{
	(void)state;
	refuse("mldv-lock 1\nstage a\nkey " ABC "\nmade f 3 " ABC " x\ncmd " ABC
	       "\n",
	    "lock, line 5: stands after what the stage made");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(writes_stages_sorted_and_reads_them_again),
	    cmocka_unit_test(keeps_what_somebody_claims),
	    cmocka_unit_test(refuses_claims_that_say_nothing),
	    cmocka_unit_test(replaces_and_removes),
	    cmocka_unit_test(sets_a_stage_to_what_it_is),
	    cmocka_unit_test(knows_who_made_a_path),
	    cmocka_unit_test(an_empty_lock_is_its_first_line),
	    cmocka_unit_test(refuses_what_does_not_fit),
	    cmocka_unit_test(refuses_what_is_none_of_the_outputs),
	    cmocka_unit_test(refuses_key_lines_after_what_was_made),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
