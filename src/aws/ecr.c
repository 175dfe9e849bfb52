/* SPDX-License-Identifier: Apache-2.0 */
#include "aws/ecr.h"

#include <string.h>

#include "base/jsonout.h"

enum { ACCOUNT = 12, DIGEST_HEX = 64 };

#define MIDDLE ".dkr.ecr."
#define DOMAIN ".amazonaws.com"

const struct aws_json_service ecr_service = {
    .name = "ecr",
    .host = "api.ecr",
    .target = "AmazonEC2ContainerRegistry_V20150921",
};

bool ecr_parse(const char *reference, struct arena *arena,
    struct ecr_image *out)
{
	const char *slash = strchr(reference, '/');
	const char *region;
	const char *domain;
	const char *colon;

	if (strspn(reference, "0123456789") != ACCOUNT ||
	    strncmp(reference + ACCOUNT, MIDDLE, strlen(MIDDLE)) != 0 ||
	    !slash || strchr(slash, '@'))
		return false;
	region = reference + ACCOUNT + strlen(MIDDLE);
	domain = strchr(region, '.');
	if (!domain || domain > slash ||
	    strncmp(domain, DOMAIN, strlen(DOMAIN)) != 0)
		return false;
	colon = strchr(slash, ':');
	*out = (struct ecr_image){
	    .name = colon
	        ? arena_strn(arena, reference, (size_t)(colon - reference))
	        : reference,
	    .registry = arena_strn(arena, reference, ACCOUNT),
	    .region = arena_strn(arena, region, (size_t)(domain - region)),
	    .repository = colon
	        ? arena_strn(arena, slash + 1, (size_t)(colon - slash - 1))
	        : slash + 1,
	    .tag = colon ? colon + 1 : "latest",
	};
	return true;
}

bool ecr_is_digest(const char *text)
{
	const char *hex = text + strlen("sha256:");

	return strncmp(text, "sha256:", strlen("sha256:")) == 0 &&
	    strspn(hex, "0123456789abcdef") == DIGEST_HEX &&
	    hex[DIGEST_HEX] == '\0';
}

static void put_arguments(const struct ecr_image *image, struct buf *out)
{
	struct jsonout json = {.out = out};

	jsonout_begin(&json, NULL, '{');
	jsonout_text(&json, "registryId", image->registry);
	jsonout_text(&json, "repositoryName", image->repository);
	jsonout_begin(&json, "imageIds", '[');
	jsonout_begin(&json, NULL, '{');
	jsonout_text(&json, "imageTag", image->tag);
	jsonout_end(&json, '}');
	jsonout_end(&json, ']');
	jsonout_end(&json, '}');
}

static int take_digest(const struct json *doc, const struct ecr_image *image,
    struct buf *out, struct mldv_error *err)
{
	const char *digest =
	    json_str(json_get(json_item(json_get(doc, "images"), 0),
	        "imageId.imageDigest"));
	const char *why = json_str(
	    json_get(json_item(json_get(doc, "failures"), 0), "failureReason"));

	if (!digest || !ecr_is_digest(digest))
		return err_set(err, MLDV_NOT_FOUND,
		    "there is no image '%s:%s': %s", image->name, image->tag,
		    why ? why : "the registry gives no digest");
	buf_add_str(out, digest);
	return 0;
}

int ecr_digest(struct aws_json *json, const struct ecr_image *image,
    struct buf *out, struct mldv_error *err)
{
	struct arena arena = {0};
	struct buf body = {0};
	struct json *doc = NULL;
	int ret;

	put_arguments(image, &body);
	ret = aws_json_call(json, "BatchGetImage", &body, &doc, err);
	if (ret > 0)
		ret = take_digest(doc, image, out, err);
	else if (ret == 0)
		ret = aws_json_refused(json,
		    arena_printf(&arena, "look at image '%s:%s'", image->name,
		        image->tag),
		    err);
	json_close(doc);
	buf_release(&body);
	arena_release(&arena);
	return ret;
}
