/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "aws/s3bucket.h"
#include "aws/xml.h"
#include "base/str.h"
#include "remote/s3bucket.h"

#define NAMESPACE "http://s3.amazonaws.com/doc/2006-03-01/"

/*
 * Incomplete uploads are billed until they are removed. An old version is what
 * gc has deleted or a push renewed; gc itself uses none after 7 days.
 */
enum { UPLOAD_DAYS = 7, OLD_DAYS = 30 };

struct making {
	const struct s3_remote *remote;
	struct arena arena;
	mldv_finding_fn *visit;
	void *context;
	bool used; /* somebody has pushed there */
};

static void say(struct making *making, const char *topic,
    const struct mldv_finding *how, const char *text)
{
	struct mldv_finding finding = *how;

	finding.topic = topic;
	finding.text = text;
	making->visit(making->context, &finding);
}

static const struct mldv_finding had = {.level = MLDV_OK};
static const struct mldv_finding changed = {.level = MLDV_OK, .changed = true};
static const struct mldv_finding left = {.level = MLDV_WARNING};

/* What Amazon's own must know; others may do without. */
static int say_unknown(struct making *making, const char *topic,
    struct mldv_error *err)
{
	if (s3_is_amazon(making->remote->s3))
		return err_set(err, MLDV_FAILED,
		    "cannot set %s of bucket '%s': the service says that it "
		    "has no such thing; run the command again later",
		    topic, making->remote->bucket);
	say(making, topic, &left,
	    "this server knows no such thing; nothing was set");
	return 0;
}

/* --- the bucket --- */

static int make_bucket(struct making *making, struct mldv_error *err)
{
	const struct s3_remote *remote = making->remote;
	int found = s3_bucket_find(remote->s3, err);
	int made = found == 0 ? s3_bucket_make(remote->s3, err) : 0;

	if (found < 0 || made < 0)
		return -1;
	if (!made) {
		struct s3_info info;
		int used = s3_head(remote->s3,
		    arena_printf(&making->arena, "%sformat", remote->prefix),
		    &info, err);

		if (used < 0)
			return -1;
		making->used = used > 0;
	}
	say(making, "bucket", made ? &changed : &had,
	    arena_printf(&making->arena,
	        made ? "made '%s' in region '%s'"
	             : "'%s' is there already, in "
	               "region '%s'",
	        remote->bucket, s3_region(remote->s3, &making->arena)));
	return 0;
}

/* --- settings --- */

struct setting {
	const char *topic;
	const char *name; /* "versioning" */
	const char *root;
	bool tried; /* can anything be written with it? */
	/* What is set: its text; NULL: nothing is. *right: as it should be. */
	const char *(*read)(struct making *making, struct slice document,
	    bool *right, struct mldv_error *err);
};

static const char *read_versioning(struct making *making, struct slice document,
    bool *right, struct mldv_error *err)
{
	enum s3_versioning state;

	(void)making;
	if (s3_versioning_read(&state, document, err) < 0)
		return "cannot be read";
	*right = state == S3_ENABLED;
	if (state == S3_SUSPENDED)
		return "was suspended by somebody";
	return *right ? "on" : NULL;
}

static const char *read_public(struct making *making, struct slice document,
    bool *right, struct mldv_error *err)
{
	enum s3_public state;

	(void)making;
	if (s3_public_read(&state, document, err) < 0)
		return "cannot be read";
	*right = state == S3_BLOCKED;
	if (state == S3_SOME_BLOCKED)
		return "somebody has allowed some of it";
	return *right ? "blocked" : NULL;
}

static const char *read_encryption(struct making *making, struct slice document,
    bool *right, struct mldv_error *err)
{
	const char *algorithm;

	if (s3_encryption_read(&algorithm, &making->arena, document, err) < 0)
		return "cannot be read";
	*right = algorithm != NULL;
	return algorithm;
}

static const struct setting versioning = {
    .topic = "versioning",
    .name = "versioning",
    .root = "VersioningConfiguration",
    .read = read_versioning,
};
static const struct setting public_access = {
    .topic = "public access",
    .name = "publicAccessBlock",
    /* RGW 16 says BlockPublicAccessBlockConfiguration. */
    .root = "AccessBlockConfiguration",
    .tried = true,
    .read = read_public,
};
static const struct setting encryption = {
    .topic = "default encryption",
    .name = "encryption",
    .root = "ServerSideEncryptionConfiguration",
    .tried = true,
    .read = read_encryption,
};

/*
 * Says what is set: S3_SET if there is nothing to do, S3_UNSET if it is to be
 * set, S3_UNKNOWN, or -1.
 */
static int look(struct making *making, const struct setting *setting,
    struct mldv_error *err)
{
	struct mldv_error why = {0};
	struct buf document = {0};
	bool right = false;
	const char *text = NULL;
	int ret = s3_setting_get(making->remote->s3, setting->name,
	    setting->root, &document, err);

