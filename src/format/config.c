/* SPDX-License-Identifier: Apache-2.0 */
#include "format/config.h"

#include <stdio.h>
#include <string.h>

#include "format/configkey.h"

/*
 * A kind is for people, and config_check reads it too: words with | between
 * them are all that a value may be; "list of" is followed by such words.
 */
const struct config_key config_keys[] = {
    {"project.id", "id", NULL,
        "which project this is: 16 hexadecimal digits, made by mldv init"},
    {"project.remote", "text", NULL,
        "the remote that push, fetch and pull use when none is named"},
    {"remote.*.url", "text", NULL,
        "where the remote is: a directory, as /path or file:///path, a "
        "bucket, as s3://bucket/prefix, or to fetch only, https://host/path"},
    {"remote.*.endpoint", "text", NULL,
        "the service that has the bucket, as https://host[:port], if it is "
        "not Amazon's"},
    {"remote.*.region", "text", NULL, "the region that the bucket is in"},
    {"remote.*.addressing", "path|virtual", NULL,
        "whether the bucket stands in the path or in the host name"},
    {"remote.*.profile", "text", NULL,
        "the profile of the AWS files whose credentials are used"},
    {"remote.*.sse", "AES256|aws:kms|aws:kms:dsse", NULL,
        "how the bucket's service is to encrypt what is put there"},
    {"remote.*.sse.kms_key", "text", NULL,
        "the key for that, of AWS KMS: an id, ARN or alias"},
    {"remote.*.runs", "write|read|off", "write",
        "results of runs are shared through it, or only taken from it, or "
        "neither"},
    {"remote.*.price", "text", NULL,
        "dollars for a GiB and month, 1,000 PUT and 1,000 GET requests"},
    {"remote.*.storage_class", "text", NULL,
        "the storage class of packs, as STANDARD_IA; all else is STANDARD"},
    {"remote.*.jobs", "number", NULL,
        "at most so many requests at once; -j is stronger"},
    {"store.link", "list of reflink|hardlink|copy", "reflink, copy",
        "how a file gets from the store into the work tree: the first way "
        "that works"},
    {"store.dir", "text", NULL,
        "a store that several clones share, instead of .git/mldv/store"},
    {"git.stage", "yes|no", "yes",
        "put the files that mldv writes for Git into Git's index"},
    {"hooks.checkout", "offer|auto|off", "offer",
        "after git checkout or git merge: say that 'mldv checkout' would "
        "change something, do it, or do nothing"},
    {"hooks.commit", "say|block|off", "say",
        "before git commit: say what was changed but not added or run, refuse "
        "the commit, or do nothing"},
    {"pull.skip", "list", NULL,
        "items, and what is in them, that pull leaves out unless they are "
        "named: paths with * and ?"},
    {"notify.*.webhook", "text", NULL,
        "the address that Slack gave for messages, a secret; better: "
        "MLDV_SLACK_WEBHOOK"},
    {"notify.*.mention", "text", NULL,
        "who is named in messages: @owner is whoever runs mldv"},
    {"notify.*.id", "text", NULL,
        "your own member ID in Slack, for @owner; or SLACK_USER_ID"},
    {"notify.*.min", "text", "5m",
        "how long a stage or repro must have taken to be told of"},
    {"runs.trust", "same|any", "same",
        "take another's result only from the same platform and interpreter, "
        "unless the stage says what its environment is; or any"},
    {"publish.url", "text", NULL,
        "where 'mldv publish' puts plain copies; else the default remote's "
        "place"},
    {"publish.timezone", "text", "UTC",
        "whose time is in the names of published notebooks, as Europe/Paris"},
    {"add.ignore", "list",
        ".DS_Store ._* Thumbs.db desktop.ini .ipynb_checkpoints __pycache__",
        "names and patterns that add leaves out"},
    {"gc.runs", "number", "30",
        "for how many days gc keeps what a run made that nothing else needs"},
    {"rules.watch", "list", "data models reports",
        "directories in which status points out what neither Git nor mldv "
        "knows"},
    {"rules.immutable", "list", NULL,
        "directories that may gain files, but lose or change none"},
    {"rules.made", "list", NULL,
        "directories in which everything is the output of a stage"},
    {"rules.from", "list", NULL,
        "directories in which all that is made has its beginning"},
    {"rules.git.max_size", "text", NULL,
        "the largest file that is to go into Git itself, as 10M; and no "
        "notebook that still has outputs"},
    {"rules.asserted", "warn|refuse", NULL,
        "what is said of results that somebody vouched for"},
    {"rules.enforce", "list", NULL,
        "the branches on which verify takes a broken rule for a finding"},
    {0},
};

