/* SPDX-License-Identifier: Apache-2.0 */
#include "store/tarball.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <archive.h>
#include <archive_entry.h>

#include "base/file.h"
#include "base/path.h"
#include "base/str.h"

#define LIBRARY "libarchive.so.13"

enum { PIECE = 256 << 10 };

/* The functions of the library that are used. */
#define FUNCTIONS(X)                               \
	X(archive_version_string)                  \
	X(archive_read_new)                        \
	X(archive_read_support_filter_gzip)        \
	X(archive_read_support_format_tar)         \
	X(archive_read_open_filename)              \
	X(archive_read_next_header)                \
	X(archive_read_data)                       \
	X(archive_read_free)                       \
	X(archive_write_new)                       \
	X(archive_write_add_filter_gzip)           \
	X(archive_write_set_format_pax_restricted) \
	X(archive_write_set_options)               \
	X(archive_write_open_fd)                   \
	X(archive_write_header)                    \
	X(archive_write_data)                      \
	X(archive_write_close)                     \
	X(archive_write_free)                      \
	X(archive_error_string)                    \
	X(archive_entry_new)                       \
	X(archive_entry_clear)                     \
	X(archive_entry_free)                      \
	X(archive_entry_set_pathname)              \
	X(archive_entry_set_size)                  \
	X(archive_entry_set_filetype)              \
	X(archive_entry_set_perm)                  \
	X(archive_entry_set_mtime)                 \
	X(archive_entry_set_symlink)               \
	X(archive_entry_pathname)                  \
	X(archive_entry_filetype)                  \
	X(archive_entry_perm)                      \
	X(archive_entry_hardlink)                  \
	X(archive_entry_symlink)

struct library {
#define MEMBER(name) __typeof__(name)(*(name));
	FUNCTIONS(MEMBER)
};

static int load(struct library *out, struct mldv_error *err)
{
	static const char *const names[] = {
#define NAME(name) #name,
	    FUNCTIONS(NAME)};
	void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
	const char *why;

	for (size_t i = 0; library && i < sizeof names / sizeof names[0]; i++) {
		void *address = dlsym(library, names[i]);

		if (!address)
			library = NULL;
		/* POSIX has them of one size and form. */
		memcpy((char *)out + i * sizeof address, &address,
		    sizeof address);
	}
	if (library)
		return 0;
	why = dlerror();
	return err_set(err, MLDV_FAILED,
	    "cannot load " LIBRARY ": %s; install libarchive",
	    why ? why : "it is not as it should be");
}

int tarball_library(struct buf *out, struct mldv_error *err)
{
	struct library lib;

	if (load(&lib, err) < 0)
		return -1;
	buf_add_str(out, lib.archive_version_string());
	return 0;
}

struct tarball {
	struct library lib;
	struct archive *archive;
	struct archive_entry *entry;
	char *piece;
};

static int refused(struct tarball *tarball, const char *what,
    struct mldv_error *err)
{
	const char *why = tarball->lib.archive_error_string(tarball->archive);

	return err_set(err, MLDV_FAILED, "cannot %s an archive: %s", what,
	    why ? why : "no reason is given");
}

int tarball_create(struct tarball **out, int fd, struct mldv_error *err)
{
	struct tarball *tarball = xcalloc(1, sizeof *tarball);
	struct library *lib = &tarball->lib;

	if (load(lib, err) < 0) {
		free(tarball);
		return -1;
	}
	tarball->piece = xmalloc(PIECE);
	tarball->archive = lib->archive_write_new();
	tarball->entry = lib->archive_entry_new();
	*out = tarball;
	if (lib->archive_write_add_filter_gzip(tarball->archive) !=
	        ARCHIVE_OK ||
	    lib->archive_write_set_format_pax_restricted(tarball->archive) !=
	        ARCHIVE_OK ||
	    lib->archive_write_set_options(tarball->archive,
	        "gzip:!timestamp") != ARCHIVE_OK ||
	    lib->archive_write_open_fd(tarball->archive, fd) != ARCHIVE_OK)
		return refused(tarball, "write", err);
	return 0;
}

