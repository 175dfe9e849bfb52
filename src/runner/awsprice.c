/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/awsprice.h"

#include <string.h>

#include "base/buf.h"
#include "base/str.h"

struct price {
	const char *region;
	const char *instance_type;
	double usd;
};

/*
 * AWS's own price list could not be read, so these are what others wrote down
 * of it; where two did, they agree. What is not here has to be given by
 * sagemaker.price: a price is not to be guessed from that of another region.
 *
 * us-east-1, us-east-2: tables of AWS's page of prices in public repositories
 * of 2022 to 2026 (github.com/goerlitz/nlp-classification, notebooks/10kGNAD/
 * sagemaker/README.md; github.com/ZindiAfrica/AI-for-Equity-Challenges-
 * Getting-Started-with-AWS-Resources, sagemaker_instance_pricing.md, the lines
 * of T3, R5 and G4dn).
 * eu-west-1: a bill of December 2023 (github.com/aws-samples/
 * sagemaker-ssh-helper, Sample_Costs.md, the lines of training).
 * ap-northeast-1: the usage type APN1-Train:ml.g6.xlarge of the price list of
 * 23 September 2026, as quoted in a cost model in a public repository.
 */
static const struct price prices[] = {
    {"ap-northeast-1", "ml.g6.xlarge", 1.634},
    {"eu-west-1", "ml.g4dn.xlarge", 0.822},
    {"eu-west-1", "ml.g5.xlarge", 1.57},
    {"eu-west-1", "ml.m5.xlarge", 0.257},
    {"eu-west-1", "ml.p3.2xlarge", 4.131},
    {"us-east-1", "ml.c5.2xlarge", 0.408},
    {"us-east-1", "ml.c5.xlarge", 0.204},
    {"us-east-1", "ml.g4dn.12xlarge", 4.89},
    {"us-east-1", "ml.g4dn.16xlarge", 5.44},
    {"us-east-1", "ml.g4dn.2xlarge", 0.94},
    {"us-east-1", "ml.g4dn.4xlarge", 1.505},
    {"us-east-1", "ml.g4dn.8xlarge", 2.72},
    {"us-east-1", "ml.g4dn.xlarge", 0.7364},
    {"us-east-1", "ml.g5.2xlarge", 1.515},
    {"us-east-1", "ml.g5.xlarge", 1.408},
    {"us-east-1", "ml.g6.xlarge", 1.127},
    {"us-east-1", "ml.m5.2xlarge", 0.461},
    {"us-east-1", "ml.m5.4xlarge", 0.922},
    {"us-east-1", "ml.m5.large", 0.115},
    {"us-east-1", "ml.m5.xlarge", 0.23},
    {"us-east-1", "ml.p3.16xlarge", 28.152},
    {"us-east-1", "ml.p3.2xlarge", 3.825},
    {"us-east-1", "ml.p3.8xlarge", 14.688},
    {"us-east-1", "ml.t3.medium", 0.05},
    {"us-east-2", "ml.g4dn.12xlarge", 4.89},
    {"us-east-2", "ml.g4dn.16xlarge", 5.44},
    {"us-east-2", "ml.g4dn.2xlarge", 0.94},
    {"us-east-2", "ml.g4dn.4xlarge", 1.505},
    {"us-east-2", "ml.g4dn.8xlarge", 2.72},
    {"us-east-2", "ml.g4dn.xlarge", 0.7364},
    {"us-east-2", "ml.r5.2xlarge", 0.605},
    {"us-east-2", "ml.r5.4xlarge", 1.21},
    {"us-east-2", "ml.r5.8xlarge", 2.419},
    {"us-east-2", "ml.t3.2xlarge", 0.399},
    {"us-east-2", "ml.t3.large", 0.1},
    {"us-east-2", "ml.t3.medium", 0.05},
    {"us-east-2", "ml.t3.xlarge", 0.2},
};

double aws_price(const char *region, const char *instance_type)
{
	for (size_t i = 0; i < sizeof prices / sizeof prices[0]; i++) {
		if (strcmp(prices[i].region, region) == 0 &&
		    strcmp(prices[i].instance_type, instance_type) == 0)
			return prices[i].usd;
	}
	return 0;
}

/*
 * Linux on x86, November 2026: in us-east-1 as guides of 2026 quote AWS's page
 * of prices.
 */
bool aws_fargate_price(const char *region, double *cpu, double *memory)
{
	*cpu = 0.04048;
	*memory = 0.004445;
	return strcmp(region, "us-east-1") == 0;
}

struct account {
	const char *region;
	const char *id;
};

/*
 * Who owns the repositories of images, where that is not USUAL:
 * sagemaker 2.257.1 (PyPI), image_uri_config/pytorch.json, "registries".
 */
