/* SPDX-License-Identifier: Apache-2.0 */
#include "project/price.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define GIB 1073741824.0

/*
 * S3 Standard, without free tiers, tax or the price of transfer: dollars for
 * a GiB and month of the first 50 TB, for 1,000 PUT and for 1,000 GET or HEAD
 * requests. From https://aws.amazon.com/s3/pricing/ as quoted by secondary
 * sources; the live page was not read. To add a region, add a line, and set
 * the date.
 */
#define PRICES_OF "2026-11"
static const struct region_price {
	const char *region;
	double storage;
	double put;
	double get;
} prices[] = {
    {"us-east-1", 0.023, 0.005, 0.0004},
};

static const char *setting(const struct mldv_project *project,
    struct arena *arena, const char *name, const char *key)
{
	const char *value = config_get(&project->config,
	    arena_printf(arena, "remote.%s.%s", name, key));

	return value && *value ? value : NULL;
}

static const char *environment(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

/* "<storage> <put> [<get>]", as in the table. */
static bool parse(const char *text, struct region_price *out)
{
	double *const to[] = {&out->storage, &out->put, &out->get};
	size_t count = 0;
	char *end;

	*out = (struct region_price){0};
	for (; count < 3 && *text; count++) {
		if (!isdigit((unsigned char)*text))
			return false;
		*to[count] = strtod(text, &end);
		if (end == text || (*end && *end != ' '))
			return false;
		text = end + strspn(end, " ");
	}
	return count >= 2 && !*text;
}

static void apply(const struct region_price *price,
    struct mldv_transferred *out)
{
	out->price.known = true;
	out->price.requests = (double)out->puts * price->put / 1000 +
	    (double)out->heads * price->get / 1000;
	out->price.storage = (double)out->bytes / GIB * price->storage;
}

static void look_up(const char *region, struct arena *keep,
    struct mldv_transferred *out)
{
	for (size_t i = 0; i < sizeof(prices) / sizeof(*prices); i++) {
		if (strcmp(prices[i].region, region) != 0)
			continue;
		apply(&prices[i], out);
		out->price.of =
		    arena_printf(keep, "%s, as of " PRICES_OF, region);
		return;
	}
	out->price.of =
	    arena_printf(keep, "region '%s' is not in the table", region);
}

static const char *region_of(const struct mldv_project *project,
    struct arena *arena, const char *name)
{
	const char *region = setting(project, arena, name, "region");

	if (!region)
		region = environment("AWS_REGION");
	return region ? region : environment("AWS_DEFAULT_REGION");
}

void price_push(struct mldv_project *project, const char *name,
    struct mldv_transferred *out)
{
	struct arena arena = {0};
	const char *url = setting(project, &arena, name, "url");
	const char *own = setting(project, &arena, name, "price");
	const char *class = setting(project, &arena, name, "storage_class");
	const char *region = region_of(project, &arena, name);
	struct region_price price;

	out->price.asked = url && strncmp(url, "s3://", 5) == 0;
	if (!out->price.asked)
		goto out;
	if (own && parse(own, &price)) {
		apply(&price, out);
		out->price.of =
		    arena_printf(&project->arena, "by remote.%s.price", name);
	} else if (own) {
		out->price.of = "the setting does not read "
		                "'<storage> <put> [<get>]'";
	} else if (setting(project, &arena, name, "endpoint") ||
	    environment("AWS_ENDPOINT_URL_S3") ||
	    environment("AWS_ENDPOINT_URL")) {
		out->price.of = "the endpoint is not AWS's";
	} else if (class && strcmp(class, "STANDARD") != 0) {
		out->price.of = "the storage class is not STANDARD";
	} else if (!region) {
		out->price.of = "no region is set";
	} else {
		look_up(region, &project->arena, out);
	}
out:
	arena_release(&arena);
}