	if (ret == S3_SET)
		text = setting->read(making,
		    (struct slice){buf_str(&document), document.len}, &right,
		    &why);
	if (text && right)
		say(making, setting->topic, &had,
		    arena_printf(&making->arena, "%s already", text));
	else if (text)
		say(making, setting->topic, &left,
		    arena_printf(&making->arena, "%s; left as it is", text));
	else if (ret == S3_SET)
		ret = S3_UNSET;
	buf_release(&document);
	return ret;
}

/* Can anything be written now? 0, or -1 and why not. */
static int try_writing(struct making *making, struct mldv_error *err)
{
	const struct s3_remote *remote = making->remote;
	const char *key =
	    arena_printf(&making->arena, "%s" S3_PROBE, remote->prefix);
	const struct s3_put put = {.data = "probe\n", .size = 6};
	struct s3_info info;
	int ret = s3_put(remote->s3, key, &put, err);

	if (ret < 0)
		return -1;
	ret = s3_head(remote->s3, key, &info, err);
	if (ret > 0 && *info.version)
		return s3_delete_until(remote->s3, key, info.version, err);
	return ret < 0 ? -1 : s3_delete(remote->s3, key, err);
}

/*
 * Sets it, and says so. Servers accept a setting and then refuse every write:
 * RGW 16 once public ACLs are blocked, others without keys to encrypt with.
 */
static int set(struct making *making, const struct setting *setting,
    const char *document, const char *text, struct mldv_error *err)
{
	struct s3 *s3 = making->remote->s3;
	struct mldv_error ignored;
	bool try = setting->tried && !s3_is_amazon(s3);
	int ret;

	if (try && making->used) {
		say(making, setting->topic, &left,
		    "not set: a server that then refused every write would "
		    "disturb those who push; set it by hand");
		return 0;
	}
	try = try && try_writing(making, &ignored) == 0;
	ret = s3_setting_put(s3, setting->name, document, err);
	if (ret != S3_SET)
		return ret;
	if (try && try_writing(making, &ignored) < 0) {
		say(making, setting->topic, &left,
		    "this server refuses every write with it; it was taken "
		    "back");
		return s3_setting_drop(s3, setting->name, err);
	}
	say(making, setting->topic, &changed, text);
	return ret;
}

static int see_to(struct making *making, const struct setting *setting,
    const char *document, const char *text, struct mldv_error *err)
{
	int ret = look(making, setting, err);

	if (ret == S3_UNSET)
		ret = set(making, setting, document, text, err);
	if (ret == S3_UNKNOWN)
		return say_unknown(making, setting->topic, err);
	return ret;
}

static int set_versioning(struct making *making, struct mldv_error *err)
{
	return see_to(making, &versioning,
	    "<VersioningConfiguration xmlns=\"" NAMESPACE "\">"
	    "<Status>Enabled</Status></VersioningConfiguration>",
	    "turned on", err);
}

static int set_public(struct making *making, struct mldv_error *err)
{
	return see_to(making, &public_access,
	    "<PublicAccessBlockConfiguration xmlns=\"" NAMESPACE "\">"
	    "<BlockPublicAcls>true</BlockPublicAcls>"
	    "<IgnorePublicAcls>true</IgnorePublicAcls>"
	    "<BlockPublicPolicy>true</BlockPublicPolicy>"
	    "<RestrictPublicBuckets>true</RestrictPublicBuckets>"
	    "</PublicAccessBlockConfiguration>",
	    "blocked", err);
}

static int set_encryption(struct making *making, struct mldv_error *err)
{
	const struct ops_options *options = making->remote->options;
	const char *algorithm = options->sse ? options->sse : "AES256";
	struct buf document = {0};
	int ret;

	buf_add_str(&document,
	    "<ServerSideEncryptionConfiguration xmlns=\"" NAMESPACE "\"><Rule>"
	    "<ApplyServerSideEncryptionByDefault><SSEAlgorithm>");
	xml_escape(&document, algorithm);
	buf_add_str(&document, "</SSEAlgorithm>");
	if (options->kms_key) {
		buf_add_str(&document, "<KMSMasterKeyID>");
		xml_escape(&document, options->kms_key);
		buf_add_str(&document, "</KMSMasterKeyID>");
	}
	buf_add_str(&document,
	    "</ApplyServerSideEncryptionByDefault></Rule>"
	    "</ServerSideEncryptionConfiguration>");
	ret = see_to(making, &encryption, buf_str(&document), algorithm, err);
	buf_release(&document);
	return ret;
}

/* --- lifecycle --- */

struct lacks {
	bool uploads;
	bool old;
};

static bool covers(const struct s3_rule *rule, const char *prefix)
{
	return rule->enabled && !rule->narrowed &&
	    strncmp(prefix, rule->prefix, strlen(rule->prefix)) == 0;
}

