/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>

#include "aws/s3bucket.h"
#include "remote/inner.h"
#include "remote/s3bucket.h"

/* S3 allows 15 minutes. */
enum { CLOCK_GOOD = 60, CLOCK_MOST = 15 * 60 };
/* gc comes back to what it has marked for so long. */
enum { OLD_DAYS_LEAST = 7 };

struct visit {
	const struct s3_remote *remote;
	struct arena arena;
	mldv_finding_fn *visit;
	void *context;
	const char *key; /* of the probe */
	bool versions;   /* the bucket keeps them */
};

static void say(struct visit *at, const char *topic, enum mldv_level level,
    const char *text, const char *fix)
{
	const struct mldv_finding finding = {.topic = topic,
	    .level = level,
	    .text = text,
	    .fix = fix};

	at->visit(at->context, &finding);
}

/* Says why something failed; the way out is what stands last. */
static void say_error(struct visit *at, const char *topic,
    const struct mldv_error *why)
{
	char *text = arena_str(&at->arena, why->text);
	char *fix = NULL;

	for (char *next = text; (next = strstr(next, "; ")) != NULL; next++)
		fix = next;
	if (fix) {
		*fix = '\0';
		fix += 2;
	}
	say(at, topic, MLDV_FAILURE, text, fix);
}

/* --- who and where --- */

static bool look_at_credentials(struct visit *at)
{
	struct aws_credentials who;
	struct mldv_error why;

	if (s3_who(at->remote->s3, &at->arena, &who, &why) < 0) {
		say_error(at, "credentials", &why);
		return false;
	}
	say(at, "credentials", MLDV_OK,
	    arena_printf(&at->arena, "from %s%s", who.source,
	        who.expires == 0 ? "" : ", for a limited time"),
	    NULL);
	return true;
}

static void look_at_clock(struct visit *at, int64_t ahead)
{
	int64_t seconds = ahead < 0 ? -ahead : ahead;
	enum mldv_level level = MLDV_OK;
	const char *side = ahead < 0 ? "ahead of" : "behind";
	const char *text = "as that of the service";

	if (seconds > CLOCK_GOOD) {
		level = MLDV_WARNING;
		text = arena_printf(&at->arena,
		    "%" PRId64 " seconds %s that of the service%s", seconds,
		    side,
		    seconds > CLOCK_MOST ? ", which is more than S3 allows"
		                         : "");
	}
	say(at, "clock", level, text,
	    level == MLDV_OK ? NULL : "set this machine's clock, best by NTP");
}

static bool is_denied(const struct mldv_error *why)
{
	return strstr(why->text, "AccessDenied") != NULL;
}

static int see_nothing(void *context, const struct s3_listed *object,
    struct mldv_error *err)
{
	(void)context;
	(void)object;
	(void)err;
	return 0;
}

static int list(struct visit *at, struct mldv_error *err)
{
	return s3_list(at->remote->s3, at->remote->prefix, 1, see_nothing, NULL,
	    err);
}

/* Is there a bucket that can be asked for more? */
static bool look_at_bucket(struct visit *at)
{
	const struct s3_remote *remote = at->remote;
	struct mldv_error why;
	int64_t ahead;
	int status;
	const char *endpoint;

	if (s3_clock(remote->s3, &ahead, &status, &why) < 0) {
		say(at, "service", MLDV_FAILURE, why.text,
		    "check endpoint, network and proxies");
		return false;
	}
	endpoint = s3_endpoint(remote->s3);
	say(at, "service", MLDV_OK,
	    arena_printf(&at->arena, "%s, region '%s'",
	        endpoint ? str_hide_password(&at->arena, endpoint)
	                 : "Amazon S3",
	        s3_region(remote->s3, &at->arena)),
	    NULL);
	look_at_clock(at, ahead);
	if (status == 403 && list(at, &why) < 0 && !is_denied(&why)) {
		say_error(at, "credentials", &why);
		return false;
	}
	if (status != 404)
		return true;
	say(at, "bucket", MLDV_FAILURE,
	    arena_printf(&at->arena, "there is no bucket '%s'", remote->bucket),
	    arena_printf(&at->arena, "run 'mldv remote create %s'",
	        remote->name));
	return false;
}

/* --- what may be done --- */

/* What a permission is needed for, and on what it is to be given. */
struct permission {
	const char *name; /* "s3:PutObject" */
	const char *use;
	enum mldv_level level; /* of its lack */
	bool objects;          /* on them, not on the bucket */
};
static const struct permission list_bucket = {"s3:ListBucket", "push, gc",
    MLDV_FAILURE, false};
static const struct permission get_object = {"s3:GetObject", "pull, push",
    MLDV_FAILURE, true};
static const struct permission put_object = {"s3:PutObject", "push",
    MLDV_FAILURE, true};
