/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "aws/credentials.h"
#include "aws/sign.h"
#include "base/file.h"
#include "net/client.h"

#include "fake.h"
#include "scratch.h"

#define ROLE "arn:aws:iam::1:role/"

static const char fake_config[] =
    "{\"users\": {\"KEY\": {\"secret\": \"SECRET\"}},"
    "\"web_token\": \"web-token\","
    "\"roles\": {"
    "\"" ROLE "r\": {\"external_id\": \"outside\"},"
    "\"" ROLE "first\": {},"
    "\"" ROLE "second\": {\"from\": \"" ROLE "first\"},"
    "\"" ROLE "short\": {\"lifetime\": 2},"
    "\"" ROLE "brief\": {\"lifetime\": 10},"
    "\"" ROLE "container\": {\"from\": \"container\"},"
    "\"" ROLE "web\": {\"web\": true}},"
    "\"container\": {\"token\": \"container-token\"},"
    "\"instance\": {\"role\": \"machine\", \"region\": \"us-east-1\"},"
    "\"sso\": {\"account\": \"1234\", \"role\": \"reader\","
    "\"tokens\": [\"sso-token\"], \"refresh_token\": \"again\"},"
    "\"github\": {\"token\": \"job-token\"}}";

/* One for all: that of a case is what the case says in its environment. */
static struct fake *fake;
static struct net_client *net;

#define STS "\"op\": \"STS\""

static void clear_environment(void)
{
	char name[128];
	char **at = environ;

	while (*at) {
		size_t len = strcspn(*at, "=");

		if ((strncmp(*at, "AWS_", 4) != 0 &&
		        strncmp(*at, "ACTIONS_", 8) != 0) ||
		    len >= sizeof name) {
			at++;
			continue;
		}
		memcpy(name, *at, len);
		name[len] = '\0';
		assert_int_equal(unsetenv(name), 0);
		at = environ;
	}
}

static void set(const char *name, const char *value)
{
	assert_int_equal(setenv(name, value, 1), 0);
}

static int enter(void **state)
{
	const struct net_options options = {0};
	char home[64];

	if (scratch_enter(state) < 0 || !getcwd(home, sizeof home))
		return -1;
	clear_environment();
	assert_int_equal(unsetenv("http_proxy"), 0);
	set("HOME", home);
	set("AWS_EC2_METADATA_DISABLED", "true");
	set("AWS_ENDPOINT_URL", fake_url(fake));
	set("AWS_REGION", "us-east-1");
	net = net_open(&options);
	return mkdir(".aws", 0777);
}

static int leave(void **state)
{
	fake_change(fake, "faults", "");
	net_close(net);
	return scratch_leave(state);
}

static int start(void **state)
{
	(void)state;
	fake = fake_start(fake_config);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	fake_stop(fake);
	return 0;
}

static struct aws_provider *open_provider(const char *profile)
{
	const struct aws_provider_options options = {
	    .profile = profile,
	    .net = net,
	};

	return aws_provider_open(&options);
}

static void get(struct aws_provider *provider, struct arena *arena,
    struct aws_credentials *out)
{
	struct mldv_error err;

	if (aws_credentials_get(provider, arena, out, &err) < 0)
		fail_msg("%s", err.text);
}

/* Finds credentials with just this access key (or only its beginning). */
static void finds(const char *profile, const char *access_key,
    const char *source)
{
	struct aws_provider *provider = open_provider(profile);
	struct aws_credentials found;
	struct arena arena = {0};

	get(provider, &arena, &found);
	if (strcmp(access_key, "ASIA") == 0) {
		assert_memory_equal(found.access_key, access_key, 4);
		assert_int_equal(strlen(found.session_token), 1200);
		assert_true(found.expires > time(NULL));
	} else {
		assert_string_equal(found.access_key, access_key);
	}
	assert_string_equal(found.source, source);
	arena_release(&arena);
	aws_provider_close(provider);
}