static void look_at_rules(const struct s3_lifecycle *lifecycle,
    const char *prefix, struct lacks *out)
{
	for (size_t i = 0; i < lifecycle->count; i++) {
		const struct s3_rule *rule = &lifecycle->rules[i];

		if (!covers(rule, prefix))
			continue;
		out->uploads = out->uploads && rule->upload_days == 0;
		out->old = out->old && rule->old_days == 0;
	}
}

static void add_rule(struct buf *out, const struct s3_remote *remote,
    const char *what, const char *action)
{
	buf_printf(out, "<Rule><ID>mldv %s ", what);
	xml_escape(out, remote->name);
	buf_add_str(out, "</ID><Filter><Prefix>");
	xml_escape(out, remote->prefix);
	buf_printf(out, "</Prefix></Filter><Status>Enabled</Status>%s</Rule>",
	    action);
}

static void add_rules(struct making *making, const struct lacks *lacks,
    struct buf *out)
{
	if (lacks->uploads)
		add_rule(out, making->remote, "incomplete uploads",
		    arena_printf(&making->arena,
		        "<AbortIncompleteMultipartUpload><DaysAfterInitiation>"
		        "%d</DaysAfterInitiation>"
		        "</AbortIncompleteMultipartUpload>",
		        UPLOAD_DAYS));
	if (lacks->old)
		add_rule(out, making->remote, "old versions",
		    arena_printf(&making->arena,
		        "<NoncurrentVersionExpiration><NoncurrentDays>%d"
		        "</NoncurrentDays></NoncurrentVersionExpiration>",
		        OLD_DAYS));
}

/* The rules that are there stay, byte by byte. */
static int compose(struct making *making, const struct buf *old,
    const struct lacks *lacks, struct buf *out, struct mldv_error *err)
{
	static const char end[] = "</LifecycleConfiguration>";
	const char *at = NULL;

	if (old->len == 0) {
		buf_add_str(out,
		    "<LifecycleConfiguration xmlns=\"" NAMESPACE "\">");
	} else {
		at = strstr(buf_str(old), end);
		if (!at)
			return err_set(err, MLDV_FAILED,
			    "cannot add to the lifecycle rules of bucket '%s': "
			    "they are written in another way than expected; "
			    "add by hand that incomplete uploads and old "
			    "versions are removed",
			    making->remote->bucket);
		buf_add(out, buf_str(old), (size_t)(at - buf_str(old)));
	}
	add_rules(making, lacks, out);
	buf_add_str(out, end);
	return 0;
}

static void say_rules(struct making *making, const struct lacks *lacks)
{
	const char *where = *making->remote->prefix
	    ? arena_printf(&making->arena, "below '%s'", making->remote->prefix)
	    : "in all of the bucket";

	say(making, "incomplete uploads", lacks->uploads ? &changed : &had,
	    lacks->uploads
	        ? arena_printf(&making->arena, "removed after %d days, %s",
	              UPLOAD_DAYS, where)
	        : "removed by a rule already");
	say(making, "old versions", lacks->old ? &changed : &had,
	    lacks->old ? arena_printf(&making->arena,
	                     "removed after %d days, %s", OLD_DAYS, where)
	               : "removed by a rule already");
}

static int set_lifecycle(struct making *making, struct mldv_error *err)
{
	const struct s3_remote *remote = making->remote;
	struct lacks lacks = {true, true};
	struct s3_lifecycle rules = {0};
	struct buf old = {0};
	struct buf document = {0};
	int ret = s3_setting_get(remote->s3, "lifecycle",
	    "LifecycleConfiguration", &old, err);

	if (ret == S3_SET &&
	    s3_lifecycle_read(&rules, (struct slice){old.data, old.len}, err) <
	        0)
		ret = -1;
	look_at_rules(&rules, remote->prefix, &lacks);
	if (ret >= 0 && ret != S3_UNKNOWN && (lacks.uploads || lacks.old)) {
		ret = compose(making, &old, &lacks, &document, err);
		if (ret == 0)
			ret = s3_setting_put(remote->s3, "lifecycle",
			    buf_str(&document), err);
	}
	if (ret == S3_UNKNOWN)
		ret = say_unknown(making, "lifecycle rules", err);
	else if (ret >= 0)
		say_rules(making, &lacks);
	s3_lifecycle_release(&rules);
	buf_release(&old);
	buf_release(&document);
	return ret < 0 ? -1 : 0;
}

int s3_remote_create(const struct s3_remote *remote, mldv_finding_fn *visit,
    void *context, struct mldv_error *err)
{
	static int (*const steps[])(struct making * making,
	    struct mldv_error * err) = {make_bucket, set_versioning, set_public,
	    set_encryption, set_lifecycle};
	struct making making = {.remote = remote,
	    .visit = visit,
	    .context = context};
	int ret = 0;

	for (size_t i = 0; ret >= 0 && i < sizeof(steps) / sizeof(*steps); i++)
		ret = steps[i](&making, err);
	arena_release(&making.arena);
	return ret < 0 ? -1 : 0;
}
