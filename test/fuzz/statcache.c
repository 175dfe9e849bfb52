/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Whatever lies in the file of a stat cache, what is loaded can be walked. The
 * sum of the bytes is put right first, for the fuzzer could not guess it.
 *
 * Covers: store/statcache.c
 */

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "store/snapshot.h"

#define SUM_AT   8  /* in the header, after the magic number */
#define SUMMED   16 /* all from here on */
#define PATH     "data"
#define MAX_SIZE (1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
	if (!holds)
		abort();
}

/* As statcache.c says it: words, each folded in and mixed, then the rest. */
static uint64_t sum_of(const uint8_t *from, size_t size)
{
	const uint64_t prime = UINT64_C(0x9e3779b97f4a7c15);
	uint64_t sum = 0;
	uint64_t word;

	for (; size >= sizeof word; size -= sizeof word) {
		memcpy(&word, from, sizeof word);
		sum = (sum ^ word) * prime;
		sum ^= sum >> 29;
		from += sizeof word;
	}
	word = 0;
	memcpy(&word, from, size);
	sum = (sum ^ word ^ size) * prime;
	return sum ^ sum >> 32;
}

/* Touches all that whoever asks a cache may touch. */
static void walk(const struct snapshot *cache)
{
	struct buf path = {0};

	for (size_t i = 0; i < cache->dir_count; i++) {
		const struct snapshot_dir *dir = &cache->dirs[i];

		for (size_t k = 0; k < dir->count; k++) {
			const struct snapshot_entry *entry = &dir->entries[k];

			check(strlen(snapshot_name(dir, entry)) <=
			    dir->names_size);
			check(entry->kind != KIND_DIR ||
			    entry->dir < cache->dir_count);
			buf_reset(&path);
			snapshot_path(cache, i, entry, &path);
		}
		(void)!snapshot_all_known(cache, i);
	}
	buf_release(&path);
}

static void check_file(const char *file)
{
	struct snapshot cache;
	struct buf path = {0};

	statcache_load(&cache, file, PATH);
	if (cache.mapped)
		check(statcache_path(file, &path) &&
		    strcmp(buf_str(&path), PATH) == 0);
	else
		(void)!statcache_path(file, &path);
	walk(&cache);
	snapshot_release(&cache);
	buf_release(&path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("statcache", MFD_CLOEXEC);
	struct mldv_error err;
	struct buf bytes = {0};
	char file[64];
	uint64_t sum;

	check(fd >= 0);
	(void)snprintf(file, sizeof file, "/proc/self/fd/%d", fd);
	buf_add(&bytes, data, size < MAX_SIZE ? size : MAX_SIZE);
	if (bytes.len >= SUMMED) {
		sum =
		    sum_of((uint8_t *)bytes.data + SUMMED, bytes.len - SUMMED);
		memcpy(bytes.data + SUM_AT, &sum, sizeof sum);
	}
	check(file_write(fd, file, buf_str(&bytes), bytes.len, &err) == 0);
	check_file(file);
	(void)close(fd);
	buf_release(&bytes);
	return 0;
}
