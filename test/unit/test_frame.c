/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "sample.h"
#include "store/frame.h"

enum { MIB = 1 << 20 };

static int open_codec(void **state)
{
	*state = codec_open();
	return 0;
}

static int close_codec(void **state)
{
	codec_close(*state);
	return 0;
}

static void compresses_what_saves_three_percent(void **state)
{
	struct codec *codec = *state;
	char *data = xmalloc(MIB);

	sample_text(data, MIB, 1);
	assert_true(frame_compresses(codec, data, MIB));
	assert_true(frame_compresses(codec, data, 16 * 1024));
	assert_true(frame_compresses(codec, data, 4000));
	assert_false(frame_compresses(codec, data, 1));
	sample_noise(data, MIB, 1);
	assert_false(frame_compresses(codec, data, MIB));
	assert_false(frame_compresses(codec, data, 16 * 1024 + 1));
	assert_false(frame_compresses(codec, data, 100));
	/* Noise with a little text behind it is not worth the time. */
	sample_text(data + MIB - 4096, 4096, 1);
	assert_false(frame_compresses(codec, data, MIB));
	free(data);
}

static void expect_same(struct codec *codec, const char *data, size_t size)
{
	struct buf frame = {0}, back = {0};
	struct mldv_error err;

	assert_int_equal(frame_compress(codec, data, size, &frame, &err), 0);
	assert_int_equal(frame_decompress(codec, frame.data, frame.len, size,
	                     &back, &err),
	    0);
	assert_int_equal(back.len, size);
	assert_memory_equal(back.data, data, size);
	buf_release(&frame);
	buf_release(&back);
}

static void what_is_compressed_comes_back(void **state)
{
	static const size_t sizes[] = {1, 2, 511, 512, 131071, 131072, 131073,
	    262144, MIB};
	char *data = xmalloc(MIB);

	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		sample_text(data, sizes[i], i);
		expect_same(*state, data, sizes[i]);
		sample_noise(data, sizes[i], i);
		expect_same(*state, data, sizes[i]);
	}
	free(data);
}

static void stored(struct buf *out, const char *data, size_t size)
{
	frame_stored_start(out, (uint32_t)size + 700);
	frame_stored_raw(out, data, size);
	frame_stored_zeros(out, 700);
	frame_stored_end(out);
}

static void a_stored_frame_is_a_zstd_frame(void **state)
{
	static const size_t sizes[] = {1, 511, 512, 131071, 131072, 131073,
	    262144, MIB};
	char *data = xmalloc(MIB);
	struct buf frame = {0}, back = {0};
	struct mldv_error err;

	sample_noise(data, MIB, 7);
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		size_t size = sizes[i];

		buf_reset(&frame);
		stored(&frame, data, size);
		assert_int_equal(frame_decompress(*state, frame.data, frame.len,
		                     size + 700, &back, &err),
		    0);
		assert_int_equal(back.len, size + 700);
		assert_memory_equal(back.data, data, size);
		for (size_t j = 0; j < 700; j++)
			assert_int_equal(back.data[size + j], 0);
	}
	free(data);
	buf_release(&frame);
	buf_release(&back);
}

static void payloads_lie_verbatim_in_raw_blocks(void **state)
{
	static const uint32_t sizes[] = {1, 511, 512, 131071, 131072, 131073,
	    262144, 262145, MIB};
	char *data = xmalloc(MIB);
	struct buf blocks = {0}, scratch = {0};
	struct mldv_error err;
	struct slice out;

	(void)state;
	sample_noise(data, MIB, 9);
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		uint32_t size = sizes[i];

		buf_reset(&blocks);
		frame_stored_raw(&blocks, data, size);
		assert_int_equal(blocks.len,
		    size + 3 * ((size + FRAME_BLOCK - 1) / FRAME_BLOCK));
		assert_int_equal(frame_stored_payload(blocks.data, blocks.len,
		                     size, &scratch, &out, &err),
		    0);
		assert_int_equal(out.len, size);
		assert_memory_equal(out.data, data, size);
		/* One block is not copied. */
		assert_int_equal(out.data == blocks.data + 3,
		    size <= FRAME_BLOCK);
	}
	free(data);
	buf_release(&blocks);
	buf_release(&scratch);
}