static const struct permission delete_object = {"s3:DeleteObject", "gc",
    MLDV_WARNING, true};
static const struct permission delete_version = {"s3:DeleteObjectVersion", "gc",
    MLDV_WARNING, true};
static const struct permission list_versions = {"s3:ListBucketVersions", "gc",
    MLDV_WARNING, false};
static const struct permission get_versioning = {"s3:GetBucketVersioning", "gc",
    MLDV_WARNING, false};
static const struct permission get_lifecycle = {"s3:GetLifecycleConfiguration",
    "mldv doctor", MLDV_WARNING, false};

static void say_denied(struct visit *at, const char *topic,
    const struct permission *permission)
{
	const struct s3_remote *remote = at->remote;

	say(at, topic, permission->level,
	    arena_printf(&at->arena, "not allowed, and needed for %s",
	        permission->use),
	    arena_printf(&at->arena, "grant %s on 'arn:aws:s3:::%s%s%s'",
	        permission->name, remote->bucket,
	        permission->objects ? "/" : "",
	        permission->objects
	            ? arena_printf(&at->arena, "%s*", remote->prefix)
	            : ""));
}

/* ret: of what was tried. Is it allowed? */
static bool tell(struct visit *at, const char *topic,
    const struct permission *permission, int ret, const struct mldv_error *why)
{
	if (ret >= 0)
		say(at, topic, MLDV_OK,
		    arena_printf(&at->arena, "allowed (%s)", permission->name),
		    NULL);
	else if (is_denied(why))
		say_denied(at, topic, permission);
	else
		say_error(at, topic, why);
	return ret >= 0;
}

static bool try_list(struct visit *at)
{
	struct mldv_error why;
	int ret = list(at, &why);

	return tell(at, "list", &list_bucket, ret, &why);
}

/*
 * What others have put there, if anything: services let everybody read what
 * they wrote themselves. Who may not list is refused what is not there, too.
 */
static bool try_read(struct visit *at, bool listed)
{
	struct s3 *s3 = at->remote->s3;
	const char *key = listed
	    ? arena_printf(&at->arena, "%sformat", at->remote->prefix)
	    : at->key;
	struct buf text = {0};
	struct s3_info info;
	struct mldv_error why;
	int ret = s3_head(s3, key, &info, &why);

	if (ret == 0 && listed) {
		key = at->key;
		ret = s3_head(s3, key, &info, &why);
	}
	(void)tell(at, "head", &get_object, ret, &why);
	ret = s3_get(s3, key, 4096, &text, &why);
	buf_release(&text);
	return tell(at, "get", &get_object, ret, &why);
}

static bool put_probe(struct visit *at, bool only_new, int *ret,
    struct mldv_error *why)
{
	const struct ops_options *options = at->remote->options;
	const struct s3_put put = {
	    .data = "mldv doctor\n",
	    .size = 12,
	    .only_new = only_new,
	    .sse = options->sse,
	    .kms_key = options->kms_key,
	};

	*ret = s3_put(at->remote->s3, at->key, &put, why);
	return *ret >= 0;
}

/* The probe is there: it must not be written again. */
static void try_condition(struct visit *at)
{
	static const char topic[] = "conditional put";
	struct mldv_error why;
	int ret;

	if (!put_probe(at, true, &ret, &why))
		(void)tell(at, topic, &put_object, ret, &why);
	else if (!s3_has_conditions(at->remote->s3))
		say(at, topic, MLDV_WARNING,
		    "the service has none, so mldv asks first",
		    "do not let two machines begin the same remote at once");
	else if (ret > 0)
		say(at, topic, MLDV_WARNING,
		    at->versions ? "ignored by the service in a bucket with "
		                   "versions, as Ceph 16 does"
		                 : "ignored by the service",
		    "no data is lost by it; of two records of the same run, "
		    "the later one stays");
	else
		say(at, topic, MLDV_OK, "honoured", NULL);
}

/* As gc deletes where versions are kept: they are listed first. */
static bool try_delete_version(struct visit *at, const char *version)
{
	struct s3 *s3 = at->remote->s3;
	struct mldv_error why;
	struct mldv_error ignored;
	int ret = s3_delete_until(s3, at->key, version, &why);
	bool listed = ret == 0 || !strstr(why.text, "list the versions");

	return tell(at, "delete", listed ? &delete_version : &list_versions,
	           ret, &why) ||
	    s3_delete(s3, at->key, &ignored) == 0;
}

static void try_delete(struct visit *at)
{
	struct s3 *s3 = at->remote->s3;
	struct s3_info info;
	struct mldv_error why;
	bool done;

	if (at->versions && s3_head(s3, at->key, &info, &why) > 0 &&
	    *info.version)
		done = try_delete_version(at, info.version);
	else
		done = tell(at, "delete", &delete_object,
		    s3_delete(s3, at->key, &why), &why);
	if (!done)
		say(at, "probe", MLDV_WARNING,
		    arena_printf(&at->arena, "'s3://%s/%s' was left there",
		        at->remote->bucket, at->key),
		    "it does no harm; whoever may, removes it");
}

