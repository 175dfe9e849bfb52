/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_OID_H
#define FORMAT_OID_H

/*
 * The name of an object: the SHA-256 of its bytes (FIPS 180-4).
 *
 * The home of OpenSSL's digests. The digest is fetched once per hasher, and
 * only when the first one is made: fetching costs 0.4 us, and loading OpenSSL
 * 3 ms, which a command that hashes nothing must not pay.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

#define OID_SIZE 32
#define OID_HEX  64

struct oid {
	uint8_t bytes[OID_SIZE];
};

/* The oid of the empty object, which is never stored. */
extern const struct oid oid_empty;

int oid_compare(const struct oid *a, const struct oid *b);
bool oid_equal(const struct oid *a, const struct oid *b);
/* Writes 64 lower-case digits and a NUL. */
void oid_hex(const struct oid *oid, char out[OID_HEX + 1]);
/* False unless the text is just 64 lower-case hexadecimal digits. */
bool oid_parse(struct oid *out, struct slice text);

/* One stream being hashed; used again and again, by one thread at a time. */
struct hasher;
struct hasher *hasher_open(void);
/*
 * The same for one of two streams that are hashed side by side: where the
 * processor has lanes, hasher_add_two takes the time of one hasher_add.
 */
struct hasher *hasher_open_lane(void);
bool hasher_has_lanes(void);
void hasher_close(struct hasher *hasher);
void hasher_start(struct hasher *hasher);
void hasher_add(struct hasher *hasher, const void *data, size_t size);
/* Adds as much to one hasher as to the other. */
void hasher_add_two(struct hasher *one, const void *data, struct hasher *other,
    const void *other_data, size_t size);
void hasher_end(struct hasher *hasher, struct oid *out);
/* Start, add and end in one. */
void hasher_oid(struct hasher *hasher, const void *data, size_t size,
    struct oid *out);
/* For the odd few bytes: opens and closes a hasher. */
void oid_of(const void *data, size_t size, struct oid *out);

/* "OpenSSL 3.0.22 …": of the library that runs. */
const char *oid_library(void);

#endif
