/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/lock.h"

#include "scratch.h"

static int try(struct lock *lock, enum lock_mode mode, struct mldv_error *err)
{
	const struct lock_options options = {.no_wait = true};

	return lock_take(lock, "lock", mode, &options, err);
}

static void exclusive_excludes(void **state)
{
	struct mldv_error err = {0};
	struct lock one = {0};
	struct lock two = {0};

	(void)state;
	assert_int_equal(try(&one, LOCK_EXCLUSIVE, &err), 0);
	assert_int_equal(try(&two, LOCK_EXCLUSIVE, &err), -1);
	assert_int_equal(err.code, MLDV_BUSY);
	assert_null(two.path);
	assert_int_equal(try(&two, LOCK_SHARED, &err), -1);
	lock_release(&two);
	lock_release(&one);
	lock_release(&one);
	assert_int_equal(try(&two, LOCK_EXCLUSIVE, &err), 0);
	lock_release(&two);
}

static void shared_is_shared(void **state)
{
	struct mldv_error err = {0};
	struct lock one = {0};
	struct lock two = {0};
	struct lock three = {0};

	(void)state;
	assert_int_equal(try(&one, LOCK_SHARED, &err), 0);
	assert_int_equal(try(&two, LOCK_SHARED, &err), 0);
	assert_int_equal(try(&three, LOCK_EXCLUSIVE, &err), -1);
	lock_release(&one);
	assert_int_equal(try(&three, LOCK_EXCLUSIVE, &err), -1);
	lock_release(&two);
	assert_int_equal(try(&three, LOCK_EXCLUSIVE, &err), 0);
	lock_release(&three);
}

static void a_downgraded_lock_is_shared(void **state)
{
	struct mldv_error err = {0};
	struct lock one = {0};
	struct lock two = {0};

	(void)state;
	lock_downgrade(&one);
	assert_int_equal(try(&one, LOCK_EXCLUSIVE, &err), 0);
	lock_downgrade(&one);
	assert_int_equal(try(&two, LOCK_EXCLUSIVE, &err), -1);
	assert_int_equal(try(&two, LOCK_SHARED, &err), 0);
	lock_release(&one);
	lock_release(&two);
}

static void busy_names_the_holder_and_the_way_out(void **state)
{
	struct mldv_error err = {0};
	struct lock one = {0};
	struct lock two = {0};
	char pid[32];

	(void)state;
	assert_int_equal(try(&one, LOCK_EXCLUSIVE, &err), 0);
	assert_int_equal(try(&two, LOCK_SHARED, &err), -1);
	(void)snprintf(pid, sizeof pid, "(pid %ld on host ", (long)getpid());
	assert_ptr_equal(strstr(err.text, "'lock' is in use by test_lock "),
	    err.text);
	assert_non_null(strstr(err.text, pid));
	assert_non_null(strstr(err.text, "); wait, or stop it"));
	lock_release(&one);
	/* Who is gone is not named. */
	assert_int_equal(file_replace("lock", "", 0, &err), 0);
}

static void expect_holder(const char *text, const char *message)
{
	struct mldv_error err = {0};
	struct lock one = {0};
	struct lock two = {0};

	assert_int_equal(try(&one, LOCK_EXCLUSIVE, &err), 0);
	scratch_write("lock", text);
	assert_int_equal(try(&two, LOCK_SHARED, &err), -1);
	assert_string_equal(err.text, message);
	lock_release(&one);
}

static void the_text_of_a_lock_is_not_believed(void **state)
{
	static const char unknown[] =
	    "'lock' is in use by another process; wait, or stop it";

	(void)state;
	expect_holder("", unknown);
	expect_holder("rubbish", unknown);
	expect_holder("-1 host mldv push t\n", unknown);
	expect_holder("99999999999 host mldv push t\n", unknown);
	expect_holder("1 host\n", unknown);
	expect_holder("1 host word\n", unknown);
	expect_holder("4711 elsewhere mldv push t\n",
	    "'lock' is in use by mldv push (pid 4711 on host elsewhere); "
	    "wait, or stop it");
	expect_holder("4711 else\x1bwhere mldv\x07 t\n",
	    "'lock' is in use by mldv\\x07 (pid 4711 on host else\\x1bwhere); "
	    "wait, or stop it");
}