static void refuses(const char *profile, const char *message)
{
	struct aws_provider *provider = open_provider(profile);
	struct aws_credentials found;
	struct mldv_error err = {0};
	struct arena arena = {0};

	assert_int_equal(aws_credentials_get(provider, &arena, &found, &err),
	    -1);
	assert_string_equal(err.text, message);
	arena_release(&arena);
	aws_provider_close(provider);
}

/* With what the scratch directory is called where the message has ~. */
static void refuses_at_home(const char *profile, const char *message)
{
	struct buf text = {0};

	for (; *message; message++) {
		if (*message == '~')
			buf_add_str(&text, getenv("HOME"));
		else
			buf_add_char(&text, *message);
	}
	refuses(profile, buf_str(&text));
	buf_release(&text);
}

/* The environment, and which profile. */

static void takes_the_environment_first(void **state)
{
	struct aws_provider *provider;
	struct aws_credentials found;
	struct arena arena = {0};

	(void)state;
	scratch_write(".aws/credentials",
	    "[default]\naws_access_key_id = A\naws_secret_access_key = B\n"
	    "[x]\naws_access_key_id = X\naws_secret_access_key = Y\n");
	set("AWS_ACCESS_KEY_ID", "KEY");
	set("AWS_SECRET_ACCESS_KEY", "SE/CR+ET");
	set("AWS_SESSION_TOKEN", "TOKEN");
	set("AWS_CREDENTIAL_EXPIRATION", "2033-05-18T05:33:20+02:00");
	set("AWS_PROFILE", "x");
	provider = open_provider(NULL);
	get(provider, &arena, &found);
	assert_string_equal(found.access_key, "KEY");
	assert_string_equal(found.secret_key, "SE/CR+ET");
	assert_string_equal(found.session_token, "TOKEN");
	assert_int_equal(found.expires, 2000000000);
	assert_string_equal(found.source, "the environment");
	arena_release(&arena);
	aws_provider_close(provider);
	assert_int_equal(unsetenv("AWS_ACCESS_KEY_ID"), 0);
	assert_int_equal(unsetenv("AWS_CREDENTIAL_EXPIRATION"), 0);
	set("AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials");
	finds(NULL, "X", "profile 'x' of '.aws/credentials'");
}

static void takes_a_profile_that_a_setting_names_before_it(void **state)
{
	(void)state;
	set("AWS_SHARED_CREDENTIALS_FILE", "~/there");
	set("AWS_CONFIG_FILE", "config");
	scratch_write("there",
	    "[x]\naws_access_key_id = X\naws_secret_access_key = Y\n");
	scratch_write("config",
	    "[profile \"in config\"]\naws_access_key_id = C\n"
	    "aws_secret_access_key = D\n");
	set("AWS_ACCESS_KEY_ID", "KEY");
	set("AWS_SECRET_ACCESS_KEY", "SECRET");
	finds("in config", "C", "profile 'in config' of 'config'");
	finds(NULL, "KEY", "the environment");
	refuses_at_home("none",
	    "there is no profile 'none' in 'config' or '~/there'");
}

static void refuses_half_an_environment(void **state)
{
	(void)state;
	set("AWS_ACCESS_KEY_ID", "KEY");
	refuses(NULL,
	    "AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY is not");
	set("AWS_SECRET_ACCESS_KEY", "SECRET");
	set("AWS_SESSION_TOKEN", "two\r\nlines");
	refuses(NULL,
	    "cannot use AWS_ACCESS_KEY_ID: the keys hold characters that keys "
	    "do not have");
}

static void says_what_it_looked_at(void **state)
{
	(void)state;
	refuses_at_home(NULL,
	    "there are no AWS credentials: looked at the environment "
	    "(AWS_ACCESS_KEY_ID), a web identity (AWS_ROLE_ARN), profile "
	    "'default' of '~/.aws/config' (not there) and '~/.aws/credentials' "
	    "(not there), a container "
	    "(AWS_CONTAINER_CREDENTIALS_RELATIVE_URI), an EC2 instance (not "
	    "asked, by AWS_EC2_METADATA_DISABLED); set AWS_ACCESS_KEY_ID and "
	    "AWS_SECRET_ACCESS_KEY, or run 'aws configure'");
}

