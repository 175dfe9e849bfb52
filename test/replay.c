/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The main() of a fuzz target in an ordinary build: gives it each file of
 * its corpus, test/fuzz/corpus/<name>/ (or those named as arguments), and
 * says so in TAP. What the target does not like, it aborts on.
 */

#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LIMIT = 1 << 24 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Copies to a block of just this size, so that sanitizers see an overrun. */
static int feed(const uint8_t *bytes, size_t size)
{
	uint8_t *copy = malloc(size > 0 ? size : 1);

	if (copy == NULL)
		return -1;
	memcpy(copy, bytes, size);
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
	return 0;
}

static int replay(const char *path)
{
	uint8_t *bytes = malloc(LIMIT);
	FILE *file = fopen(path, "rb");
	size_t size;
	int ret = -1;

	if (bytes != NULL && file != NULL) {
		size = fread(bytes, 1, LIMIT, file);
		if (!ferror(file))
			ret = feed(bytes, size);
	}
	if (file != NULL)
		(void)fclose(file);
	free(bytes);
	return ret;
}

static int report(int number, const char *path)
{
	int ret = replay(path);

	printf("%s %d - %s\n", ret < 0 ? "not ok" : "ok", number, path);
	(void)fflush(stdout);
	return ret;
}

static int replay_directory(const char *name)
{
	struct dirent **entries;
	char path[4096];
	int count = 0;
	int ret = 0;
	int n;

	(void)snprintf(path, sizeof(path), "test/fuzz/corpus/%s", name);
	n = scandir(path, &entries, NULL, alphasort);
	if (n < 0) {
		printf("Bail out! cannot read '%s': %s\n", path,
		    strerror(errno));
		return -1;
	}
	for (int i = 0; i < n; i++) {
		if (entries[i]->d_name[0] != '.') {
			(void)snprintf(path, sizeof(path),
			    "test/fuzz/corpus/%s/%s", name, entries[i]->d_name);
			if (report(++count, path) < 0)
				ret = -1;
		}
		free(entries[i]);
	}
	free(entries);
	if (count == 0) {
		printf("not ok 1 - the corpus '%s' is empty\n", name);
		count = 1;
		ret = -1;
	}
	printf("1..%d\n", count);
	return ret;
}

int main(int argc, char **argv)
{
	const char *slash = strrchr(argv[0], '/');
	int ret = 0;

	if (argc < 2)
		ret = replay_directory(slash != NULL ? slash + 1 : argv[0]);
	for (int i = 1; i < argc; i++)
		if (report(i, argv[i]) < 0)
			ret = -1;
	return ret < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
