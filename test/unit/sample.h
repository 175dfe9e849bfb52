/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UNIT_SAMPLE_H
#define UNIT_SAMPLE_H

/*
 * Bytes for tests, the same on every machine: fixtures and names of packs
 * depend on them, so what these functions make must never change.
 */

#include "format/oid.h"

/* Bytes that no compressor makes smaller. */
void sample_noise(char *out, size_t size, uint64_t seed);
/* Lines of words and numbers, which compress well. */
void sample_text(char *out, size_t size, uint64_t seed);
/*
 * Noise just where the probe for compressing looks, zeros elsewhere: stored
 * as if it did not compress, while the pack that holds it still does.
 */
void sample_probed(char *out, size_t size, uint64_t seed);

/* Writes a file of noise. */
void sample_file(const char *path, size_t size, uint64_t seed);
void sample_oid(const char *hex, struct oid *out);

#endif