static void a_holder_that_died_is_not_named(void **state)
{
	struct mldv_error err = {0};
	struct buf text = {0};
	struct buf other = {0};
	struct lock one = {0};
	char *space;
	pid_t pid = fork();

	(void)state;
	if (pid == 0)
		_exit(0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(try(&one, LOCK_EXCLUSIVE, &err), 0);
	assert_int_equal(file_read("lock", 1000, &text, &err), 0);
	lock_release(&one);
	space = strchr(text.data, ' ');
	assert_non_null(space);
	buf_printf(&other, "%ld%s", (long)pid, space);
	expect_holder(buf_str(&other),
	    "'lock' is in use by another process; wait, or stop it");
	buf_release(&text);
	buf_release(&other);
}

static void makes_the_directory(void **state)
{
	struct mldv_error err = {0};
	struct lock lock = {0};

	(void)state;
	assert_int_equal(lock_take(&lock, "a/b/lock", LOCK_SHARED, NULL, &err),
	    0);
	lock_release(&lock);
	scratch_write("file", "");
	assert_int_equal(lock_take(&lock, "file/lock", LOCK_SHARED, NULL, &err),
	    -1);
	assert_null(lock.path);
}

static void what_may_not_be_written_can_be_shared(void **state)
{
	struct mldv_error err = {0};
	struct lock one = {0};
	struct lock two = {0};

	(void)state;
	scratch_drop_privileges();
	scratch_write("lock", "");
	assert_int_equal(chmod("lock", 0444), 0);
	assert_int_equal(try(&one, LOCK_SHARED, &err), 0);
	assert_int_equal(try(&two, LOCK_EXCLUSIVE, &err), -1);
	assert_string_equal(err.text,
	    "cannot open lock 'lock': Permission denied");
	lock_release(&one);
	assert_int_equal(chmod(".", 0555), 0);
	assert_int_equal(lock_take(&one, "nosuch", LOCK_SHARED, NULL, &err),
	    -1);
	assert_string_equal(err.text,
	    "cannot open lock 'nosuch': Permission denied");
	assert_int_equal(chmod(".", 0777), 0);
}

struct waiter {
	atomic_int told;
	atomic_int asked;
	atomic_bool stop;
};

static void waiting(void *context, const char *holder)
{
	struct waiter *waiter = context;

	assert_non_null(strstr(holder, "test_lock"));
	atomic_fetch_add(&waiter->told, 1);
}

static bool cancelled(void *context)
{
	struct waiter *waiter = context;

	atomic_fetch_add(&waiter->asked, 1);
	return atomic_load(&waiter->stop);
}

static void *release_later(void *arg)
{
	const struct timespec time = {.tv_nsec = 300000000};

	(void)nanosleep(&time, NULL);
	lock_release(arg);
	return NULL;
}

static void waits_and_says_so_once(void **state)
{
	struct waiter waiter = {0};
	const struct lock_options options = {.waiting = waiting,
	    .cancelled = cancelled,
	    .context = &waiter};
	struct mldv_error err = {0};
	struct lock one = {0};
	struct lock two = {0};
	pthread_t thread;

	(void)state;
	assert_int_equal(try(&one, LOCK_EXCLUSIVE, &err), 0);
	assert_int_equal(pthread_create(&thread, NULL, release_later, &one), 0);
	assert_int_equal(lock_take(&two, "lock", LOCK_EXCLUSIVE, &options,
	                     &err),
	    0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(atomic_load(&waiter.told), 1);
	assert_true(atomic_load(&waiter.asked) > 1);
	lock_release(&two);
}

static void waiting_can_be_cancelled(void **state)
{
	struct waiter waiter = {.stop = true};
	const struct lock_options options = {.cancelled = cancelled,
	    .context = &waiter};
	struct mldv_error err = {0};
	struct lock one = {0};
	struct lock two = {0};

	(void)state;
	assert_int_equal(try(&one, LOCK_EXCLUSIVE, &err), 0);
	assert_int_equal(lock_take(&two, "lock", LOCK_SHARED, &options, &err),
	    -1);
	assert_int_equal(err.code, MLDV_INTERRUPTED);
	assert_null(two.path);
	lock_release(&one);
}

static void a_lock_ends_with_its_process(void **state)
{
	struct mldv_error err = {0};
	struct lock lock = {0};
	int status;
	pid_t pid = fork();

	(void)state;
	if (pid == 0)
		_exit(try(&lock, LOCK_EXCLUSIVE, &err) == 0 ? 0 : 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(try(&lock, LOCK_EXCLUSIVE, &err), 0);
	lock_release(&lock);
}

#define SCRATCH(test) \
	cmocka_unit_test_setup_teardown(test, scratch_enter, scratch_leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    SCRATCH(exclusive_excludes),
	    SCRATCH(shared_is_shared),
	    SCRATCH(a_downgraded_lock_is_shared),
	    SCRATCH(busy_names_the_holder_and_the_way_out),
	    SCRATCH(the_text_of_a_lock_is_not_believed),
	    SCRATCH(a_holder_that_died_is_not_named),
	    SCRATCH(makes_the_directory),
	    SCRATCH(what_may_not_be_written_can_be_shared),
	    SCRATCH(waits_and_says_so_once),
	    SCRATCH(waiting_can_be_cancelled),
	    SCRATCH(a_lock_ends_with_its_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
