/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What a child has started, outside its process group: through the parents
 * that /proc tells. Who lost its parent became a child of this process, and is
 * then known by its environment.
 */

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/str.h"

/* Of /proc/N/stat, and of an environment, which execve(2) bounds. */
#define STAT_LIMIT        4096
#define ENVIRONMENT_LIMIT (8 << 20)

struct member {
	pid_t pid;
	pid_t parent;
	pid_t group;
	bool inside; /* of the tree */
};

struct members {
	struct member *list;
	size_t count;
	size_t capacity;
};

CHECKED static int read_proc(pid_t pid, const char *file, size_t limit,
    struct buf *out)
{
	char path[64];
	struct mldv_error ignored;

	(void)snprintf(path, sizeof path, "/proc/%ld/%s", (long)pid, file);
	return file_read(path, limit, out, &ignored);
}

/* "1234 (name) S parent group …", whatever the name is. */
static bool parse_stat(const struct buf *text, struct member *out)
{
	const char *name_end = strrchr(buf_str(text), ')');
	struct slice rest;
	struct slice state;
	struct slice parent;
	struct slice group;
	uint64_t parent_number;
	uint64_t group_number;

	if (!name_end || name_end[1] != ' ')
		return false;
	rest = slice_of(name_end + 2);
	if (!slice_cut(&rest, ' ', &state) || !slice_cut(&rest, ' ', &parent) ||
	    !slice_cut(&rest, ' ', &group) || slice_is(state, "Z") ||
	    slice_is(state, "X") || !slice_number(parent, &parent_number) ||
	    !slice_number(group, &group_number))
		return false;
	out->parent = (pid_t)parent_number;
	out->group = (pid_t)group_number;
	return true;
}

static void list_processes(struct members *out)
{
	DIR *dir = opendir("/proc");
	struct buf text = {0};
	struct dirent *entry;

	/* NOLINTNEXTLINE(concurrency-mt-unsafe): a directory of its own */
	while (dir && (entry = readdir(dir)) != NULL) {
		struct member member = {0};
		uint64_t number;

		if (!slice_number(slice_of(entry->d_name), &number) ||
		    number > 1 << 30)
			continue;
		member.pid = (pid_t)number;
		buf_reset(&text);
		if (read_proc(member.pid, "stat", STAT_LIMIT, &text) < 0 ||
		    !parse_stat(&text, &member))
			continue;
		out->list = xgrow(out->list, out->count, &out->capacity,
		    sizeof *out->list);
		out->list[out->count++] = member;
	}
	if (dir)
		(void)closedir(dir);
	buf_release(&text);
}

static bool has_mark(pid_t pid, const char *mark)
{
	struct buf text = {0};
	bool found = false;

	if (read_proc(pid, "environ", ENVIRONMENT_LIMIT, &text) == 0) {
		const char *at = buf_str(&text);
		const char *end = at + text.len;

		/* Each setting ends with a NUL. */
		for (; !found && at < end; at += strlen(at) + 1)
			found = strcmp(at, mark) == 0;
	}
	buf_release(&text);
	return found;
}

static bool is_inside(const struct members *members, pid_t pid)
{
	for (size_t i = 0; i < members->count; i++) {
		if (members->list[i].pid == pid)
			return members->list[i].inside;
	}
	return false;
}

static void find_tree(const struct proc *proc, struct members *members)
{
	pid_t self = getpid();
	bool more = true;

	for (size_t i = 0; i < members->count; i++) {
		struct member *member = &members->list[i];

		member->inside = member->pid == proc->pid ||
		    member->group == proc->pid ||
		    (member->parent == self && proc->mark &&
		        has_mark(member->pid, proc->mark));
	}
	while (more) {
		more = false;
		for (size_t i = 0; i < members->count; i++) {
			struct member *member = &members->list[i];

			if (member->inside ||
			    !is_inside(members, member->parent))
				continue;
			member->inside = true;
			more = true;
		}
	}
}

void proc_reap_strays(struct proc *proc)
{
	size_t kept = 0;

	for (size_t i = 0; i < proc->adopted_count; i++) {
		if (waitpid(proc->adopted[i], NULL, WNOHANG) == 0)
			proc->adopted[kept++] = proc->adopted[i];
	}
	proc->adopted_count = kept;
}

/* Of one that has ended nothing tells any more whose it was. */
static void adopt(struct proc *proc, pid_t pid)
{
	for (size_t i = 0; i < proc->adopted_count; i++) {
		if (proc->adopted[i] == pid)
			return;
	}
	proc->adopted = xgrow(proc->adopted, proc->adopted_count,
	    &proc->adopted_capacity, sizeof *proc->adopted);
	proc->adopted[proc->adopted_count++] = pid;
}

size_t proc_signal_strays(struct proc *proc, int signal)
{
	struct members members = {0};
	pid_t self = getpid();
	size_t count = 0;

	proc_reap_strays(proc);
	list_processes(&members);
	find_tree(proc, &members);
	for (size_t i = 0; i < members.count; i++) {
		const struct member *member = &members.list[i];

		if (!member->inside || member->group == proc->pid)
			continue;
		count++;
		if (member->parent == self)
			adopt(proc, member->pid);
		if (signal != 0) {
			(void)kill(member->pid, signal);
			(void)kill(member->pid, SIGCONT);
		}
	}
	free(members.list);
	return count;
}
