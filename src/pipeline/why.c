/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "format/keyfacts.h"
#include "mldv/lineage.h"
#include "pipeline/plan.h"

/* A lock to compare with, and what it is called. */
struct version {
	struct lockfile lock;
	const char *from; /* NULL: the work tree's */
	struct version *next;
};

/* A stage that is still to be explained. */
struct question {
	struct step *step;
	const struct version *version;
	const char *dep;
	unsigned depth;
	struct question *next;
};

struct why {
	const struct mldv_why *options;
	struct plan plan;
	struct arena arena;
	struct version *versions; /* the one asked for first */
	bool searched;            /* Git's history is in versions */
	struct question *first;
	struct question **last; /* where the next one goes */
	bool *asked;            /* of each step */
};

/* --- versions of the lock --- */

static struct version *add_version(struct why *why, const char *from)
{
	struct version **end = &why->versions;
	struct version *version = arena_alloc(&why->arena, sizeof *version);

	while (*end)
		end = &(*end)->next;
	version->from = from;
	*end = version;
	return version;
}

CHECKED static int load_version(struct why *why, struct mldv_error *err)
{
	const char *revision = why->options->revision;
	struct version *version = add_version(why, revision);
	struct buf text = {0};
	int ret;

	if (!revision)
		return project_read_lock(why->plan.project, &version->lock,
		    err);
	ret = git_read(why->plan.project->git, revision, PROJECT_LOCK,
	    LOCKFILE_LIMIT, &text, err);
	if (ret > 0)
		ret = lockfile_parse(&version->lock, buf_str(&text), text.len,
		    err);
	if (ret < 0)
		(void)err_prefix(err, "'%s'", revision);
	buf_release(&text);
	return ret < 0 ? -1 : 0;
}

/* What cannot be read is passed over: it is only to be compared with. */
static int take_version(void *context, const char *text, size_t len,
    struct mldv_error *err)
{
	struct why *why = context;
	struct mldv_error ignored;
	struct lockfile lock = {0};

	(void)err;
	if (lockfile_parse(&lock, text, len, &ignored) == 0)
		add_version(why, "an earlier commit")->lock = lock;
	return 0;
}

static bool made_this(const struct version *version, const char *stage,
    const char *path, const struct oid *oid)
{
	const struct lock_stage *locked = lockfile_find(&version->lock, stage);

	for (size_t i = 0; locked && i < locked->made_count; i++) {
		const struct made *made = &locked->made[i];

		/* What lies inside an output is known by the output only. */
		if (path_inside(path, made->path))
			return strcmp(path, made->path) != 0 ||
			    oid_equal(&made->content.oid, oid);
	}
	return false;
}

/* The newest version in which the stage made just this; or NULL. */
CHECKED static int find_version(struct why *why, const char *stage,
    const struct key_fact *dep, const struct version **out,
    struct mldv_error *err)
{
	struct buf head = {0};
	int ret = 0;

	*out = NULL;
	for (;;) {
		for (struct version *v = why->versions; v && !*out; v = v->next)
			if (made_this(v, stage, dep->name, &dep->oid))
				*out = v;
		if (*out || why->searched)
			break;
		why->searched = true;
		ret = git_head(why->plan.project->git, &head, err);
		if (ret > 0)
			ret =
			    git_history(why->plan.project->git, buf_str(&head),
			        PROJECT_LOCK, take_version, why, err);
		if (ret < 0)
			break;
	}
	buf_release(&head);
	return ret < 0 ? -1 : 0;
}

/* --- questions --- */

static void ask(struct why *why, struct step *step,
    const struct version *version, const char *dep, unsigned depth)
{
	struct question *question;
	size_t index = (size_t)(step - why->plan.steps);

	if (why->asked[index])
		return;
	why->asked[index] = true;
	question = arena_alloc(&why->arena, sizeof *question);
	question->step = step;
	question->version = version;
	question->dep = dep;
	question->depth = depth;
	question->next = *why->last;
	*why->last = question;
	why->last = &question->next;
}

struct answer {
	struct why *why;
	const struct question *question;
	struct key_facts before;
	struct key_facts after;
	bool partial; /* the key now is not known: only some words count */
	bool telling; /* not only counting */
	size_t count;
};

/* What a key that is known only in part says for certain. */
static bool is_certain(const char *word)
{
	static const char *const words[] = {"param", "cmd", "out", "cwd",
	    "runner", "shell"};

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strcmp(word, words[i]) == 0)
			return true;
	return false;
}

static struct step *maker_of(struct plan *plan, const struct key_fact *fact)
{
	const struct graph_out *out;

	if (strcmp(fact->word, "dep") != 0)
		return NULL;
	out = graph_output(&plan->graph, fact->name);
	return out ? &plan->steps[out->stage] : NULL;
}

static void visit_difference(void *context, const struct key_fact *before,
    const struct key_fact *after)
{
	struct answer *answer = context;
	struct why *why = answer->why;
	const struct key_fact *fact = after ? after : before;
	const struct step *maker = maker_of(&why->plan, fact);
	struct mldv_why_fact told = {
	    .word = fact->word,
	    .name = fact->name,
	    .before = before ? before->value : NULL,
	    .after = after ? after->value : NULL,
	    .maker = maker ? maker->stage->name : NULL,
	};

	if (answer->partial && !is_certain(fact->word))
		return;
	/* 1 -> "1": the types are what differs. */
	if (before && after && strcmp(before->type, after->type) != 0 &&
	    strcmp(before->value, after->value) == 0) {
		told.before = arena_printf(&why->arena, "%s (%s)",
		    before->value, before->type);
		told.after = arena_printf(&why->arena, "%s (%s)", after->value,
		    after->type);
	}
	answer->count++;
	if (answer->telling)
		why->options->visit_fact(why->options->context, &told);
}

