/* SPDX-License-Identifier: Apache-2.0 */
#include "git/internal.h"

#include <string.h>

/* Refs that are asked whether they reach a commit. */
#define REFS_ASKED 200
/* Bytes of a commit's first line that are shown. */
#define SUBJECT_MOST 200

static void add_id(const git_oid *id, struct strs *out)
{
	char hex[GIT_OID_HEXSZ + 1];

	strs_add(out, git_oid_tostr(hex, sizeof(hex), id));
}

/* Each ref that names a commit; visit gives other than 0 to end. */
static int each_ref(struct git *git,
    int (*visit)(void *context, const char *name, const git_oid *commit),
    void *context, struct mldv_error *err)
{
	git_reference_iterator *iterator;
	git_reference *ref;
	int ret = 0;
	int code = git_reference_iterator_new(&iterator, git->repo);

	if (code < 0)
		return git_fail(err, code, "cannot list Git's refs");
	while (ret == 0 && (code = git_reference_next(&ref, iterator)) == 0) {
		git_object *commit;

		if (git_reference_peel(&commit, ref, GIT_OBJECT_COMMIT) == 0) {
			ret = visit(context, git_reference_shorthand(ref),
			    git_object_id(commit));
			git_object_free(commit);
		}
		git_reference_free(ref);
	}
	git_reference_iterator_free(iterator);
	if (ret == 0 && code != GIT_ITEROVER)
		return git_fail(err, code, "cannot list Git's refs");
	return 0;
}

static int take_ref(void *context, const char *name, const git_oid *commit)
{
	(void)name;
	add_id(commit, context);
	return 0;
}

struct all {
	git_odb *odb;
	struct strs *out;
};

static int take_object(const git_oid *id, void *context)
{
	struct all *all = context;
	git_object_t type;
	size_t size;

	/* What cannot be read is not what is looked for. */
	if (git_odb_read_header(&size, &type, all->odb, id) == 0 &&
	    type == GIT_OBJECT_COMMIT)
		add_id(id, all->out);
	return 0;
}

static int add_all(struct git *git, struct strs *out, struct mldv_error *err)
{
	struct all all = {.out = out};
	int code = git_repository_odb(&all.odb, git->repo);

	if (code == 0) {
		code = git_odb_foreach(all.odb, take_object, &all);
		git_odb_free(all.odb);
	}
	return code < 0 ? git_fail(err, code, "cannot list Git's objects") : 0;
}

static int add_noted(struct git *git, struct strs *out, struct mldv_error *err)
{
	struct git_ids noted = {0};
	int ret = git_noted_ids(git, &noted, err);

	for (size_t i = 0; ret == 0 && i < noted.count; i++) {
		git_commit *commit;

		if (git_commit_lookup(&commit, git->repo, &noted.list[i]) < 0)
			continue;
		add_id(&noted.list[i], out);
		git_commit_free(commit);
	}
	git_ids_release(&noted);
	return ret;
}

int git_tips(struct git *git, enum git_reach reach, struct strs *out,
    struct mldv_error *err)
{
	struct buf head = {0};
	int ret = each_ref(git, take_ref, out, err);

	if (ret == 0)
		ret = git_head(git, &head, err);
	if (ret > 0)
		strs_add(out, buf_str(&head));
	if (ret >= 0 && reach >= REACH_NOTED)
		ret = add_noted(git, out, err);
	if (ret >= 0 && reach >= REACH_ALL)
		ret = add_all(git, out, err);
	strs_unique(out);
	buf_release(&head);
	return ret < 0 ? -1 : 0;
}

int git_about(struct git *git, const char *commit, struct arena *arena,
    struct git_about *out, struct mldv_error *err)
{
	const git_signature *author;
	git_commit *found;
	git_oid id;
	const char *text;
	size_t len;
	int code = git_oid_fromstr(&id, commit);

	if (code == 0)
		code = git_commit_lookup(&found, git->repo, &id);
	if (code != 0)
		return git_fail(err, code, "cannot read commit '%s'", commit);
	author = git_commit_author(found);
	text = git_commit_message(found);
	while (text && *text == '\n')
		text++;
	len = text ? strcspn(text, "\n") : 0;
	if (len > SUBJECT_MOST)
		len = SUBJECT_MOST;
	out->commit = arena_str(arena, commit);
	out->time = (int64_t)git_commit_time(found);
	out->who = arena_str(arena, author ? author->name : "");
	out->subject = arena_strn(arena, text ? text : "", len);
	git_commit_free(found);
	return 0;
}

struct holding {
	struct git *git;
	git_oid id;
	struct buf *out;
	size_t asked;
};

static int ask_ref(void *context, const char *name, const git_oid *tip)
{
	struct holding *holding = context;

	if (holding->asked++ == REFS_ASKED)
		return 1;
	if (!git_oid_equal(tip, &holding->id) &&
	    git_graph_descendant_of(holding->git->repo, tip, &holding->id) != 1)
		return 0;
	buf_add_str(holding->out, name);
	return 1;
}

int git_holder(struct git *git, const char *commit, struct buf *out,
    struct mldv_error *err)
{
	struct holding holding = {.git = git, .out = out};
	struct buf text = {0};
	git_oid head;
	int ret = 0;

	if (git_oid_fromstr(&holding.id, commit) < 0)
		return 0;
	/* The branch that one is on is the best answer. */
	if (git_reference_name_to_id(&head, git->repo, "HEAD") == 0) {
		ret = git_branch(git, &text, err);
		if (ret > 0)
			(void)ask_ref(&holding, buf_str(&text), &head);
	}
	if (ret >= 0 && out->len == 0)
		ret = each_ref(git, ask_ref, &holding, err);
	buf_release(&text);
	return ret < 0 ? -1 : out->len > 0;
}