static const struct account accounts[] = {
    {"af-south-1", "626614931356"},
    {"ap-east-1", "871362719292"},
    {"ap-east-2", "975050140332"},
    {"ap-northeast-3", "364406365360"},
    {"ap-south-2", "772153158452"},
    {"ap-southeast-3", "907027046896"},
    {"ap-southeast-4", "457447274322"},
    {"ap-southeast-5", "550225433462"},
    {"ap-southeast-6", "633930458069"},
    {"ap-southeast-7", "590183813437"},
    {"ca-west-1", "204538143572"},
    {"cn-north-1", "727897471807"},
    {"cn-northwest-1", "727897471807"},
    {"eu-central-2", "380420809688"},
    {"eu-south-1", "692866216735"},
    {"eu-south-2", "503227376785"},
    {"il-central-1", "780543022126"},
    {"me-central-1", "914824155844"},
    {"me-south-1", "217643126080"},
    {"mx-central-1", "637423239942"},
    {"us-gov-east-1", "446045086412"},
    {"us-gov-west-1", "442386744353"},
};
#define USUAL "763104351884"

struct framework {
	const char *name;
	const char *version; /* as it is asked for, or in full */
	const char *full;
	const char *python;
};

/* The same file, and tensorflow.json: "training", "version_aliases". */
static const struct framework frameworks[] = {
    {"pytorch", "2.1", "2.1.0", "py310"},
    {"pytorch", "2.2", "2.2.0", "py310"},
    {"pytorch", "2.3", "2.3.0", "py311"},
    {"pytorch", "2.4", "2.4.0", "py311"},
    {"pytorch", "2.5", "2.5.1", "py311"},
    {"pytorch", "2.6", "2.6.0", "py312"},
    {"pytorch", "2.7", "2.7.1", "py312"},
    {"pytorch", "2.8", "2.8.0", "py312"},
    {"tensorflow", "2.12", "2.12.0", "py310"},
    {"tensorflow", "2.13", "2.13.0", "py310"},
    {"tensorflow", "2.14", "2.14.1", "py310"},
    {"tensorflow", "2.16", "2.16.2", "py310"},
    {"tensorflow", "2.18", "2.18.0", "py310"},
    {"tensorflow", "2.19", "2.19.0", "py312"},
};
#define FRAMEWORKS (sizeof frameworks / sizeof frameworks[0])

static const char *account_of(const char *region)
{
	for (size_t i = 0; i < sizeof accounts / sizeof accounts[0]; i++) {
		if (strcmp(accounts[i].region, region) == 0)
			return accounts[i].id;
	}
	return USUAL;
}

/* Instances of the families g and p have graphics processors. */
static bool has_gpu(const char *instance_type)
{
	return strncmp(instance_type, "ml.g", 4) == 0 ||
	    strncmp(instance_type, "ml.p", 4) == 0;
}

static bool fits(const struct framework *framework, const struct slice words[3])
{
	return slice_is(words[0], framework->name) &&
	    (slice_is(words[1], framework->version) ||
	        slice_is(words[1], framework->full)) &&
	    (words[2].len == 0 || slice_is(words[2], framework->python));
}

static int unknown(const char *text, struct mldv_error *err)
{
	struct buf known = {0};

	for (size_t i = 0; i < FRAMEWORKS; i++)
		buf_printf(&known, "%s%s %s %s", i > 0 ? ", " : "",
		    frameworks[i].name, frameworks[i].version,
		    frameworks[i].python);
	(void)err_set(err, MLDV_USAGE,
	    "no image is known for '%s', only (" AWS_TABLES ") for %s; give "
	    "'sagemaker.image'",
	    text, buf_str(&known));
	buf_release(&known);
	return -1;
}

int aws_image(const char *framework, const char *region,
    const char *instance_type, struct arena *arena, const char **out,
    struct mldv_error *err)
{
	struct slice rest = slice_of(framework);
	struct slice words[3] = {{0}};
	size_t count = 0;
	bool more = true;

	while (more && count < 3) {
		struct slice word;

		more = slice_cut(&rest, ' ', &word);
		if (word.len > 0)
			words[count++] = word;
	}
	for (size_t i = 0; i < FRAMEWORKS && !more; i++) {
		if (!fits(&frameworks[i], words))
			continue;
		*out = arena_printf(arena,
		    "%s.dkr.ecr.%s.amazonaws.com%s/%s-training:%s-%s-%s",
		    account_of(region), region,
		    strncmp(region, "cn-", 3) == 0 ? ".cn" : "",
		    frameworks[i].name, frameworks[i].full,
		    has_gpu(instance_type) ? "gpu" : "cpu",
		    frameworks[i].python);
		return 0;
	}
	return unknown(framework, err);
}