static int put(struct tarball *tarball, const char *data, size_t size,
    struct mldv_error *err)
{
	while (size > 0) {
		la_ssize_t ret =
		    tarball->lib.archive_write_data(tarball->archive, data,
		        size);

		if (ret <= 0)
			return refused(tarball, "write", err);
		data += ret;
		size -= (size_t)ret;
	}
	return 0;
}

/* Just as much as the header says. */
static int put_file(struct tarball *tarball, int fd, const char *file,
    uint64_t size, struct mldv_error *err)
{
	uint64_t done = 0;

	while (done < size) {
		size_t piece =
		    size - done < PIECE ? (size_t)(size - done) : PIECE;

		if (file_read_at(fd, file, tarball->piece, piece, done, err) <
		        0 ||
		    put(tarball, tarball->piece, piece, err) < 0)
			return -1;
		done += piece;
	}
	return 0;
}

static int begin_entry(struct tarball *tarball, const char *path,
    enum kind kind, int64_t size, struct mldv_error *err)
{
	struct library *lib = &tarball->lib;
	struct archive_entry *entry = tarball->entry;

	lib->archive_entry_set_pathname(entry, path);
	lib->archive_entry_set_filetype(entry,
	    kind == KIND_LINK ? AE_IFLNK : AE_IFREG);
	lib->archive_entry_set_perm(entry, kind == KIND_EXEC ? 0755 : 0644);
	lib->archive_entry_set_mtime(entry, 0, 0);
	lib->archive_entry_set_size(entry, size);
	if (lib->archive_write_header(tarball->archive, entry) != ARCHIVE_OK)
		return refused(tarball, "write", err);
	return 0;
}

static int add_link(struct tarball *tarball, const char *path, const char *file,
    struct mldv_error *err)
{
	char target[LINK_LIMIT + 1];
	ssize_t len = readlink(file, target, sizeof target - 1);

	if (len < 0)
		return err_errno(err, "cannot read link '%s'", file);
	target[len] = '\0';
	tarball->lib.archive_entry_set_symlink(tarball->entry, target);
	return begin_entry(tarball, path, KIND_LINK, 0, err);
}