static void refused_stored(const struct buf *blocks, size_t len, uint32_t size)
{
	struct buf scratch = {0};
	struct mldv_error err = {0};
	struct slice out;
	/* A copy of the exact length, so that a sanitizer sees overruns. */
	char *copy = xmalloc(len > 0 ? len : 1);

	memcpy(copy, blocks->data, len);
	assert_int_equal(frame_stored_payload(copy, len, size, &scratch, &out,
	                     &err),
	    -1);
	assert_int_equal(err.code, MLDV_CORRUPT);
	free(copy);
	buf_release(&scratch);
}

static void stored_blocks_that_do_not_fit_are_refused(void **state)
{
	struct buf blocks = {0};
	char *data = xmalloc(200000);

	(void)state;
	sample_noise(data, 200000, 1);
	frame_stored_raw(&blocks, data, 200000);
	refused_stored(&blocks, blocks.len - 1, 200000);
	refused_stored(&blocks, blocks.len, 199999);
	refused_stored(&blocks, blocks.len, 200001);
	refused_stored(&blocks, blocks.len, 131072);
	refused_stored(&blocks, 0, 1);
	refused_stored(&blocks, 2, 1);
	for (size_t i = 0; i < 3; i++) {
		/* The first block's header, and the second's. */
		blocks.data[i] ^= 1;
		refused_stored(&blocks, blocks.len, 200000);
		blocks.data[i] ^= 1;
		blocks.data[3 + FRAME_BLOCK + i] ^= 8;
		refused_stored(&blocks, blocks.len, 200000);
		blocks.data[3 + FRAME_BLOCK + i] ^= 8;
	}
	free(data);
	buf_release(&blocks);
}

static void refused(struct codec *codec, const struct buf *frame, size_t len,
    size_t limit, const char *why)
{
	struct buf back = {0};
	struct mldv_error err = {0};
	char *copy = xmalloc(len > 0 ? len : 1);

	if (len > 0)
		memcpy(copy, frame->data, len);
	assert_int_equal(frame_decompress(codec, copy, len, limit, &back, &err),
	    -1);
	assert_int_equal(err.code, MLDV_CORRUPT);
	if (strstr(err.text, why) == NULL)
		fail_msg("'%s' does not say '%s'", err.text, why);
	/* Nothing was allocated on the word of a frame. */
	assert_true(back.capacity < 2 * limit + 1024);
	free(copy);
	buf_release(&back);
}

static void a_frame_is_believed_up_to_the_limit(void **state)
{
	struct buf frame = {0};
	struct mldv_error err;
	char *data = xcalloc(1, 100000);

	assert_int_equal(frame_compress(*state, data, 100000, &frame, &err), 0);
	refused(*state, &frame, frame.len, 99999, "claims to hold 100000");
	refused(*state, &frame, frame.len - 1, 100000, "not as long");
	buf_add_char(&frame, 0);
	refused(*state, &frame, frame.len, 100000, "not as long");
	refused(*state, &frame, 0, 100000, "not a zstd frame");
	refused(*state, &frame, 3, 100000, "not a zstd frame");
	free(data);
	buf_release(&frame);
}

/* A stored frame of zeros of any count, whose header claims size. */
static void bomb(struct buf *out, uint32_t claimed, unsigned blocks)
{
	buf_reset(out);
	frame_stored_start(out, claimed);
	for (unsigned i = 0; i < blocks; i++)
		frame_stored_zeros(out, FRAME_BLOCK);
	frame_stored_end(out);
}

