/* SPDX-License-Identifier: Apache-2.0 */
#include "fake.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "net/client.h"

struct fake {
	pid_t pid;
	char dir[32];
	char url[64];
};

static void path_of(const struct fake *fake, const char *name, char out[64])
{
	(void)snprintf(out, 64, "%s/%s", fake->dir, name);
}

static void run(const char *config, const char *log, int output)
{
	if (dup2(output, STDOUT_FILENO) < 0)
		_exit(1);
	(void)execlp("python3", "python3", "-B", "test/tool/fakes3.py",
	    "--config", config, "--log", log, (char *)NULL);
	_exit(1);
}

struct fake *fake_start(const char *config)
{
	struct fake *fake = xcalloc(1, sizeof *fake);
	struct mldv_error err;
	char config_path[64];
	char log_path[64];
	char port[16] = "";
	int ends[2];
	FILE *file;

	memcpy(fake->dir, "/tmp/mldv-fake.XXXXXX",
	    sizeof "/tmp/mldv-fake.XXXXXX");
	assert_non_null(mkdtemp(fake->dir));
	path_of(fake, "config", config_path);
	path_of(fake, "log", log_path);
	if (file_replace(config_path, config, strlen(config), &err) < 0 ||
	    file_replace(log_path, "", 0, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(pipe(ends), 0);
	fake->pid = fork();
	assert_true(fake->pid >= 0);
	if (fake->pid == 0)
		run(config_path, log_path, ends[1]);
	(void)close(ends[1]);
	file = fdopen(ends[0], "r");
	assert_non_null(file);
	assert_non_null(fgets(port, sizeof port, file));
	(void)fclose(file);
	port[strcspn(port, "\n")] = '\0';
	(void)snprintf(fake->url, sizeof fake->url, "http://127.0.0.1:%s",
	    port);
	return fake;
}

void fake_stop(struct fake *fake)
{
	struct mldv_error err;

	(void)kill(fake->pid, SIGKILL);
	(void)waitpid(fake->pid, NULL, 0);
	assert_int_equal(file_remove_tree(fake->dir, &err), 0);
	free(fake);
}

const char *fake_url(const struct fake *fake)
{
	return fake->url;
}

size_t fake_count(const struct fake *fake, const char *text)
{
	struct mldv_error err;
	struct buf log = {0};
	char path[64];
	size_t count = 0;
	const char *at;

	path_of(fake, "log", path);
	if (file_read(path, 64 << 20, &log, &err) < 0)
		fail_msg("%s", err.text);
	for (at = buf_str(&log); (at = strstr(at, text)); at++)
		count++;
	buf_release(&log);
	return count;
}

void fake_change(const struct fake *fake, const char *what, const char *text)
{
	const struct net_options options = {0};
	struct net_client *net = net_open(&options);
	struct net_answer answer = {0};
	struct mldv_error err;
	char url[128];
	const struct net_request request = {
	    .method = "POST",
	    .url = url,
	    .body = {.data = text, .size = strlen(text)},
	    .sink = {.size = NET_ERROR_LIMIT},
	    .direct = true,
	};

	(void)snprintf(url, sizeof url, "%s/_fake/%s", fake->url, what);
	if (net_send(net, &request, &answer, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(answer.status, 204);
	net_answer_release(&answer);
	net_close(net);
}
