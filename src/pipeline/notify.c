/* SPDX-License-Identifier: Apache-2.0 */
#include "mldv/notify.h"

#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "format/json.h"
#include "net/client.h"
#include "project/item.h"

/*
 * Incoming webhooks of Slack: JSON with a text, in which &, < and > are written
 * &amp;, &lt; and &gt; and <@U…> names a person; the answer is 200 "ok" or a
 * word that says why not (api.slack.com/messaging/webhooks).
 */

#define TEXT_MOST  3000 /* bytes; Slack cuts at 40,000 characters */
#define WHY_MOST   500
#define CONNECT_MS 3000
#define TOTAL_MS   5000

struct message {
	struct mldv_project *project;
	struct buf text;
	struct arena arena;
};

static const char *variable(const char *name)
{
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): nothing sets it */
	const char *value = getenv(name);

	return value && value[0] ? value : NULL;
}

static const char *setting(const struct mldv_project *project, const char *env,
    const char *name)
{
	const char *value = env ? variable(env) : NULL;

	return value ? value : config_get(&project->config, name);
}

/* "5m", "90s", "2h": seconds. */
CHECKED static int least_seconds(const struct mldv_project *project,
    double *out, struct mldv_error *err)
{
	static const struct {
		char unit;
		unsigned seconds;
	} units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
	const char *text = config_get(&project->config, "notify.slack.min");
	struct slice digits = slice_of(text);
	uint64_t number;

	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		if (digits.len < 2 || text[digits.len - 1] != units[i].unit)
			continue;
		digits.len--;
		if (!slice_number(digits, &number))
			break;
		*out = (double)number * units[i].seconds;
		return 0;
	}
	return err_set(err, MLDV_USAGE,
	    "'notify.slack.min' cannot be '%s'; write 90s, 15m, 4h or 2d",
	    text);
}

/* Slack's three characters, and nothing that is no text. */
static void add_text(struct message *message, const char *text, size_t most)
{
	for (size_t i = 0; text[i] && i < most; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c == '&')
			buf_add_str(&message->text, "&amp;");
		else if (c == '<')
			buf_add_str(&message->text, "&lt;");
		else if (c == '>')
			buf_add_str(&message->text, "&gt;");
		else
			buf_add_char(&message->text,
			    c < ' ' || c == 0x7f ? ' ' : (char)c);
	}
}

/* "U024BE7LH", as Slack makes them. */
static bool is_id(const char *text)
{
	return (text[0] == 'U' || text[0] == 'W') && strlen(text) >= 3 &&
	    strlen(text) <= 24 &&
	    strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") ==
	    strlen(text);
}

/* Whoever is to be told by name. */
static void add_mention(struct message *message)
{
	const char *who =
	    config_get(&message->project->config, "notify.slack.mention");
	const char *id =
	    setting(message->project, "SLACK_USER_ID", "notify.slack.id");

	if (!who)
		return;
	if (strcmp(who, "@owner") == 0 && id && is_id(id))
		buf_printf(&message->text, "<@%s> ", id);
	else if (strcmp(who, "@owner") != 0) {
		add_text(message, who, WHY_MOST);
		buf_add_char(&message->text, ' ');
	}
}

static void add_seconds(struct message *message, double seconds)
{
	uint64_t whole = (uint64_t)(seconds + 0.5);

	if (whole >= 3600)
		buf_printf(&message->text, " after %u h %u min",
		    (unsigned)(whole / 3600), (unsigned)(whole / 60 % 60));
	else if (whole >= 60)
		buf_printf(&message->text, " after %u min %u s",
		    (unsigned)(whole / 60), (unsigned)(whole % 60));
	else
		buf_printf(&message->text, " after %u s", (unsigned)whole);
}

/* What the record of the run says; nothing if there is none. */
static void add_run(struct message *message, const struct oid *key)
{
	struct mldv_error ignored;
	struct buf record = {0};
	struct run run = {0};

	if (store_run_read(message->project->store, key, &record, &ignored) >
	        0 &&
	    run_parse(&run, &message->arena, key, buf_str(&record), record.len,
	        &ignored) == 0) {
		for (size_t i = 0;
		     i < run.metric_count && message->text.len < TEXT_MOST;
		     i++) {
			buf_add_str(&message->text, "\n");
			add_text(message, run.metrics[i].name, WHY_MOST);
			buf_printf(&message->text, " = %s",
			    run.metrics[i].text);
		}
		if (run.cost) {
			buf_add_str(&message->text, "\ncost: ");
			add_text(message, run.cost, WHY_MOST);
		}
		if (run.job) {
			buf_add_str(&message->text, "\njob: ");
			add_text(message, run.job, WHY_MOST);
		}
	}
	run_release(&run);
	buf_release(&record);
}