static void a_frame_that_lies_about_its_size_is_corrupt(void **state)
{
	struct buf frame = {0};

	/* 128 MiB in 4 KiB, said to be less, or said to be what it is. */
	bomb(&frame, 1000, 1024);
	refused(*state, &frame, frame.len, 100000, "cannot decode");
	bomb(&frame, 0, 1024);
	refused(*state, &frame, frame.len, 100000, "");
	bomb(&frame, 1024 * FRAME_BLOCK, 1024);
	refused(*state, &frame, frame.len, 100000, "claims to hold 134217728");
	bomb(&frame, UINT32_MAX, 1024);
	refused(*state, &frame, frame.len, 100000, "claims to hold 4294967295");
	/* Less than it says. */
	bomb(&frame, 2 * FRAME_BLOCK, 1);
	refused(*state, &frame, frame.len, MIB, "");
	/* A frame without its size, and one that needs a dictionary. */
	buf_reset(&frame);
	buf_add(&frame, "\x28\xb5\x2f\xfd\x00\x58\x01\x00\x00", 9);
	refused(*state, &frame, frame.len, MIB, "not a zstd frame with");
	buf_reset(&frame);
	buf_add(&frame, "\x28\xb5\x2f\xfd\x21\x07\x00\x01\x00\x00", 10);
	refused(*state, &frame, frame.len, MIB, "");
	buf_release(&frame);
}

/* One raw block of a byte, in a frame with a window: RFC 8878, 3.1.1.1.2. */
static void a_window_is_believed_up_to_128_mib(void **state)
{
	unsigned char frame[] = {0x28, 0xb5, 0x2f, 0xfd, 0x80, 17 << 3, 1, 0, 0,
	    0, 9, 0, 0, 'a'};
	struct buf bytes = {0}, back = {0};
	struct mldv_error err;

	buf_add(&bytes, frame, sizeof frame);
	assert_int_equal(frame_decompress(*state, bytes.data, bytes.len, MIB,
	                     &back, &err),
	    0);
	assert_string_equal(buf_str(&back), "a");
	bytes.data[5]++;
	refused(*state, &bytes, bytes.len, MIB, "window");
	buf_release(&bytes);
	buf_release(&back);
}

static void any_damaged_frame_is_refused_or_another_text(void **state)
{
	struct buf frame = {0}, back = {0};
	struct mldv_error err;
	char data[3000];

	sample_text(data, sizeof data, 3);
	assert_int_equal(frame_compress(*state, data, sizeof data, &frame,
	                     &err),
	    0);
	for (size_t i = 0; i < frame.len * 8; i++) {
		int ret;

		frame.data[i / 8] = (char)(frame.data[i / 8] ^ 1 << i % 8);
		ret = frame_decompress(*state, frame.data, frame.len, MIB,
		    &back, &err);
		if (ret < 0)
			assert_int_equal(err.code, MLDV_CORRUPT);
		else
			assert_true(back.len <= MIB);
		frame.data[i / 8] = (char)(frame.data[i / 8] ^ 1 << i % 8);
	}
	buf_release(&frame);
	buf_release(&back);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(compresses_what_saves_three_percent),
	    cmocka_unit_test(what_is_compressed_comes_back),
	    cmocka_unit_test(a_stored_frame_is_a_zstd_frame),
	    cmocka_unit_test(payloads_lie_verbatim_in_raw_blocks),
	    cmocka_unit_test(stored_blocks_that_do_not_fit_are_refused),
	    cmocka_unit_test(a_frame_is_believed_up_to_the_limit),
	    cmocka_unit_test(a_frame_that_lies_about_its_size_is_corrupt),
	    cmocka_unit_test(a_window_is_believed_up_to_128_mib),
	    cmocka_unit_test(any_damaged_frame_is_refused_or_another_text),
	};

	return cmocka_run_group_tests(tests, open_codec, close_codec);
}
