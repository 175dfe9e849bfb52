/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_SHA256_H
#define FORMAT_SHA256_H

/*
 * SHA-256 (FIPS 180-4) of two streams at once, for format/oid.c.
 *
 * The processor's SHA-256 instructions leave it idle half of the time, each
 * waiting for the one before it. A second stream's fill the gaps, so that two
 * take the time of one. No library offers this.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SHA256_BLOCK 64
#define SHA256_SIZE  32

struct sha256 {
	uint32_t state[8]; /* F E B A, H G D C: as the instructions want it */
	uint64_t size;     /* bytes added */
	uint8_t rest[SHA256_BLOCK]; /* of them, those of no whole block */
};

/* Has this processor the instructions? If not, nothing below may be called. */
bool sha256_possible(void);
void sha256_start(struct sha256 *hash);
void sha256_add(struct sha256 *hash, const void *data, size_t size);
/* As much to one as to the other. */
void sha256_add_two(struct sha256 *one, const void *data, struct sha256 *other,
    const void *other_data, size_t size);
void sha256_end(struct sha256 *hash, uint8_t out[SHA256_SIZE]);

#endif