/* Files. */

static void keeps_a_long_token_whole(void **state)
{
	struct aws_provider *provider = open_provider(NULL);
	struct aws_credentials found;
	struct arena arena = {0};
	struct buf text = {0};
	char *token = xmalloc(8001);

	(void)state;
	for (int i = 0; i < 8000; i++)
		token[i] = "abc;/+=#"[i % 8];
	token[8000] = '\0';
	buf_printf(&text,
	    "# a remark\n[default]\r\naws_access_key_id=A\r\n"
	    "aws_secret_access_key = B ; b # c\r\naws_session_token : %s\r\n",
	    token);
	scratch_write(".aws/credentials", buf_str(&text));
	get(provider, &arena, &found);
	assert_string_equal(found.session_token, token);
	assert_string_equal(found.secret_key, "B ; b # c");
	assert_int_equal(found.expires, 0);
	free(token);
	buf_release(&text);
	arena_release(&arena);
	aws_provider_close(provider);
}

static void says_which_line_is_wrong(void **state)
{
	(void)state;
	scratch_write(".aws/config", "[default]\nregion = x\nnonsense\n");
	refuses_at_home(NULL,
	    "~/.aws/config:3: neither [SECTION] nor KEY = VALUE");
}

static void has_settings_of_profiles_and_services(void **state)
{
	struct aws_provider *provider = open_provider("p");
	const char *const wanted[][3] = {
	    {NULL, "region", "eu-west-1"},
	    {"s3", "addressing_style", "path"},
	    {"s3", "endpoint_url", "http://s3"},
	    {"sts", "endpoint_url", NULL},
	    {NULL, "none", NULL},
	};
	struct arena arena = {0};
	struct mldv_error err;

	(void)state;
	scratch_write(".aws/config",
	    "[profile p]\nregion = eu-west-1\nservices = mine\ns3 =\n"
	    "  addressing_style = path\n[services mine]\ns3 =\n"
	    "  endpoint_url = http://s3\n");
	for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
		const char *value;

		assert_int_equal(aws_profile_setting(provider, wanted[i][0],
		                     wanted[i][1], &arena, &value, &err),
		    0);
		if (wanted[i][2])
			assert_string_equal(value, wanted[i][2]);
		else
			assert_null(value);
	}
	arena_release(&arena);
	aws_provider_close(provider);
}

/* Roles. */

#define BASE                                        \
	"[profile base]\naws_access_key_id = KEY\n" \
	"aws_secret_access_key = SECRET\n"

static void assumes_a_role_with_another_profile(void **state)
{
	size_t before = fake_count(fake, STS);

	(void)state;
	scratch_write(".aws/config",
	    BASE "[profile r]\nrole_arn = " ROLE "r\n"
	         "source_profile = base\nexternal_id = outside\n"
	         "role_session_name = me\nduration_seconds = 1800\n"
	         "[profile wrong]\nrole_arn = " ROLE "r\n"
	         "source_profile = base\nexternal_id = other\n");
	set("AWS_CONFIG_FILE", ".aws/config");
	finds("r", "ASIA",
	    "role '" ROLE "r' of profile 'r', with profile 'base' of "
	    "'.aws/config'");
	refuses("wrong",
	    "cannot assume role '" ROLE "r': AccessDenied: external id (HTTP "
	    "status 403)");
	assert_int_equal(fake_count(fake, STS), before + 2);
}