/* The stages that made the inputs that differ, or that would. */
CHECKED static int ask_makers(struct answer *answer, struct mldv_error *err)
{
	struct why *why = answer->why;
	const struct question *question = answer->question;
	const struct stage *stage = question->step->stage;

	for (size_t i = 0; i < stage->dep_count; i++) {
		const struct key_fact wanted = {.word = "dep",
		    .name = stage->deps[i].path};
		const struct key_fact *before =
		    key_facts_dep(&answer->before, wanted.name);
		const struct key_fact *after =
		    key_facts_dep(&answer->after, wanted.name);
		struct step *maker = maker_of(&why->plan, &wanted);
		const struct version *version = question->version;

		if (!maker ||
		    (after && before && oid_equal(&before->oid, &after->oid)))
			continue;
		if (answer->partial && !plan_would_run(maker))
			continue;
		if (before && after &&
		    find_version(why, maker->stage->name, before, &version,
		        err) < 0)
			return -1;
		if (version)
			ask(why, maker, version, wanted.name,
			    question->depth + 1);
	}
	return 0;
}

static const char *hex_of(struct arena *arena, const struct oid *oid)
{
	char hex[OID_HEX + 1];

	oid_hex(oid, hex);
	return arena_str(arena, hex);
}

/* The facts of the key now, as far as they are known. */
static void find_facts(struct answer *answer, const struct lock_stage *here)
{
	struct why *why = answer->why;
	const struct step *step = answer->question->step;
	struct plan *plan = &why->plan;

	if (step->keyed) {
		key_facts(&step->key, &why->arena, &answer->after);
	} else if (step->stage->frozen && here) {
		key_facts(&here->key, &why->arena, &answer->after);
	} else {
		struct key key = {0};

		key_add_stage(&key, step->stage, plan->stages.shell,
		    plan->hasher);
		key_facts(&key, &why->arena, &answer->after);
		key_release(&key);
		answer->partial = true;
	}
}

static const char *claim_word(const struct lock_stage *locked)
{
	static const char *const words[] = {
	    [CLAIM_NONE] = NULL,
	    [CLAIM_ACCEPTED] = "accepted",
	    [CLAIM_ASSERTED] = "asserted",
	};

	return locked ? words[locked->claim] : NULL;
}

CHECKED static int explain(struct why *why, const struct question *question,
    struct mldv_error *err)
{
	const struct step *step = question->step;
	const char *name = step->stage->name;
	const struct lock_stage *there =
	    lockfile_find(&question->version->lock, name);
	const struct lock_stage *here = lockfile_find(&why->plan.lock, name);
	struct answer answer = {.why = why, .question = question};
	struct mldv_why_stage told = {
	    .name = name,
	    .depth = question->depth,
	    .dep = question->dep,
	    .state = step->state,
	    .reason = step->reason,
	    .from = question->version->from,
	    .before = there ? hex_of(&why->arena, &there->oid) : NULL,
	    .after = step->keyed ? hex_of(&why->arena, &step->oid) : NULL,
	    .claim = claim_word(here),
	    .claim_why = here ? here->why : NULL,
	};

	find_facts(&answer, here);
	if (there) {
		key_facts(&there->key, &why->arena, &answer.before);
		key_facts_compare(&answer.before, &answer.after,
		    visit_difference, &answer);
	}
	told.differences = answer.count;
	why->options->visit_stage(why->options->context, &told);
	answer.telling = true;
	if (there)
		key_facts_compare(&answer.before, &answer.after,
		    visit_difference, &answer);
	return ask_makers(&answer, err);
}

/* Finds the stage, and decides it and what is above it. */
CHECKED static int decide(struct why *why, struct step **out,
    struct mldv_error *err)
{
	struct plan *plan = &why->plan;
	struct strs targets = {0};
	struct buf path = {0};
	const struct graph_out *made;
	int ret;

	strs_add(&targets, why->options->stage);
	ret = plan_select(plan, &targets, false, err);
	for (size_t i = 0; ret == 0 && i < plan->count; i++) {
		if (plan->steps[plan->graph.order[i]].selected)
			ret =
			    plan_decide(plan, plan->graph.order[i], true, err);
	}
	*out = plan_find(plan, why->options->stage);
	if (ret == 0 && !*out)
		ret = mldv_project_path(plan->project, why->options->stage,
		    &path, err);
	if (ret == 0 && !*out) {
		made = graph_output(&plan->graph, buf_str(&path));
		*out = made ? &plan->steps[made->stage] : NULL;
	}
	if (ret == 0 && !*out)
		ret = err_set(err, MLDV_USAGE,
		    "'%s' is neither a stage nor an output of one",
		    why->options->stage);
	strs_release(&targets);
	buf_release(&path);
	return ret;
}

static void release(struct why *why)
{
	for (struct version *v = why->versions; v; v = v->next)
		lockfile_release(&v->lock);
	plan_release(&why->plan);
	arena_release(&why->arena);
}

int mldv_why(struct mldv_project *project, const struct mldv_why *options,
    struct mldv_error *err)
{
	struct why why = {.options = options};
	struct step *step = NULL;
	int ret = plan_load(&why.plan, project, NULL, err);

	why.last = &why.first;
	if (ret == 0)
		ret = decide(&why, &step, err);
	if (ret == 0)
		ret = load_version(&why, err);
	if (ret == 0) {
		why.asked =
		    arena_array(&why.arena, why.plan.count, sizeof *why.asked);
		ask(&why, step, why.versions, NULL, 0);
	}
	for (struct question *q = why.first; ret == 0 && q; q = q->next) {
		/* What is above a stage follows it at once. */
		why.last = &q->next;
		ret = explain(&why, q, err);
	}
	release(&why);
	return ret;
}
