/* SPDX-License-Identifier: Apache-2.0 */
#include "format/sha256.h"

#ifdef __x86_64__

#include <cpuid.h>
#include <immintrin.h>
#include <string.h>

/* CPUID leaves 1 and 7: Intel's manual, volume 2A, tables 3-10 and 3-8. */
#define CPU_SSSE3 (1u << 9)
#define CPU_SSE41 (1u << 19)
#define CPU_SHA   (1u << 29)

#define WITH_SHA __attribute__((target("sha,sse4.1,ssse3")))

/* FIPS 180-4, section 4.2.2. */
static const uint32_t constants[64] = {
    0x428a2f98,
    0x71374491,
    0xb5c0fbcf,
    0xe9b5dba5,
    0x3956c25b,
    0x59f111f1,
    0x923f82a4,
    0xab1c5ed5,
    0xd807aa98,
    0x12835b01,
    0x243185be,
    0x550c7dc3,
    0x72be5d74,
    0x80deb1fe,
    0x9bdc06a7,
    0xc19bf174,
    0xe49b69c1,
    0xefbe4786,
    0x0fc19dc6,
    0x240ca1cc,
    0x2de92c6f,
    0x4a7484aa,
    0x5cb0a9dc,
    0x76f988da,
    0x983e5152,
    0xa831c66d,
    0xb00327c8,
    0xbf597fc7,
    0xc6e00bf3,
    0xd5a79147,
    0x06ca6351,
    0x14292967,
    0x27b70a85,
    0x2e1b2138,
    0x4d2c6dfc,
    0x53380d13,
    0x650a7354,
    0x766a0abb,
    0x81c2c92e,
    0x92722c85,
    0xa2bfe8a1,
    0xa81a664b,
    0xc24b8b70,
    0xc76c51a3,
    0xd192e819,
    0xd6990624,
    0xf40e3585,
    0x106aa070,
    0x19a4c116,
    0x1e376c08,
    0x2748774c,
    0x34b0bcb5,
    0x391c0cb3,
    0x4ed8aa4a,
    0x5b9cca4f,
    0x682e6ff3,
    0x748f82ee,
    0x78a5636f,
    0x84c87814,
    0x8cc70208,
    0x90befffa,
    0xa4506ceb,
    0xbef9a3f7,
    0xc67178f2,
};

/* One stream on its way through the rounds. */
struct lane {
	__m128i feba;
	__m128i hgdc;
	__m128i words[4]; /* the last 16 of the message schedule */
};

bool sha256_possible(void)
{
	unsigned eax, ebx, ecx, edx;
	unsigned sse;

	if (!__get_cpuid(1, &eax, &ebx, &sse, &edx) ||
	    !__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx))
		return false;
	return (sse & CPU_SSSE3) && (sse & CPU_SSE41) && (ebx & CPU_SHA);
}

/* The next four words of the message schedule: FIPS 180-4, section 6.2.2. */
WITH_SHA static inline __attribute__((always_inline)) __m128i
next_words(struct lane *lane, unsigned group, const uint8_t *block)
{
	const __m128i big_endian =
	    _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
	__m128i *words = lane->words;
	__m128i next;

	if (group < 4) {
		next = _mm_shuffle_epi8(_mm_loadu_si128((const void *)(block +
		                            16 * (size_t)group)),
		    big_endian);
	} else {
		next = _mm_sha256msg1_epu32(words[group & 3],
		    words[(group + 1) & 3]);
		next = _mm_add_epi32(next,
		    _mm_alignr_epi8(words[(group + 3) & 3],
		        words[(group + 2) & 3], 4));
		next = _mm_sha256msg2_epu32(next, words[(group + 3) & 3]);
	}
	words[group & 3] = next;
	return next;
}

/* Four of the 64 rounds of a block. */
WITH_SHA static inline __attribute__((always_inline)) void
four_rounds(struct lane *lane, unsigned group, const uint8_t *block)
{
	__m128i words = _mm_add_epi32(next_words(lane, group, block),
	    _mm_loadu_si128((const void *)(constants + 4 * (size_t)group)));

	lane->hgdc = _mm_sha256rnds2_epu32(lane->hgdc, lane->feba, words);
	words = _mm_shuffle_epi32(words, 0x0e);
	lane->feba = _mm_sha256rnds2_epu32(lane->feba, lane->hgdc, words);
}

WITH_SHA static inline __attribute__((always_inline)) void
load(struct lane *lane, const uint32_t state[8])
{
	lane->feba = _mm_loadu_si128((const void *)state);
	lane->hgdc = _mm_loadu_si128((const void *)(state + 4));
}

WITH_SHA static inline __attribute__((always_inline)) void
add_state(struct lane *lane, uint32_t state[8])
{
	lane->feba =
	    _mm_add_epi32(lane->feba, _mm_loadu_si128((const void *)state));
	lane->hgdc = _mm_add_epi32(lane->hgdc,
	    _mm_loadu_si128((const void *)(state + 4)));
	_mm_storeu_si128((void *)state, lane->feba);
	_mm_storeu_si128((void *)(state + 4), lane->hgdc);
}