/* Where to look further, in a workflow of GitHub's. */
static void add_links(struct message *message)
{
	const char *server = variable("GITHUB_SERVER_URL");
	const char *repository = variable("GITHUB_REPOSITORY");
	const char *run = variable("GITHUB_RUN_ID");

	if (!server || !repository || !run)
		return;
	buf_add_str(&message->text, "\n");
	add_text(message, server, WHY_MOST);
	buf_add_char(&message->text, '/');
	add_text(message, repository, WHY_MOST);
	buf_add_str(&message->text, "/actions/runs/");
	add_text(message, run, WHY_MOST);
}

static void write_text(struct message *message,
    const struct mldv_notice *notice)
{
	const char *project = path_base(message->project->root);

	add_mention(message);
	add_text(message, project, WHY_MOST);
	buf_add_str(&message->text, ": ");
	if (notice->test) {
		buf_add_str(&message->text,
		    "this is a test of 'mldv notify test'");
		return;
	}
	if (notice->stage) {
		buf_add_str(&message->text, "stage *");
		add_text(message, notice->stage, WHY_MOST);
		buf_add_str(&message->text, "*");
	} else {
		buf_printf(&message->text, "repro of %zu stage%s", notice->ran,
		    notice->ran == 1 ? "" : "s");
	}
	buf_add_str(&message->text, notice->failed ? " failed" : " done");
	add_seconds(message, notice->seconds);
	if (notice->failed && notice->why) {
		buf_add_str(&message->text, "\n");
		add_text(message, notice->why, WHY_MOST);
	}
	if (notice->key && !notice->failed)
		add_run(message, notice->key);
	add_links(message);
}

/* A secret does not travel in the clear, but on this machine. */
CHECKED static int check_webhook(const char *url, struct mldv_error *err)
{
	if (strncmp(url, "https://", 8) == 0 ||
	    strncmp(url, "http://127.0.0.1:", 17) == 0)
		return 0;
	return err_set(err, MLDV_USAGE,
	    "the webhook of Slack is no https:// address; set "
	    "MLDV_SLACK_WEBHOOK or 'mldv config --local notify.slack.webhook'");
}

/* Its own words may hold the address. */
CHECKED static int send_text(struct message *message, const char *url,
    struct mldv_error *err)
{
	const struct net_options options = {.most = 1,
	    .connect_ms = CONNECT_MS};
	static const char *const headers[] = {"content-type: application/json"};
	struct net_client *client = net_open(&options);
	struct net_answer answer = {0};
	struct mldv_error hidden;
	struct buf body = {0};
	struct net_request request = {
	    .method = "POST",
	    .url = url,
	    .headers = headers,
	    .header_count = 1,
	    .sink.size = NET_ERROR_LIMIT,
	    .total_ms = TOTAL_MS,
	};
	int ret;

	buf_add_str(&body, "{\"text\":");
	json_add_text(&body,
	    (struct slice){message->text.data, message->text.len});
	buf_add_str(&body, "}");
	request.body.data = body.data;
	request.body.size = body.len;
	ret = net_send(client, &request, &answer, &hidden);
	if (ret < 0)
		(void)err_set(err, MLDV_FAILED,
		    "cannot tell Slack: it cannot be reached, or did not "
		    "answer within %d seconds",
		    TOTAL_MS / 1000);
	else if (answer.status != 200)
		ret = err_set(err, MLDV_FAILED,
		    "cannot tell Slack: the webhook answered %d %.40s",
		    answer.status, buf_str(&answer.body));
	net_answer_release(&answer);
	net_close(client);
	buf_release(&body);
	return ret;
}

int mldv_notify(struct mldv_project *project, const struct mldv_notice *notice,
    struct mldv_error *err)
{
	struct message message = {.project = project};
	const char *url =
	    setting(project, "MLDV_SLACK_WEBHOOK", "notify.slack.webhook");
	double least = 0;
	int ret;

	if (!url && notice->test)
		return err_set(err, MLDV_USAGE,
		    "there is no webhook of Slack; set MLDV_SLACK_WEBHOOK, or "
		    "'mldv config --local notify.slack.webhook URL'");
	if (!url)
		return 0;
	if (check_webhook(url, err) < 0 ||
	    least_seconds(project, &least, err) < 0)
		return -1;
	if (!notice->test && notice->seconds < least)
		return 0;
	write_text(&message, notice);
	ret = send_text(&message, url, err);
	buf_release(&message.text);
	arena_release(&message.arena);
	return ret < 0 ? -1 : 1;
}
