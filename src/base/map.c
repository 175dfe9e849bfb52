/* SPDX-License-Identifier: Apache-2.0 */
#include "base/map.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

#include "base/mem.h"

/*
 * Open addressing with linear probing, at most three quarters full. A slot is
 * 0, or the number of an entry plus 1. Behind the slots lie two more words:
 * the seed, which the kernel draws for each process, so that nobody can
 * prepare keys that collide.
 */

enum { SLOTS_FIRST = 16, SEED_WORDS = 2 };

__extension__ typedef unsigned __int128 wide;

static uint64_t mix(uint64_t a, uint64_t b)
{
	wide product = (wide)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t load(const unsigned char *data, size_t size)
{
	uint64_t word = 0;

	memcpy(&word, data, size);
	return word;
}

static uint64_t hash(const struct map *map, const void *key, size_t size)
{
	const uint64_t a = 0x9e3779b97f4a7c15;
	const uint64_t b = 0xe7037ed1a0b428db;
	const unsigned char *data = key;
	size_t left = size;
	uint64_t h;

	memcpy(&h, map->slots + map->slot_count, sizeof h);
	for (; left >= 16; left -= 16, data += 16)
		h = mix(load(data, 8) ^ a, load(data + 8, 8) ^ h);
	if (left >= 8) {
		h = mix(load(data, 8) ^ a, h ^ b);
		left -= 8;
		data += 8;
	}
	if (left > 0)
		h = mix(load(data, left) ^ b, h ^ a);
	return mix(h ^ a, size ^ b);
}

static bool is_key(const struct map_entry *entry, const void *key, size_t size)
{
	return entry->key_size == size &&
	    (size == 0 || memcmp(entry->key, key, size) == 0);
}

/* The slot that holds the key, or else the empty one where it belongs. */
static uint32_t *find(const struct map *map, const void *key, size_t size)
{
	size_t mask = map->slot_count - 1;
	size_t i = (size_t)hash(map, key, size) & mask;

	while (map->slots[i] > 0 &&
	    !is_key(&map->entries[map->slots[i] - 1], key, size))
		i = (i + 1) & mask;
	return &map->slots[i];
}

static void put_seed(struct map *map)
{
	const unsigned char *random =
	    /* NOLINTNEXTLINE(performance-no-int-to-ptr) */
	    (const unsigned char *)getauxval(AT_RANDOM);
	uint64_t seed = random ? load(random, sizeof seed) : 0;

	memcpy(map->slots + map->slot_count, &seed, sizeof seed);
}

static void grow(struct map *map)
{
	free(map->slots);
	map->slot_count = map->slot_count ? map->slot_count * 2 : SLOTS_FIRST;
	map->slots = xcalloc(map->slot_count + SEED_WORDS, sizeof *map->slots);
	put_seed(map);
	for (size_t i = 0; i < map->count; i++) {
		const struct map_entry *entry = &map->entries[i];

		*find(map, entry->key, entry->key_size) = (uint32_t)(i + 1);
	}
}

void *map_get(const struct map *map, const void *key, size_t key_size)
{
	uint32_t slot;

	if (map->count == 0)
		return NULL;
	slot = *find(map, key, key_size);
	return slot > 0 ? map->entries[slot - 1].value : NULL;
}

bool map_add(struct map *map, const void *key, size_t key_size, void *value)
{
	uint32_t *slot;

	assert(map->count < UINT32_MAX - 1);
	if (map->count >= map->slot_count / 4 * 3)
		grow(map);
	slot = find(map, key, key_size);
	if (*slot > 0)
		return false;
	map->entries = xgrow(map->entries, map->count, &map->capacity,
	    sizeof *map->entries);
	map->entries[map->count++] = (struct map_entry){key, key_size, value};
	*slot = (uint32_t)map->count;
	return true;
}

void *map_get_str(const struct map *map, const char *key)
{
	return map_get(map, key, strlen(key));
}

bool map_add_str(struct map *map, const char *key, void *value)
{
	return map_add(map, key, strlen(key), value);
}

void map_release(struct map *map)
{
	free(map->entries);
	free(map->slots);
	*map = (struct map){0};
}