static int add_file(struct tarball *tarball, const char *path, enum kind kind,
    const char *file, struct mldv_error *err)
{
	int fd = open(file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	int ret = -1;

	if (fd < 0 || fstat(fd, &st) < 0)
		(void)err_errno(err, "cannot open '%s'", file);
	else if (begin_entry(tarball, path, kind, st.st_size, err) == 0)
		ret = put_file(tarball, fd, file, (uint64_t)st.st_size, err);
	if (fd >= 0)
		(void)close(fd);
	return ret;
}

int tarball_add(struct tarball *tarball, const char *path, enum kind kind,
    const char *file, const char *text, struct mldv_error *err)
{
	tarball->lib.archive_entry_clear(tarball->entry);
	if (text)
		return begin_entry(tarball, path, kind, (int64_t)strlen(text),
		           err) < 0 ||
		        put(tarball, text, strlen(text), err) < 0
		    ? -1
		    : 0;
	if (kind == KIND_LINK)
		return add_link(tarball, path, file, err);
	return add_file(tarball, path, kind, file, err);
}

int tarball_end(struct tarball *tarball, struct mldv_error *err)
{
	if (tarball->lib.archive_write_close(tarball->archive) != ARCHIVE_OK)
		return refused(tarball, "write", err);
	return 0;
}

void tarball_close(struct tarball *tarball)
{
	if (!tarball)
		return;
	tarball->lib.archive_entry_free(tarball->entry);
	(void)tarball->lib.archive_write_free(tarball->archive);
	free(tarball->piece);
	free(tarball);
}

/* One that is being unpacked. */
struct unpack {
	struct library lib;
	struct archive *archive;
	struct arena arena; /* of one entry */
	char *piece;
	uint64_t entries;
	uint64_t bytes;
};

static int corrupt(struct mldv_error *err, const char *name, const char *why)
{
	return err_set(err, MLDV_CORRUPT, "'%s' in the archive %s", name, why);
}

/* Makes and opens what is above rest, not through a link; gives its name. */
static int open_above(int fd, const char *rest, const char **name,
    struct mldv_error *err)
{
	struct slice path = slice_of(rest);
	char part[NAME_MAX + 1];
	struct slice word;
	int next;

	while (slice_cut(&path, '/', &word)) {
		if (word.len > NAME_MAX) {
			(void)close(fd);
			return corrupt(err, rest, "has too long a name");
		}
		memcpy(part, word.data, word.len);
		part[word.len] = '\0';
		if (mkdirat(fd, part, 0777) < 0 && errno != EEXIST) {
			(void)err_errno(err, "cannot make '%s'", rest);
			(void)close(fd);
			return -1;
		}
		next = file_open_below(fd, part, err);
		(void)close(fd);
		if (next < 0)
			return -1;
		fd = next;
	}
	*name = word.data;
	return fd;
}

static int copy_data(struct unpack *unpack, int fd, const char *name,
    struct mldv_error *err)
{
	la_ssize_t size;

	while ((size = unpack->lib.archive_read_data(unpack->archive,
	            unpack->piece, PIECE)) > 0) {
		unpack->bytes += (uint64_t)size;
		if (unpack->bytes > TARBALL_BYTES)
			return corrupt(err, name, "is too large");
		if (file_write(fd, name, unpack->piece, (size_t)size, err) < 0)
			return -1;
	}
	return size < 0 ? corrupt(err, name, "is damaged") : 0;
}

static int make_file(struct unpack *unpack, struct archive_entry *entry, int at,
    const char *name, struct mldv_error *err)
{
	mode_t mode =
	    unpack->lib.archive_entry_perm(entry) & 0100 ? 0777 : 0666;
	int fd = openat(at, name,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	int ret;

	if (fd < 0)
		return err_errno(err, "cannot make '%s'", name);
	ret = copy_data(unpack, fd, name, err);
	if (close(fd) < 0 && ret == 0)
		ret = err_errno(err, "cannot write '%s'", name);
	return ret;
}

/* Only to somewhere below the target, of which rest is where the link is. */
static int make_link(struct unpack *unpack, struct archive_entry *entry, int at,
    const char *rest, const char *name, struct mldv_error *err)
{
	const char *target = unpack->lib.archive_entry_symlink(entry);
	const char *dir = path_parent(&unpack->arena, rest);

	if (!target || !*target || path_is_absolute(target) ||
	    strlen(target) > LINK_LIMIT || !*rest ||
	    !path_clean(&unpack->arena, path_join(&unpack->arena, dir, target)))
		return corrupt(err, name, "is a link that leads out of it");
	if (symlinkat(target, at, name) < 0)
		return err_errno(err, "cannot make link '%s'", name);
	return 0;
}

static int make_dir(int at, const char *name, struct mldv_error *err)
{
	struct stat st;

	if (mkdirat(at, name, 0777) == 0)
		return 0;
	if (errno == EEXIST &&
	    fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISDIR(st.st_mode))
		return 0;
	return err_errno(err, "cannot make directory '%s'", name);
}

/* Puts the entry, whose path in the place is rest, below its target. */
static int put_entry(struct unpack *unpack, struct archive_entry *entry,
    const struct tarball_place *place, const char *rest, struct mldv_error *err)
{
	struct arena *arena = &unpack->arena;
	const char *above = path_parent(arena, place->target);
	const char *path = path_join(arena, path_base(place->target), rest);
	const char *name = NULL;
	int fd = open(above, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int ret;

	if (fd < 0)
		return err_errno(err, "cannot open '%s'", above);
	fd =
	    open_above(fd, *rest ? path : path_base(place->target), &name, err);
	if (fd < 0)
		return -1;
	switch (unpack->lib.archive_entry_filetype(entry)) {
	case AE_IFREG:
		ret = make_file(unpack, entry, fd, name, err);
		break;
	case AE_IFDIR:
		ret = make_dir(fd, name, err);
		break;
	case AE_IFLNK:
		ret = make_link(unpack, entry, fd, rest, name, err);
		break;
	default:
		ret = corrupt(err, name, "is neither file, directory nor link");
	}
	(void)close(fd);
	return ret;
}

/* Clean, or NULL; what tar calls "./a" is "a". */
static const char *entry_path(struct unpack *unpack,
    struct archive_entry *entry)
{
	const char *path = unpack->lib.archive_entry_pathname(entry);
	struct slice rest = slice_of(path ? path : "/");
	struct slice word;
	bool more = true;

	if (!path || path_is_absolute(path) || strlen(path) >= PATH_MAX)
		return NULL;
	while (more) {
		more = slice_cut(&rest, '/', &word);
		if (slice_is(word, ".."))
			return NULL;
	}
	return path_clean(&unpack->arena, path);
}

static int take_entry(struct unpack *unpack, struct archive_entry *entry,
    struct tarball_place *places, size_t count, struct mldv_error *err)
{
	const char *raw = unpack->lib.archive_entry_pathname(entry);
	const char *path = entry_path(unpack, entry);

	raw = raw ? raw : "?";
	if (!path)
		return corrupt(err, raw, "leads out of it");
	if (++unpack->entries > TARBALL_ENTRIES)
		return corrupt(err, raw, "is one too many");
	if (unpack->lib.archive_entry_hardlink(entry))
		return corrupt(err, raw, "is a hard link");
	for (size_t i = 0; i < count; i++) {
		const char *rest = path_inside(path, places[i].inner);

		/* The directory that the whole archive is. */
		if (!rest ||
		    (!*rest && !*path && !*places[i].inner &&
		        unpack->lib.archive_entry_filetype(entry) != AE_IFDIR))
			continue;
		places[i].found = true;
		return put_entry(unpack, entry, &places[i], rest, err);
	}
	return 0;
}

static int read_entries(struct unpack *unpack, struct tarball_place *places,
    size_t count, struct mldv_error *err)
{
	struct archive_entry *entry;
	int ret;

	while ((ret = unpack->lib.archive_read_next_header(unpack->archive,
	            &entry)) == ARCHIVE_OK) {
		ret = take_entry(unpack, entry, places, count, err);
		arena_release(&unpack->arena);
		unpack->arena = (struct arena){0};
		if (ret < 0)
			return -1;
	}
	if (ret != ARCHIVE_EOF) {
		const char *why =
		    unpack->lib.archive_error_string(unpack->archive);

		return err_set(err, MLDV_CORRUPT, "the archive is damaged: %s",
		    why ? why : "it cannot be read");
	}
	return 0;
}

int tarball_unpack(const char *path, struct tarball_place *places, size_t count,
    struct mldv_error *err)
{
	struct unpack unpack = {0};
	struct library *lib = &unpack.lib;
	int ret;

	if (load(lib, err) < 0)
		return -1;
	unpack.piece = xmalloc(PIECE);
	unpack.archive = lib->archive_read_new();
	if (lib->archive_read_support_filter_gzip(unpack.archive) !=
	        ARCHIVE_OK ||
	    lib->archive_read_support_format_tar(unpack.archive) !=
	        ARCHIVE_OK ||
	    lib->archive_read_open_filename(unpack.archive, path, PIECE) !=
	        ARCHIVE_OK)
		ret = err_set(err, MLDV_CORRUPT, "'%s' is no .tar.gz", path);
	else
		ret = read_entries(&unpack, places, count, err);
	arena_release(&unpack.arena);
	(void)lib->archive_read_free(unpack.archive);
	free(unpack.piece);
	return ret;
}
