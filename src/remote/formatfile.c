/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/str.h"
#include "remote/inner.h"
#include "remote/inspect.h"

#define FORMAT_PREFIX  "mldv-remote "
#define FORMAT_VERSION 1
#define FORMAT_LIMIT   4096
#define README_LIMIT   65536

static const char readme[] =
    "This directory holds data that was put here with mldv.\n"
    "\n"
    "    packs/ab/<id>.tar.zst               objects, each named by its "
    "SHA-256;\n"
    "                                        <id> is the SHA-256 of the file\n"
    "    manifests/<project>/ab/<oid>.<kind> the packs that hold one file or "
    "directory\n"
    "    runs/ab/<key>                       what commands were run, and what "
    "they made\n"
    "\n"
    "Nothing here is to be changed or removed by hand. To have a directory\n"
    "back without mldv, with a shell, zstd and tar:\n"
    "\n"
    "1. Look up in the pointer file (the one in Git that ends in .mldv) the\n"
    "   oid, 64 digits after 'oid sha256:'. The file in manifests/ that is\n"
    "   named by these digits lists the packs.\n"
    "2. Unpack each: zstd -dc <id>.tar.zst | tar xf -  into one directory;\n"
    "   you get one file per object.\n"
    "3. A directory is an object with lines 'f <size> <oid> <name>' (x: to be\n"
    "   executable, l: a symbolic link whose target is the object's text,\n"
    "   d: a directory, p: a further part of this one). Of size 0 there is no\n"
    "   object. In a name \\n is a line feed and \\\\ a backslash.\n"
    "4. An object above 4 MiB lies there as '<oid>.chunks': join the objects\n"
    "   that its lines '<size> <oid>' name, in this order.\n"
    "\n"
    "sha256sum of each object is its name. mldv-format(5) says all of it.\n";

/* Which version the text of 'format' names; 0: it names none. */
static uint64_t format_version(const struct buf *text)
{
	struct slice slice = {buf_str(text), text->len};
	struct slice line;
	uint64_t version;

	if (!slice_cut(&slice, '\n', &line) ||
	    !slice_starts(line, FORMAT_PREFIX))
		return 0;
	line.data += sizeof(FORMAT_PREFIX) - 1;
	line.len -= sizeof(FORMAT_PREFIX) - 1;
	return slice_number(line, &version) ? version : 0;
}

/* It is written after 'format'. Another's README.txt says nothing. */
static bool has_readme(const struct remote *remote)
{
	const char *end = strchr(readme, '\n');
	size_t len = (size_t)(end - readme);
	struct mldv_error ignored;
	struct buf text = {0};
	bool ours = remote->ops->table->get(remote->ops, "README.txt",
	                README_LIMIT, &text, &ignored) > 0 &&
	    text.len > len && memcmp(text.data, readme, len) == 0;

	buf_release(&text);
	return ours;
}

/* 1, or 0 if no remote is there. */
static int read_format(const struct remote *remote, struct buf *out,
    struct mldv_error *err)
{
	const struct ops_table *table = remote->ops->table;
	int found = table->get(remote->ops, "format", FORMAT_LIMIT, out, err);

	if (found != 0 || !has_readme(remote))
		return found;
	/* Unless somebody's first push wrote both in between: */
	found = table->get(remote->ops, "format", FORMAT_LIMIT, out, err);
	if (found != 0)
		return found;
	return err_set(err, MLDV_CORRUPT,
	    "remote '%s' has lost its file 'format'; write the line "
	    "'mldv-remote %d' into '%s/format', or run 'mldv fsck --remote %s "
	    "--repair'",
	    remote->name, FORMAT_VERSION, remote->url, remote->name);
}

int remote_check_format(struct remote *remote, struct mldv_error *err)
{
	struct buf text = {0};
	uint64_t version;
	int found;

	if (remote->checked)
		return 1;
	found = read_format(remote, &text, err);
	version = found > 0 ? format_version(&text) : 0;
	buf_release(&text);
	if (found <= 0)
		return found;
	if (version == 0)
		return err_set(err, MLDV_CORRUPT,
		    "'format' of remote '%s' is damaged: it does not read "
		    "'mldv-remote %d'; write this line there if the place is "
		    "an mldv remote",
		    remote->name, FORMAT_VERSION);
	if (version > FORMAT_VERSION)
		return err_set(err, MLDV_FAILED,
		    "remote '%s' has format %llu, and this mldv knows only "
		    "format %d; install a newer mldv",
		    remote->name, (unsigned long long)version, FORMAT_VERSION);
	remote->checked = true;
	return 1;
}

