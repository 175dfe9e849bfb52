/* SPDX-License-Identifier: Apache-2.0 */
#include "format/oid.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "base/mem.h"
#include "format/sha256.h"

const struct oid oid_empty = {{
    0xe3,
    0xb0,
    0xc4,
    0x42,
    0x98,
    0xfc,
    0x1c,
    0x14,
    0x9a,
    0xfb,
    0xf4,
    0xc8,
    0x99,
    0x6f,
    0xb9,
    0x24,
    0x27,
    0xae,
    0x41,
    0xe4,
    0x64,
    0x9b,
    0x93,
    0x4c,
    0xa4,
    0x95,
    0x99,
    0x1b,
    0x78,
    0x52,
    0xb8,
    0x55,
}};

/* The value of a digit plus one; 0: not a digit. */
static const uint8_t digit_values[256] = {
    ['0'] = 1,
    ['1'] = 2,
    ['2'] = 3,
    ['3'] = 4,
    ['4'] = 5,
    ['5'] = 6,
    ['6'] = 7,
    ['7'] = 8,
    ['8'] = 9,
    ['9'] = 10,
    ['a'] = 11,
    ['b'] = 12,
    ['c'] = 13,
    ['d'] = 14,
    ['e'] = 15,
    ['f'] = 16,
};

int oid_compare(const struct oid *a, const struct oid *b)
{
	return memcmp(a->bytes, b->bytes, OID_SIZE);
}

bool oid_equal(const struct oid *a, const struct oid *b)
{
	return memcmp(a->bytes, b->bytes, OID_SIZE) == 0;
}

void oid_hex(const struct oid *oid, char out[OID_HEX + 1])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < OID_SIZE; i++) {
		out[2 * i] = digits[oid->bytes[i] >> 4];
		out[2 * i + 1] = digits[oid->bytes[i] & 15];
	}
	out[OID_HEX] = '\0';
}

bool oid_parse(struct oid *out, struct slice text)
{
	struct oid oid;

	if (text.len != OID_HEX)
		return false;
	for (size_t i = 0; i < OID_SIZE; i++) {
		unsigned high = digit_values[(uint8_t)text.data[2 * i]];
		unsigned low = digit_values[(uint8_t)text.data[2 * i + 1]];

		if (high == 0 || low == 0)
			return false;
		oid.bytes[i] = (uint8_t)((high - 1) << 4 | (low - 1));
	}
	*out = oid;
	return true;
}

struct hasher {
	EVP_MD *md; /* NULL: the digest below is used */
	EVP_MD_CTX *ctx;
	struct sha256 lane;
};

/*
 * A digest in memory fails only without memory or without OpenSSL's default
 * provider: neither leaves anything that could still be done right.
 */
static void must(int done)
{
	if (done != 1)
		abort();
}

struct hasher *hasher_open(void)
{
	struct hasher *hasher = xcalloc(1, sizeof(*hasher));

	hasher->md = EVP_MD_fetch(NULL, "SHA256", NULL);
	hasher->ctx = EVP_MD_CTX_new();
	must(hasher->md != NULL && hasher->ctx != NULL);
	return hasher;
}

bool hasher_has_lanes(void)
{
	return sha256_possible();
}

struct hasher *hasher_open_lane(void)
{
	return sha256_possible() ? xcalloc(1, sizeof(struct hasher))
	                         : hasher_open();
}

void hasher_close(struct hasher *hasher)
{
	if (hasher == NULL)
		return;
	EVP_MD_CTX_free(hasher->ctx);
	EVP_MD_free(hasher->md);
	free(hasher);
}

void hasher_start(struct hasher *hasher)
{
	if (hasher->md == NULL)
		sha256_start(&hasher->lane);
	else
		must(EVP_DigestInit_ex2(hasher->ctx, hasher->md, NULL));
}

void hasher_add(struct hasher *hasher, const void *data, size_t size)
{
	if (hasher->md == NULL)
		sha256_add(&hasher->lane, data, size);
	else
		must(EVP_DigestUpdate(hasher->ctx, data, size));
}

void hasher_add_two(struct hasher *one, const void *data, struct hasher *other,
    const void *other_data, size_t size)
{
	if (one->md == NULL && other->md == NULL) {
		sha256_add_two(&one->lane, data, &other->lane, other_data,
		    size);
		return;
	}
	hasher_add(one, data, size);
	hasher_add(other, other_data, size);
}

void hasher_end(struct hasher *hasher, struct oid *out)
{
	if (hasher->md == NULL)
		sha256_end(&hasher->lane, out->bytes);
	else
		must(EVP_DigestFinal_ex(hasher->ctx, out->bytes, NULL));
}

void hasher_oid(struct hasher *hasher, const void *data, size_t size,
    struct oid *out)
{
	hasher_start(hasher);
	hasher_add(hasher, data, size);
	hasher_end(hasher, out);
}

void oid_of(const void *data, size_t size, struct oid *out)
{
	struct hasher *hasher = hasher_open();

	hasher_oid(hasher, data, size, out);
	hasher_close(hasher);
}

const char *oid_library(void)
{
	return OpenSSL_version(OPENSSL_VERSION);
}