static void assumes_one_role_with_another(void **state)
{
	(void)state;
	set("AWS_CONFIG_FILE", ".aws/config");
	scratch_write(".aws/config",
	    BASE "[profile a]\nrole_arn = " ROLE "first\n"
	         "source_profile = base\n"
	         "[profile b]\nrole_arn = " ROLE "second\n"
	         "source_profile = a\n"
	         "[profile direct]\nrole_arn = " ROLE "second\n"
	         "source_profile = base\n");
	finds("b", "ASIA",
	    "role '" ROLE "second' of profile 'b', with role '" ROLE
	    "first' of profile 'a', with profile 'base' of '.aws/config'");
	refuses("direct",
	    "cannot assume role '" ROLE "second': AccessDenied: not for this "
	    "role (HTTP status 403)");
}

static void lets_a_profile_be_its_own_source(void **state)
{
	(void)state;
	set("AWS_CONFIG_FILE", ".aws/config");
	scratch_write(".aws/config",
	    "[default]\naws_access_key_id = KEY\naws_secret_access_key = "
	    "SECRET\nrole_arn = " ROLE "first\nsource_profile = default\n");
	finds(NULL, "ASIA",
	    "role '" ROLE "first' of profile 'default', with profile "
	    "'default' of '.aws/config'");
}

static void refuses_roles_without_an_end(void **state)
{
	(void)state;
	scratch_write(".aws/config",
	    BASE "[profile a]\nrole_arn = x\nsource_profile = b\n"
	         "[profile b]\nrole_arn = x\nsource_profile = c\n"
	         "[profile c]\nrole_arn = x\nsource_profile = b\n"
	         "[profile d]\nrole_arn = x\n"
	         "[profile e]\nrole_arn = x\nsource_profile = none\n"
	         "[profile f]\nrole_arn = x\nsource_profile = empty\n"
	         "[profile empty]\nregion = x\n"
	         "[profile g]\nrole_arn = x\ncredential_source = Else\n"
	         "[profile m]\nrole_arn = x\nsource_profile = base\n"
	         "mfa_serial = y\n");
	refuses("a", "the source_profile of profile 'b' leads back to it");
	refuses("d",
	    "profile 'd' has role_arn, but neither source_profile nor "
	    "credential_source");
	refuses("e",
	    "profile 'e' has source_profile = none, and there is no such "
	    "profile");
	refuses("f",
	    "profile 'empty', the source_profile of profile 'f', has no "
	    "credentials");
	refuses("g",
	    "credential_source of profile 'g' cannot be 'Else', only "
	    "Environment|EcsContainer|Ec2InstanceMetadata");
	refuses("m",
	    "profile 'm' asks for a code of a device (mfa_serial), which mldv "
	    "cannot; run 'aws configure export-credentials --profile m "
	    "--format env' and set what it prints");
}

static void assumes_a_role_with_what_is_around(void **state)
{
	char uri[128];

	(void)state;
	scratch_write(".aws/config",
	    "[profile e]\nrole_arn = " ROLE "first\n"
	    "credential_source = Environment\n"
	    "[profile c]\nrole_arn = " ROLE "container\n"
	    "credential_source = EcsContainer\n");
	refuses("e",
	    "profile 'e' has credential_source = Environment, where there is "
	    "nothing");
	set("AWS_ACCESS_KEY_ID", "KEY");
	set("AWS_SECRET_ACCESS_KEY", "SECRET");
	finds("e", "ASIA",
	    "role '" ROLE "first' of profile 'e', with the environment");
	(void)snprintf(uri, sizeof uri, "%s/container/x", fake_url(fake));
	set("AWS_CONTAINER_CREDENTIALS_FULL_URI", uri);
	set("AWS_CONTAINER_AUTHORIZATION_TOKEN", "container-token");
	finds("c", "ASIA",
	    "role '" ROLE "container' of profile 'c', with the container");
}

/* Web identities. */