WITH_SHA static void one_lane(uint32_t state[8], const uint8_t *data,
    size_t blocks)
{
	struct lane lane;

	load(&lane, state);
	for (; blocks > 0; blocks--, data += SHA256_BLOCK) {
#pragma GCC unroll 16
		for (unsigned group = 0; group < 16; group++)
			four_rounds(&lane, group, data);
		add_state(&lane, state);
	}
}

WITH_SHA static void two_lanes(uint32_t state[8], const uint8_t *data,
    uint32_t other_state[8], const uint8_t *other_data, size_t blocks)
{
	struct lane lane;
	struct lane other;

	load(&lane, state);
	load(&other, other_state);
	for (; blocks > 0; blocks--) {
#pragma GCC unroll 16
		for (unsigned group = 0; group < 16; group++) {
			four_rounds(&lane, group, data);
			four_rounds(&other, group, other_data);
		}
		add_state(&lane, state);
		add_state(&other, other_state);
		data += SHA256_BLOCK;
		other_data += SHA256_BLOCK;
	}
}

void sha256_start(struct sha256 *hash)
{
	/* FIPS 180-4, section 5.3.3: F E B A, H G D C. */
	static const uint32_t first[8] = {
	    0x9b05688c,
	    0x510e527f,
	    0xbb67ae85,
	    0x6a09e667,
	    0x5be0cd19,
	    0x1f83d9ab,
	    0xa54ff53a,
	    0x3c6ef372,
	};

	memcpy(hash->state, first, sizeof(first));
	hash->size = 0;
}

/* What the block that was begun lacks, or all there is: how much that was. */
static size_t fill_block(struct sha256 *hash, const uint8_t *data, size_t size)
{
	size_t have = (size_t)(hash->size % SHA256_BLOCK);
	size_t take = SHA256_BLOCK - have;

	if (have == 0)
		return 0;
	if (take > size)
		take = size;
	memcpy(hash->rest + have, data, take);
	hash->size += take;
	if (have + take == SHA256_BLOCK)
		one_lane(hash->state, hash->rest, 1);
	return take;
}

void sha256_add(struct sha256 *hash, const void *data, size_t size)
{
	const uint8_t *bytes = data;
	size_t taken = size > 0 ? fill_block(hash, bytes, size) : 0;
	size_t blocks = (size - taken) / SHA256_BLOCK;
	size_t rest = (size - taken) % SHA256_BLOCK;

	if (blocks > 0)
		one_lane(hash->state, bytes + taken, blocks);
	if (rest > 0)
		memcpy(hash->rest, bytes + size - rest, rest);
	hash->size += size - taken;
}

void sha256_add_two(struct sha256 *one, const void *data, struct sha256 *other,
    const void *other_data, size_t size)
{
	const uint8_t *bytes = data;
	const uint8_t *other_bytes = other_data;
	size_t taken, other_taken, blocks;

	if (size < 2 * (size_t)SHA256_BLOCK) {
		sha256_add(one, data, size);
		sha256_add(other, other_data, size);
		return;
	}
	taken = fill_block(one, bytes, size);
	other_taken = fill_block(other, other_bytes, size);
	blocks =
	    (size - (taken > other_taken ? taken : other_taken)) / SHA256_BLOCK;
	two_lanes(one->state, bytes + taken, other->state,
	    other_bytes + other_taken, blocks);
	one->size += blocks * SHA256_BLOCK;
	other->size += blocks * SHA256_BLOCK;
	taken += blocks * SHA256_BLOCK;
	other_taken += blocks * SHA256_BLOCK;
	sha256_add(one, bytes + taken, size - taken);
	sha256_add(other, other_bytes + other_taken, size - other_taken);
}

static void put_word(uint8_t *out, uint32_t word)
{
	for (int i = 0; i < 4; i++)
		out[i] = (uint8_t)(word >> (24 - 8 * i));
}

void sha256_end(struct sha256 *hash, uint8_t out[SHA256_SIZE])
{
	/* Where the instructions keep A, B, C … H. */
	static const uint8_t places[8] = {3, 2, 7, 6, 1, 0, 5, 4};
	static const uint8_t mark[SHA256_BLOCK] = {0x80};
	uint64_t bits = hash->size * 8;
	size_t have = (size_t)(hash->size % SHA256_BLOCK);
	uint8_t length[8];

	put_word(length, (uint32_t)(bits >> 32));
	put_word(length + 4, (uint32_t)bits);
	/* One bit, then zeros up to the length at the end of a block. */
	sha256_add(hash, mark,
	    (have < 56 ? 56 : 56 + (size_t)SHA256_BLOCK) - have);
	sha256_add(hash, length, sizeof(length));
	for (size_t i = 0; i < 8; i++)
		put_word(out + 4 * i, hash->state[places[i]]);
}

#else

bool sha256_possible(void)
{
	return false;
}

void sha256_start(struct sha256 *hash)
{
	(void)hash;
}

void sha256_add(struct sha256 *hash, const void *data, size_t size)
{
	(void)hash;
	(void)data;
	(void)size;
}

void sha256_add_two(struct sha256 *one, const void *data, struct sha256 *other,
    const void *other_data, size_t size)
{
	(void)one;
	(void)data;
	(void)other;
	(void)other_data;
	(void)size;
}

void sha256_end(struct sha256 *hash, uint8_t out[SHA256_SIZE])
{
	(void)hash;
	(void)out;
}

#endif