/* Does a setting's name fit "remote.*.url"? Gives what the * stands for. */
static bool matches(const char *pattern, const char *name, struct slice *star)
{
	const char *at = strchr(pattern, '*');
	size_t before = at ? (size_t)(at - pattern) : 0;
	size_t after = at ? strlen(at + 1) : 0;
	size_t len = strlen(name);

	*star = (struct slice){0};
	if (!at)
		return strcmp(pattern, name) == 0;
	if (len <= before + after || strncmp(pattern, name, before) != 0 ||
	    strcmp(at + 1, name + len - after) != 0)
		return false;
	*star = (struct slice){name + before, len - before - after};
	return ini_is_name(*star);
}

const struct config_key *config_find(const char *name, struct slice *star)
{
	for (const struct config_key *k = config_keys; k->name; k++) {
		if (matches(k->name, name, star))
			return k;
	}
	return NULL;
}

const char *config_suggest(struct arena *arena, const char *word,
    const struct strs *known)
{
	const char **names =
	    arena_array(arena, known->count + 1, sizeof *names);
	const char *nearest;

	for (size_t i = 0; i < known->count; i++)
		names[i] = known->items[i];
	nearest = str_nearest(word, names);
	return nearest ? arena_printf(arena, "; did you mean '%s'?", nearest)
	               : "";
}

bool config_word(struct slice *rest, struct slice *word)
{
	size_t at = 0;

	while (rest->len > 0 && strchr(", \t\n", rest->data[0])) {
		rest->data++;
		rest->len--;
	}
	while (at < rest->len && !strchr(", \t\n", rest->data[at]))
		at++;
	*word = (struct slice){rest->data, at};
	rest->data += at;
	rest->len -= at;
	return at > 0;
}

/* What stands behind the section in a setting's name. */
static const char *key_of(const char *name, struct slice star)
{
	return star.len > 0 ? star.data + star.len + 1 : strchr(name, '.') + 1;
}

/* Writes the section's name for a setting's; false if it is too long. */
static bool section_of(const char *name, struct slice star,
    char out[INI_NAME + 1])
{
	int len;

	if (star.len > 0)
		len = snprintf(out, INI_NAME + 1, "%.*s %.*s",
		    (int)strcspn(name, "."), name, (int)star.len, star.data);
	else
		len = snprintf(out, INI_NAME + 1, "%.*s",
		    (int)strcspn(name, "."), name);
	return len >= 0 && len <= INI_NAME;
}

const char *config_get(const struct config *config, const char *name)
{
	char section_name[INI_NAME + 1];
	struct slice star;
	const struct config_key *key = config_find(name, &star);

	if (!key || !section_of(name, star, section_name))
		return NULL;
	for (size_t i = CONFIG_LAYERS; i-- > 0;) {
		const struct ini_section *section =
		    ini_find(&config->layers[i], section_name);
		const struct ini_entry *entry = NULL;

		if (section)
			entry = ini_entry_find(section, key_of(name, star));
		if (entry)
			return entry->value;
	}
	return key->preset;
}

bool config_yes(const struct config *config, const char *name)
{
	const char *value = config_get(config, name);

	return value && strcmp(value, "yes") == 0;
}

void config_list(const struct config *config, const char *name,
    struct strs *out)
{
	const char *value = config_get(config, name);
	struct slice rest = slice_of(value ? value : "");
	struct slice word;

	while (config_word(&rest, &word))
		strs_add_n(out, word.data, word.len);
}

void config_names(const struct config *config, const char *kind,
    struct strs *out)
{
	for (size_t i = 0; i < CONFIG_LAYERS; i++) {
		const struct ini_section *s = config->layers[i].sections;

		for (; s; s = s->next) {
			struct slice rest = slice_of(s->name);
			struct slice word;

			if (slice_cut(&rest, ' ', &word) &&
			    slice_is(word, kind))
				strs_add_n(out, rest.data, rest.len);
		}
	}
	strs_unique(out);
}

/* The known names, with the * of a pattern as name has it. */
static void all_names(const char *name, struct strs *out)
{
	const char *first = strchr(name, '.');
	const char *last = strrchr(name, '.');
	struct buf made = {0};

	for (const struct config_key *k = config_keys; k->name; k++) {
		const char *star = strchr(k->name, '*');

		if (!star) {
			strs_add(out, k->name);
			continue;
		}
		if (!first || first == last)
			continue;
		buf_reset(&made);
		buf_add(&made, k->name, (size_t)(star - k->name));
		buf_add(&made, first + 1, (size_t)(last - first - 1));
		buf_add_str(&made, star + 1);
		strs_add(out, buf_str(&made));
	}
	buf_release(&made);
}

int config_split(const char *name, struct arena *arena, const char **section,
    const char **key, struct mldv_error *err)
{
	char section_name[INI_NAME + 1];
	struct strs names = {0};
	struct slice star;

	if (config_find(name, &star) && section_of(name, star, section_name)) {
		*section = arena_str(arena, section_name);
		*key = arena_str(arena, key_of(name, star));
		return 0;
	}
	all_names(name, &names);
	(void)err_set(err, MLDV_USAGE, "there is no setting '%s'%s", name,
	    config_suggest(arena, name, &names));
	strs_release(&names);
	return -1;
}
