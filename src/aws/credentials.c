/* SPDX-License-Identifier: Apache-2.0 */
#include "aws/credentials.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "aws/source.h"

enum {
	/* Seconds before they expire; botocore's advisory refresh. */
	EARLY = 15 * 60,
	/* Until the next try, when one failed and the old are good still. */
	AGAIN = 30,
};

struct aws_provider {
	struct aws_provider_options options;
	pthread_mutex_t mutex;
	struct arena arena; /* of found */
	struct aws_credentials found;
	bool valid;
	int64_t renew; /* when to look again, unless they never expire */
};

struct aws_provider *aws_provider_open(
    const struct aws_provider_options *options)
{
	struct aws_provider *provider = xcalloc(1, sizeof *provider);

	provider->options = *options;
	(void)pthread_mutex_init(&provider->mutex, NULL);
	return provider;
}

void aws_provider_close(struct aws_provider *provider)
{
	(void)pthread_mutex_destroy(&provider->mutex);
	arena_release(&provider->arena);
	free(provider);
}

void aws_looked(struct aws_search *search, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (search->looked.len > 0)
		buf_add_str(&search->looked, ", ");
	buf_add_str(&search->looked, text);
}

/* The profile, and the variable that says so, or NULL. */
static const char *choose_profile(const struct aws_provider *provider,
    const char **variable)
{
	const char *const variables[] = {"AWS_DEFAULT_PROFILE", "AWS_PROFILE"};

	*variable = NULL;
	if (provider->options.profile)
		return provider->options.profile;
	for (int i = 0; i < 2; i++) {
		const char *name = aws_environment(variables[i]);

		if (name) {
			*variable = variables[i];
			return name;
		}
	}
	return "default";
}

static int from_profile(struct aws_search *search, bool chosen,
    struct aws_credentials *out, struct mldv_error *err)
{
	const struct aws_files *files = search->files;
	const char *config = files->config_path;
	const char *credentials = files->credentials_path;
	int ret;

	if (chosen && !aws_files_have(files, search->profile))
		return err_set(err, MLDV_USAGE,
		    "there is no profile '%s' in '%s' or '%s'", search->profile,
		    config ? config : "(no HOME)",
		    credentials ? credentials : "(no HOME)");
	ret = aws_from_profile(search, out, err);
	if (ret != 0)
		return ret;
	if (!config || !credentials)
		aws_looked(search, "~/.aws (HOME is not set)");
	else
		aws_looked(search, "profile '%s' of '%s'%s and '%s'%s",
		    search->profile, config,
		    files->config_there ? "" : " (not there)", credentials,
		    files->credentials_there ? "" : " (not there)");
	return 0;
}

static int look(struct aws_provider *provider, struct aws_search *search,
    struct aws_credentials *out, struct mldv_error *err)
{
	const char *variable;
	int ret = 0;

	search->profile = choose_profile(provider, &variable);
	/* A profile that a setting names goes before the environment. */
	if (!provider->options.profile)
		ret = aws_from_environment(search, out, err);
	if (ret == 0)
		ret = from_profile(search,
		    provider->options.profile || variable, out, err);
	if (ret == 0)
		ret = aws_from_container(search, out, err);
	if (ret == 0)
		ret = aws_from_instance(search, out, err);
	if (ret == 0)
		return err_set(err, MLDV_USAGE,
		    "there are no AWS credentials: looked at %s; set "
		    "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run 'aws "
		    "configure'",
		    buf_str(&search->looked));
	return ret < 0 ? -1 : 0;
}

static void copy(struct arena *arena, const struct aws_credentials *from,
    struct aws_credentials *to)
{
	*to = (struct aws_credentials){
	    .access_key = arena_str(arena, from->access_key),
	    .secret_key = arena_str(arena, from->secret_key),
	    .session_token = from->session_token
	        ? arena_str(arena, from->session_token)
	        : NULL,
	    .expires = from->expires,
	    .source = arena_str(arena, from->source),
	    .of_machine = from->of_machine,
	};
}

/*
 * Early, but not at once again: what lives for a quarter of an hour only, or
 * is given out anew only shortly before its end, is kept for half its life.
 */
static int64_t when_to_renew(int64_t now, int64_t expires)
{
	int64_t life = expires - now;
	int64_t wait = life - EARLY > life / 2 ? life - EARLY : life / 2;

	/* An instance may give what has expired, and S3 may take it. */
	return now + (life > 0 ? wait : AGAIN);
}

static int renew(struct aws_provider *provider, int64_t now,
    struct mldv_error *err)
{
	struct arena arena = {0};
	struct aws_files files;
	struct aws_search search = {
	    .arena = &arena,
	    .net = provider->options.net,
	    .events = provider->options.events,
	    .files = &files,
	};
	struct aws_credentials found;
	struct mldv_error why = {0};
	int ret = aws_files_load(&files, &arena, &why);

	if (ret == 0)
		ret = look(provider, &search, &found, &why);
	if (ret == 0) {
		arena_release(&provider->arena);
		copy(&provider->arena, &found, &provider->found);
		provider->valid = true;
		provider->renew = when_to_renew(now, found.expires);
	} else if (provider->valid && provider->found.expires > now &&
	    why.code != MLDV_INTERRUPTED && why.code != MLDV_TERMINATED) {
		provider->renew = now + AGAIN;
		ret = 0;
	} else {
		*err = why;
	}
	buf_release(&search.looked);
	arena_release(&arena);
	return ret;
}

int aws_credentials_get(struct aws_provider *provider, struct arena *arena,
    struct aws_credentials *out, struct mldv_error *err)
{
	int64_t now = time(NULL);
	int ret = 0;

	(void)pthread_mutex_lock(&provider->mutex);
	if (!provider->valid ||
	    (provider->found.expires != 0 && now >= provider->renew))
		ret = renew(provider, now, err);
	if (ret == 0)
		copy(arena, &provider->found, out);
	(void)pthread_mutex_unlock(&provider->mutex);
	return ret;
}

void aws_credentials_refused(struct aws_provider *provider,
    const char *access_key)
{
	(void)pthread_mutex_lock(&provider->mutex);
	if (provider->valid &&
	    strcmp(provider->found.access_key, access_key) == 0)
		provider->valid = false;
	(void)pthread_mutex_unlock(&provider->mutex);
}

int aws_profile_setting(struct aws_provider *provider, const char *service,
    const char *key, struct arena *arena, const char **out,
    struct mldv_error *err)
{
	struct arena mine = {0};
	struct aws_files files;
	const char *variable;
	const char *value;
	int ret = aws_files_load(&files, &mine, err);

	if (ret == 0) {
		value = aws_files_setting(&files,
		    choose_profile(provider, &variable), service, key);
		*out = value ? arena_str(arena, value) : NULL;
	}
	arena_release(&mine);
	return ret;
}