static void shows_the_token_of_a_file(void **state)
{
	(void)state;
	scratch_write("token", "web-token\n");
	set("AWS_WEB_IDENTITY_TOKEN_FILE", "token");
	refuses(NULL,
	    "AWS_WEB_IDENTITY_TOKEN_FILE is set, but AWS_ROLE_ARN is not");
	set("AWS_ROLE_ARN", ROLE "web");
	set("AWS_ROLE_SESSION_NAME", "me");
	finds(NULL, "ASIA", "a web identity (AWS_WEB_IDENTITY_TOKEN_FILE)");
	scratch_write("token", "stale\n");
	refuses(NULL,
	    "cannot assume role '" ROLE "web': InvalidIdentityToken: "
	    "InvalidIdentityToken (HTTP status 400)");
	scratch_write("token", "\n");
	refuses(NULL, "'token' holds no token");
}

static void shows_the_token_that_a_profile_names(void **state)
{
	(void)state;
	scratch_write("token", "web-token");
	scratch_write(".aws/config",
	    "[profile w]\nrole_arn = " ROLE "web\n"
	    "web_identity_token_file = token\n");
	finds("w", "ASIA", "the web identity of profile 'w'");
}

static void asks_github_for_a_token(void **state)
{
	char url[128];

	(void)state;
	(void)snprintf(url, sizeof url, "%s/github?job=1", fake_url(fake));
	set("AWS_ROLE_ARN", ROLE "web");
	set("ACTIONS_ID_TOKEN_REQUEST_URL", url);
	set("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "job-token");
	finds(NULL, "ASIA", "the web identity of a GitHub job");
	set("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "another");
	refuses(NULL,
	    "cannot get an identity token of GitHub: HTTP status 401: "
	    "{\"message\": \"no\"}");
}

/* Commands. */

static void write_process(const char *command)
{
	struct buf text = {0};

	buf_printf(&text, "[profile p]\ncredential_process = %s\n", command);
	scratch_write(".aws/config", buf_str(&text));
	buf_release(&text);
}

#define NO "credential_process of profile 'p' gives no credentials: "

static void asks_a_command(void **state)
{
	(void)state;
	scratch_write("my keys",
	    "{\"Version\": 1, \"AccessKeyId\": \"P\", \"SecretAccessKey\": "
	    "\"S\", \"SessionToken\": \"T\", \"Expiration\": "
	    "\"2096-10-02T07:06:40Z\"}");
	write_process("sh -c 'echo noise >&2; cat \"$1\"' x \"my keys\"");
	finds("p", "P", "credential_process of profile 'p'");
}

static void says_why_a_command_fails(void **state)
{
	(void)state;
	write_process("sh -c 'echo first >&2; echo \"not on\" >&2; exit 3'");
	refuses("p", NO "exit status 3: not on");
	write_process("echo '{\"Version\": 2}'");
	refuses("p", NO "'Version' is not 1");
	write_process("echo '{\"Version\": 1, \"AccessKeyId\": \"P\"}'");
	refuses("p", NO "there is no secret key");
	write_process("cat /dev/zero");
	refuses("p", NO "it prints more than 65536 bytes");
	write_process("/none/such");
	refuses("p", NO "cannot run '/none/such': No such file or directory");
	write_process("echo 'x");
	refuses("p", NO "the ' has no end");
}

/* Single sign-on. */

#define SESSION                                                    \
	"[profile s]\nsso_session = mine\nsso_account_id = 1234\n" \
	"sso_role_name = reader\n[sso-session mine]\n"             \
	"sso_start_url = https://x/start\nsso_region = us-east-1\n"

/* SHA-1 of "mine" and of "https://x/start", by sha1sum. */
#define CACHED     ".aws/sso/cache/"
#define OF_SESSION CACHED "8034c43d15bb7ef42e2cc24255217acfc5f4b2f4.json"
#define OF_URL     CACHED "f9bd89c67fef27fcb5df8d2e4b64eabe5bae45a4.json"

static void make_cache(void)
{
	struct mldv_error err;

	assert_int_equal(file_make_dirs(".aws/sso/cache", &err), 0);
}

static void uses_a_token_of_single_sign_on(void **state)
{
	(void)state;
	make_cache();
	scratch_write(".aws/config",
	    SESSION
	    "[profile old]\nsso_account_id = 1234\nsso_role_name = reader\n"
	    "sso_start_url = https://x/start\nsso_region = us-east-1\n"
	    "[profile half]\nsso_account_id = 1234\n"
	    "[profile none]\nsso_account_id = 1\nsso_role_name = reader\n"
	    "sso_session = other\n");
	refuses("s",
	    "profile 's' is not signed on; run 'aws sso login --profile s'");
	scratch_write(OF_SESSION,
	    "{\"accessToken\": \"sso-token\", \"expiresAt\": "
	    "\"2096-10-02T07:06:40Z\"}");
	finds("s", "ASIA", "single sign-on of profile 's'");
	scratch_write(OF_URL,
	    "{\"accessToken\": \"sso-token\", \"expiresAt\": "
	    "\"2096-10-02T07:06:40UTC\"}");
	finds("old", "ASIA", "single sign-on of profile 'old'");
	refuses("half",
	    "profile 'half' needs all of sso_account_id, sso_role_name, "
	    "sso_start_url and sso_region");
	refuses("none",
	    "profile 'none' has sso_session = other, and there is no "
	    "[sso-session other]");
}

static void renews_a_token_of_single_sign_on(void **state)
{
	struct mldv_error err;
	struct buf text = {0};

	(void)state;
	make_cache();
	scratch_write(".aws/config", SESSION);
	scratch_write(OF_SESSION,
	    "{\"startUrl\": \"https://x/\\\"start\", \"accessToken\": "
	    "\"stale\", \"expiresAt\": \"2020-10-02T07:06:40Z\", "
	    "\"clientId\": \"i\", \"clientSecret\": \"s\", "
	    "\"registrationExpiresAt\": \"2096-10-02T07:06:40Z\", "
	    "\"refreshToken\": \"again\"}");
	assert_int_equal(chmod(OF_SESSION, 0600), 0);
	finds("s", "ASIA", "single sign-on of profile 's'");
	assert_int_equal(file_read(OF_SESSION, 1 << 16, &text, &err), 0);
	assert_non_null(strstr(buf_str(&text),
	    "{\"startUrl\": \"https://x/\\u0022start\", \"accessToken\": "
	    "\"sso-"));
	assert_null(strstr(buf_str(&text), "2020"));
	buf_release(&text);
	/* And the renewed one does. */
	finds("s", "ASIA", "single sign-on of profile 's'");
	assert_int_equal(fake_count(fake, "\"op\": \"CreateToken\""), 1);
}

static void says_that_a_sign_on_has_expired(void **state)
{
	(void)state;
	make_cache();
	scratch_write(".aws/config", SESSION);
	scratch_write(OF_SESSION,
	    "{\"accessToken\": \"x\", \"expiresAt\": "
	    "\"2020-10-02T07:06:40Z\"}");
	refuses("s",
	    "the SSO session of profile 's' has expired; run 'aws sso login "
	    "--profile s'");
	scratch_write(OF_SESSION,
	    "{\"accessToken\": \"x\", \"expiresAt\": "
	    "\"2096-10-02T07:06:40Z\"}");
	refuses("s",
	    "the SSO session of profile 's' is not valid any more; run 'aws "
	    "sso login --profile s'");
}

/* Containers and instances, with a proxy that nothing may go through. */

static void set_container(void)
{
	char uri[128];

	set("http_proxy", "http://127.0.0.1:1");
	(void)snprintf(uri, sizeof uri, "%s/container", fake_url(fake));
	set("AWS_CONTAINER_CREDENTIALS_FULL_URI", uri);
	set("AWS_CONTAINER_AUTHORIZATION_TOKEN", "container-token");
}

static void asks_the_container(void **state)
{
	size_t before = fake_count(fake, "\"op\": \"ContainerCredentials\"");

	(void)state;
	set_container();
	finds(NULL, "ASIA", "the container");
	fake_change(fake, "faults", "{\"fault\": \"internal\", \"times\": 1}");
	finds(NULL, "ASIA", "the container");
	assert_int_equal(fake_count(fake, "\"op\": \"ContainerCredentials\""),
	    before + 3);
	/* The file goes before the variable. */
	scratch_write("token", "container-token");
	set("AWS_CONTAINER_AUTHORIZATION_TOKEN", "wrong");
	set("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "token");
	finds(NULL, "ASIA", "the container");
	scratch_write("token", "container-token\r\nx: y");
	refuses(NULL,
	    "the container's authorization token has more than one line");
}

static void asks_nobody_on_the_way_to_a_container(void **state)
{
	const char *const bad[] = {"http://example.org/x",
	    "http://127.0.0.1.example.org/", "http://localhost.example.org/",
	    "ftp://127.0.0.1/", "http://169.254.170.21/"};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		char message[256];

		set("AWS_CONTAINER_CREDENTIALS_FULL_URI", bad[i]);
		(void)snprintf(message, sizeof message,
		    "AWS_CONTAINER_CREDENTIALS_FULL_URI is neither https nor "
		    "on this machine: '%s'",
		    bad[i]);
		refuses(NULL, message);
	}
}

static void asks_the_instance_last(void **state)
{
	size_t before = fake_count(fake, "\"op\": \"Instance");

	(void)state;
	set("http_proxy", "http://127.0.0.1:1");
	set("AWS_EC2_METADATA_SERVICE_ENDPOINT", fake_url(fake));
	set("AWS_EC2_METADATA_DISABLED", "false");
	finds(NULL, "ASIA", "role 'machine' of the instance");
	assert_int_equal(fake_count(fake, "\"op\": \"Instance"), before + 3);
	set_container();
	finds(NULL, "ASIA", "the container");
	assert_int_equal(fake_count(fake, "\"op\": \"Instance"), before + 3);
}

static void asks_the_instance_just_once(void **state)
{
	size_t before = fake_count(fake, "\"op\": \"Instance");

	(void)state;
	set("AWS_EC2_METADATA_SERVICE_ENDPOINT", fake_url(fake));
	set("AWS_EC2_METADATA_DISABLED", "false");
	fake_change(fake, "faults",
	    "{\"fault\": \"stall\", \"for\": 30, \"times\": 0}");
	scratch_write(".aws/config", "");
	scratch_write(".aws/credentials", "");
	{
		char message[1024];

		(void)snprintf(message, sizeof message,
		    "there are no AWS credentials: looked at the environment "
		    "(AWS_ACCESS_KEY_ID), a web identity (AWS_ROLE_ARN), "
		    "profile 'default' of '~/.aws/config' and "
		    "'~/.aws/credentials', a container "
		    "(AWS_CONTAINER_CREDENTIALS_RELATIVE_URI), an EC2 "
		    "instance ('%s' does not answer); set AWS_ACCESS_KEY_ID "
		    "and AWS_SECRET_ACCESS_KEY, or run 'aws configure'",
		    fake_url(fake));
		refuses_at_home(NULL, message);
	}
	fake_change(fake, "faults", "");
	assert_true(fake_count(fake, "\"op\": \"Instance") <= before + 1);
}

/* Time. */

static void write_role(const char *name)
{
	struct buf text = {0};

	buf_printf(&text,
	    BASE "[default]\nrole_arn = " ROLE "%s\n"
	         "source_profile = base\n",
	    name);
	scratch_write(".aws/config", buf_str(&text));
	buf_release(&text);
}

static void asks_again_only_when_they_expire(void **state)
{
	struct aws_provider *provider = open_provider(NULL);
	size_t before = fake_count(fake, STS);
	struct aws_credentials first;
	struct aws_credentials next;
	struct arena arena = {0};

	(void)state;
	write_role("first");
	get(provider, &arena, &first);
	get(provider, &arena, &next);
	assert_string_equal(first.access_key, next.access_key);
	assert_int_equal(fake_count(fake, STS), before + 1);
	aws_credentials_refused(provider, "another");
	get(provider, &arena, &next);
	assert_int_equal(fake_count(fake, STS), before + 1);
	aws_credentials_refused(provider, first.access_key);
	get(provider, &arena, &next);
	assert_string_not_equal(first.access_key, next.access_key);
	aws_provider_close(provider);
	write_role("short");
	provider = open_provider(NULL);
	get(provider, &arena, &first);
	do
		get(provider, &arena, &next);
	while (strcmp(first.access_key, next.access_key) == 0);
	assert_true(next.expires > time(NULL));
	arena_release(&arena);
	aws_provider_close(provider);
}

static void keeps_what_is_good_while_nobody_answers(void **state)
{
	const struct timespec tenth = {.tv_nsec = 100000000};
	struct aws_provider *provider = open_provider(NULL);
	size_t before = fake_count(fake, STS);
	struct aws_credentials first;
	struct aws_credentials next;
	struct arena arena = {0};

	(void)state;
	write_role("brief");
	get(provider, &arena, &first);
	fake_change(fake, "faults", "{\"fault\": \"denied\", \"times\": 0}");
	do {
		(void)nanosleep(&tenth, NULL);
		get(provider, &arena, &next);
		assert_string_equal(first.access_key, next.access_key);
	} while (fake_count(fake, STS) == before + 1);
	fake_change(fake, "faults", "");
	arena_release(&arena);
	aws_provider_close(provider);
}

static void *get_once(void *context)
{
	struct aws_credentials found;
	struct arena arena = {0};
	struct mldv_error err;
	int ret = aws_credentials_get(context, &arena, &found, &err);

	arena_release(&arena);
	return ret == 0 ? context : NULL;
}

static void asks_once_for_many_threads(void **state)
{
	struct aws_provider *provider = open_provider(NULL);
	size_t before = fake_count(fake, STS);
	pthread_t threads[8];
	void *good;

	(void)state;
	write_role("first");
	for (int i = 0; i < 8; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, get_once,
		                     provider),
		    0);
	for (int i = 0; i < 8; i++) {
		assert_int_equal(pthread_join(threads[i], &good), 0);
		assert_non_null(good);
	}
	assert_int_equal(fake_count(fake, STS), before + 1);
	aws_provider_close(provider);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, enter, leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(takes_the_environment_first),
	    CASE(takes_a_profile_that_a_setting_names_before_it),
	    CASE(refuses_half_an_environment),
	    CASE(says_what_it_looked_at),
	    CASE(keeps_a_long_token_whole),
	    CASE(says_which_line_is_wrong),
	    CASE(has_settings_of_profiles_and_services),
	    CASE(assumes_a_role_with_another_profile),
	    CASE(assumes_one_role_with_another),
	    CASE(lets_a_profile_be_its_own_source),
	    CASE(refuses_roles_without_an_end),
	    CASE(assumes_a_role_with_what_is_around),
	    CASE(shows_the_token_of_a_file),
	    CASE(shows_the_token_that_a_profile_names),
	    CASE(asks_github_for_a_token),
	    CASE(asks_a_command),
	    CASE(says_why_a_command_fails),
	    CASE(uses_a_token_of_single_sign_on),
	    CASE(renews_a_token_of_single_sign_on),
	    CASE(says_that_a_sign_on_has_expired),
	    CASE(asks_the_container),
	    CASE(asks_nobody_on_the_way_to_a_container),
	    CASE(asks_the_instance_last),
	    CASE(asks_the_instance_just_once),
	    CASE(asks_again_only_when_they_expire),
	    CASE(keeps_what_is_good_while_nobody_answers),
	    CASE(asks_once_for_many_threads),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
