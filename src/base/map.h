/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_MAP_H
#define BASE_MAP_H

/*
 * A hash map from bytes to pointers that remembers the order of insertion.
 *
 * Keys are borrowed: they must live as long as the map. Zeroed: empty.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct map_entry {
	const void *key;
	size_t key_size;
	void *value;
};

struct map {
	struct map_entry *entries; /* in order of insertion */
	size_t count;
	size_t capacity;
	uint32_t *slots;
	size_t slot_count;
};

/* The value under the key; NULL if there is none. */
void *map_get(const struct map *map, const void *key, size_t key_size);
/* Sets it if the key is new: true. Leaves the map as it is if not: false. */
bool map_add(struct map *map, const void *key, size_t key_size, void *value);
/* With a terminated string as key. */
void *map_get_str(const struct map *map, const char *key);
bool map_add_str(struct map *map, const char *key, void *value);
void map_release(struct map *map);

#endif