/* Can what is there be found and read? */
static bool look_at_permissions(struct visit *at)
{
	struct mldv_error why;
	bool found = try_list(at);
	bool readable;
	int ret;

	if (tell(at, "put", &put_object,
	        put_probe(at, false, &ret, &why) ? 0 : -1, &why)) {
		try_condition(at);
		readable = try_read(at, found);
		try_delete(at);
	} else {
		readable = try_read(at, found);
		say(at, "delete", MLDV_OK,
		    "not tried, as nothing could be written", NULL);
	}
	return found && readable;
}

/* --- settings of the bucket --- */

static void look_at_versioning(struct visit *at)
{
	static const char topic[] = "versioning";
	enum s3_versioning state = S3_NEVER;
	struct buf document = {0};
	struct mldv_error why;
	int ret = s3_setting_get(at->remote->s3, "versioning",
	    "VersioningConfiguration", &document, &why);

	if (ret == S3_SET)
		ret = s3_versioning_read(&state,
		    (struct slice){buf_str(&document), document.len}, &why);
	if (ret < 0)
		(void)tell(at, topic, &get_versioning, -1, &why);
	else if (state == S3_ENABLED)
		say(at, topic, MLDV_OK, "on", NULL);
	else
		say(at, topic, MLDV_WARNING,
		    state == S3_SUSPENDED
		        ? "suspended: what is overwritten or deleted is lost"
		        : "off: what is overwritten or deleted is lost",
		    state == S3_SUSPENDED
		        ? "turn it on again"
		        : arena_printf(&at->arena,
		              "run 'mldv remote create %s'", at->remote->name));
	at->versions = ret >= 0 && state == S3_ENABLED;
	buf_release(&document);
}

/* Can both begin the same key? */
static bool meet(const char *a, const char *b)
{
	size_t one = strlen(a);
	size_t other = strlen(b);

	return strncmp(a, b, one < other ? one : other) == 0;
}

/* Does no harm; else says so. */
static bool is_harmless(struct visit *at, const struct s3_rule *rule)
{
	const char *does = NULL;
	enum mldv_level level = rule->narrowed ? MLDV_WARNING : MLDV_FAILURE;

	if (!rule->enabled || !meet(rule->prefix, at->remote->prefix))
		return true;
	if (rule->expires) {
		does = "removes data after a while";
	} else if (rule->archives) {
		does = "archives data, which then cannot be fetched";
	} else if (rule->old_days > 0 && rule->old_days < OLD_DAYS_LEAST) {
		does = "removes old versions before gc can undo";
		level = MLDV_WARNING;
	}
	if (!does)
		return true;
	say(at, "lifecycle", level,
	    arena_printf(&at->arena, "rule '%s' (prefix '%s'%s) %s", rule->id,
	        rule->prefix, rule->narrowed ? ", with conditions" : "", does),
	    arena_printf(&at->arena, "take it away, or keep it from '%s'",
	        *at->remote->prefix ? at->remote->prefix : "this bucket"));
	return false;
}

static void look_at_lifecycle(struct visit *at)
{
	struct s3_lifecycle rules = {0};
	struct buf document = {0};
	struct mldv_error why;
	bool good = true;
	int ret = s3_setting_get(at->remote->s3, "lifecycle",
	    "LifecycleConfiguration", &document, &why);

	if (ret == S3_SET)
		ret = s3_lifecycle_read(&rules,
		    (struct slice){buf_str(&document), document.len}, &why);
	for (size_t i = 0; ret == 0 && i < rules.count; i++)
		good &= is_harmless(at, &rules.rules[i]);
	if (ret < 0)
		(void)tell(at, "lifecycle", &get_lifecycle, -1, &why);
	else if (good)
		say(at, "lifecycle", MLDV_OK,
		    "no rule that removes or archives data", NULL);
	s3_lifecycle_release(&rules);
	buf_release(&document);
}

int s3_remote_examine(const struct s3_remote *remote, mldv_finding_fn *visit,
    void *context, struct mldv_error *err)
{
	struct visit at = {.remote = remote,
	    .visit = visit,
	    .context = context};
	bool more;

	(void)err;
	at.key = arena_printf(&at.arena, "%s" S3_PROBE, remote->prefix);
	more = look_at_credentials(&at) && look_at_bucket(&at);
	if (more) {
		look_at_versioning(&at);
		more = look_at_permissions(&at);
		look_at_lifecycle(&at);
	}
	arena_release(&at.arena);
	return more;
}