static void visit_format(const struct remote *remote, mldv_finding_fn *visit,
    void *context, int found, const struct mldv_error *why)
{
	struct mldv_finding finding = {.topic = "remote", .text = why->text};
	struct arena arena = {0};
	const char *url = str_hide_password(&arena, remote->url);

	if (found > 0)
		finding.text = arena_printf(&arena,
		    "'%s' at '%s' is an mldv remote", remote->name, url);
	else if (found == 0 && remote->ops->table->read_only)
		finding.level = MLDV_FAILURE;
	if (found == 0)
		finding.text =
		    arena_printf(&arena, "there is nothing yet at '%s'%s", url,
		        finding.level == MLDV_OK ? "; the first push begins it"
		                                 : "");
	if (found < 0)
		finding.level = MLDV_FAILURE;
	visit(context, &finding);
	arena_release(&arena);
}

int remote_examine(struct remote *remote, mldv_finding_fn *visit, void *context,
    struct mldv_error *err)
{
	struct mldv_error why = {0};
	int ret = 1;

	if (remote->ops->table->examine)
		ret = remote->ops->table->examine(remote->ops, visit, context,
		    err);
	if (ret > 0)
		visit_format(remote, visit, context,
		    remote_check_format(remote, &why), &why);
	if (ret >= 0)
		ret = remote_stopped(remote, err);
	return ret < 0 ? -1 : 0;
}

static int put_text(struct remote *remote, const char *name, const char *text,
    struct mldv_error *err)
{
	const struct ops_source source = {.data = text, .size = strlen(text)};

	return remote->ops->table->put(remote->ops, name, &source, OPS_NEW,
	    err);
}

int remote_prepare(struct remote *remote, struct mldv_error *err)
{
	int found;

	/* Then this refuses it. */
	if (remote->ops->table->read_only)
		return remote->ops->table->prepare(remote->ops, err);
	found = remote_check_format(remote, err);
	if (found != 0)
		return found < 0 ? -1 : 0;
	if (remote->ops->table->prepare(remote->ops, err) < 0 ||
	    put_text(remote, "format", FORMAT_PREFIX "1\n", err) < 0 ||
	    put_text(remote, "README.txt", readme, err) < 0 ||
	    remote->ops->table->sync(remote->ops, err) < 0)
		return -1;
	/* Somebody may have been quicker, with another version. */
	found = remote_check_format(remote, err);
	if (found == 0)
		return err_set(err, MLDV_FAILED,
		    "cannot read back what was written to remote '%s'",
		    remote->name);
	return found < 0 ? -1 : 0;
}

/* Is all that lies in a directory of the remote named as mldv names it? */
static int is_ours(struct remote *remote, const char *dir, size_t *count,
    struct mldv_error *err)
{
	struct strs names = {0};
	struct content content;
	struct slice project;
	struct oid id;
	int ret = remote->ops->table->list(remote->ops, dir, &names, err);

	ret = ret < 0 ? -1 : 1;
	for (size_t i = 0; ret > 0 && i < names.count; i++) {
		const char *name = names.items[i];

		ret = remote_parse_pack_name(name, &id) ||
		    remote_parse_manifest_name(name, &project, &content);
	}
	*count = names.count;
	strs_release(&names);
	return ret;
}

int remote_lost_format(struct remote *remote, struct mldv_error *err)
{
	struct buf text = {0};
	size_t manifests = 0;
	size_t packs = 0;
	int found = remote->ops->table->get(remote->ops, "format", FORMAT_LIMIT,
	    &text, err);

	buf_release(&text);
	if (found != 0)
		return found < 0 ? -1 : 0;
	found = is_ours(remote, "manifests", &manifests, err);
	if (found > 0)
		found = is_ours(remote, "packs", &packs, err);
	if (found <= 0)
		return found;
	return manifests > 0 || has_readme(remote);
}

int remote_mend_format(struct remote *remote, struct mldv_error *err)
{
	if (put_text(remote, "format", FORMAT_PREFIX "1\n", err) < 0 ||
	    put_text(remote, "README.txt", readme, err) < 0)
		return -1;
	return remote->ops->table->sync(remote->ops, err);
}
