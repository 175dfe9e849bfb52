/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <string.h>

#include <cmocka.h>

#include "base/buf.h"

static void empty_is_a_string(void **state)
{
	struct buf buf = {0};

	(void)state;
	assert_string_equal(buf_str(&buf), "");
	assert_null(buf.data);
	buf_reset(&buf);
	buf_add(&buf, NULL, 0);
	assert_string_equal(buf_str(&buf), "");
	buf_release(&buf);
	buf_release(&buf);
}

static void adds_what_it_is_given(void **state)
{
	struct buf buf = {0};

	(void)state;
	buf_add(&buf, "a\0b", 3);
	buf_add_str(&buf, "cd");
	buf_add_char(&buf, 'e');
	buf_printf(&buf, "%03d%s", 7, "!");
	assert_int_equal(buf.len, 10);
	assert_memory_equal(buf.data, "a\0bcde007!", 11);
	buf_release(&buf);
}

static void grows_without_losing_anything(void **state)
{
	struct buf buf = {0};
	char text[300];

	(void)state;
	memset(text, 'x', sizeof text);
	text[sizeof text - 1] = '\0';
	for (size_t i = 0; i < 1000; i++) {
		buf_printf(&buf, "%s", text);
		assert_int_equal(buf.data[buf.len], '\0');
	}
	assert_int_equal(buf.len, 299000);
	assert_int_equal(strlen(buf.data), 299000);
	buf_release(&buf);
}

static void room_is_as_much_as_was_asked_for(void **state)
{
	struct buf buf = {0};
	char *room;

	(void)state;
	buf_add_str(&buf, "ab");
	for (size_t size = 0; size < 200; size++) {
		room = buf_room(&buf, size);
		assert_ptr_equal(room, buf.data + buf.len);
		assert_true(buf.capacity - buf.len > size);
		memset(room, 'y', size);
	}
	buf.len += 3;
	assert_string_equal(buf_str(&buf), "abyyy");
	buf_release(&buf);
}

static void reset_keeps_the_memory(void **state)
{
	struct buf buf = {0};
	const char *before;

	(void)state;
	buf_add_str(&buf, "abc");
	before = buf.data;
	buf_reset(&buf);
	assert_string_equal(buf_str(&buf), "");
	assert_int_equal(buf.len, 0);
	buf_add_str(&buf, "d");
	assert_ptr_equal(buf.data, before);
	assert_string_equal(buf_str(&buf), "d");
	buf_release(&buf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(empty_is_a_string),
	    cmocka_unit_test(adds_what_it_is_given),
	    cmocka_unit_test(grows_without_losing_anything),
	    cmocka_unit_test(room_is_as_much_as_was_asked_for),
	    cmocka_unit_test(reset_keeps_the_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
