/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The least that each operation must do, as plain loops: what the benchmark
 * compares with.
 *
 *   floor [-t THREADS] [-s] [-z] COMMAND ARGUMENT...
 *
 *   hash FILE              read it and hash it, one thread
 *   stat PATH              list and stat all files, open none
 *   add PATH PACKS         read and hash all files (of a single file, pieces
 *                          of 1 MiB), append them to packs, hash and sync the
 *                          packs; with -z, compress them
 *   create DIR NEW         all files of DIR, read into memory before
 *   copy PATH NEW          by copy_file_range; with -s, sync each
 *   pull PACKS STORE PATH NEW
 *                          copy, hash and sync the packs, then create the
 *                          files as above, or copy the single file
 *
 * A DIR holds files, or folders of files, and nothing deeper. Prints wall,
 * user and system seconds of what is timed, which is not the reading into
 * memory.
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <zstd.h>

enum {
	KIB = 1024,
	MIB = 1024 * KIB,
	PAGE = 4 * KIB,
	BUFFER = 256 * KIB,
	LISTING = 64 * KIB,
	FRAME = 256 * KIB,
	PIECE = MIB,
	PACK = 32 * MIB,
	LARGEST = 4 * MIB, /* of a file that is read at once */
	BLOCK = 512,       /* files that a thread takes at a time */
	MOST_THREADS = 64,
};

struct dir {
	const char *name;
	int fd;
	int dest;
	size_t first; /* of the tree's files */
	size_t count;
	struct file *files;
};

struct file {
	const struct dir *dir;
	const char *name;
	char *data;
	size_t size;
};

/* A single file is a tree too, with the working directory as its only dir. */
struct tree {
	bool single;
	int root;
	struct dir *dirs;
	size_t dir_count;
	struct file *files;
	size_t count;
};

/* A run of files that one thread takes. */
struct unit {
	size_t first;
	size_t end;
};

struct job {
	unsigned threads;
	bool sync;
	bool compress;
	const EVP_MD *md;
	char **args;
	struct tree tree;
	struct tree packs;
	struct unit *units;
	size_t unit_count;
	int dest;
};

/* What a thread has to itself. */
struct worker {
	struct job *job;
	unsigned number;
	pthread_t thread;
	EVP_MD_CTX *digest;
	char *buffer;

	EVP_MD_CTX *pack_digest;
	ZSTD_CCtx *zstd;
	char *frame;
	size_t in_frame;
	char *compressed;
	unsigned packs;
	int pack;
	size_t in_pack;
};

struct loop {
	size_t count;
	void (*step)(struct worker *worker, size_t i);
	void (*end)(struct worker *worker);
	atomic_size_t next;
};

struct run {
	struct loop *loop;
	struct worker *worker;
};

_Noreturn static void stop(const char *what)
{
	(void)fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void *more(void *old, size_t size)
{
	void *memory = realloc(old, size ? size : 1);

	if (!memory)
		stop("memory");
	return memory;
}

static char *pages(size_t size)
{
	void *memory = aligned_alloc(PAGE, size);

	if (!memory)
		stop("memory");
	return memory;
}

/* Threads. */

static void *work(void *arg)
{
	struct run *run = arg;

	for (;;) {
		size_t i = atomic_fetch_add(&run->loop->next, 1);

		if (i >= run->loop->count)
			break;
		run->loop->step(run->worker, i);
	}
	if (run->loop->end)
		run->loop->end(run->worker);
	return NULL;
}

/* step for 0 to count - 1, on all threads; end on each of them. */
static void parallel(struct job *job, size_t count,
    void (*step)(struct worker *worker, size_t i),
    void (*end)(struct worker *worker))
{
	struct loop loop = {.count = count, .step = step, .end = end};
	struct worker workers[MOST_THREADS];
	struct run runs[MOST_THREADS];

	unsigned i = 0;

	memset(workers, 0, sizeof workers);
	do {
		workers[i].job = job;
		workers[i].number = i;
		workers[i].pack = -1;
		workers[i].digest = EVP_MD_CTX_new();
		workers[i].buffer = pages(BUFFER);
		runs[i] = (struct run){&loop, &workers[i]};
		if (i > 0 &&
		    pthread_create(&workers[i].thread, NULL, work, &runs[i]))
			stop("threads");
	} while (++i < job->threads);
	(void)work(&runs[0]);
	for (i = 0; i < job->threads; i++) {
		if (i > 0)
			(void)pthread_join(workers[i].thread, NULL);
		EVP_MD_CTX_free(workers[i].digest);
		free(workers[i].buffer);
	}
}

static void begin(const struct job *job, EVP_MD_CTX *digest)
{
	if (!EVP_DigestInit_ex2(digest, job->md, NULL))
		stop("hash");
}

static void hash(EVP_MD_CTX *digest, const void *data, size_t size)
{
	if (!EVP_DigestUpdate(digest, data, size))
		stop("hash");
}

static void end(EVP_MD_CTX *digest)
{
	unsigned char sum[EVP_MAX_MD_SIZE];

	if (!EVP_DigestFinal_ex(digest, sum, NULL))
		stop("hash");
}

/* Listing. */

static void take_names(struct dir *dir, char *listing, size_t size,
    unsigned char type)
{
	struct dirent64 *entry;

	for (size_t at = 0; at < size; at += entry->d_reclen) {
		entry = (struct dirent64 *)(void *)(listing + at);
		if (entry->d_type != type || entry->d_name[0] == '.')
			continue;
		if ((dir->count & (dir->count + 1)) == 0)
			dir->files = more(dir->files,
			    2 * (dir->count + 1) * sizeof *dir->files);
		dir->files[dir->count++] =
		    (struct file){.dir = dir, .name = entry->d_name};
	}
}

/* The directory's entries of this type; the listings stay, for the names. */
static void read_names(struct dir *dir, unsigned char type)
{
	if (lseek(dir->fd, 0, SEEK_SET) < 0)
		stop(dir->name);
	for (;;) {
		char *listing = more(NULL, LISTING);
		ssize_t size = getdents64(dir->fd, listing, LISTING);

		if (size < 0)
			stop(dir->name);
		if (size == 0) {
			free(listing);
			break;
		}
		take_names(dir, listing, (size_t)size, type);
	}
}

static int open_dir(int at, const char *name)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		stop(name);
	return fd;
}

static void list_dir(struct worker *worker, size_t i)
{
	struct tree *tree = &worker->job->tree;
	struct dir *dir = &tree->dirs[i];

	if (i > 0)
		dir->fd = open_dir(tree->root, dir->name);
	read_names(dir, DT_REG);
}

/* All folders, and all files in the order of their folders. */
static void list(struct job *job, const char *path)
{
	struct tree *tree = &job->tree;
	struct dir top = {.name = path, .fd = open_dir(AT_FDCWD, path)};

	tree->root = top.fd;
	read_names(&top, DT_DIR);
	tree->dir_count = top.count + 1;
	tree->dirs = more(NULL, tree->dir_count * sizeof *tree->dirs);
	for (size_t i = 0; i < tree->dir_count; i++)
		tree->dirs[i] = (struct dir){
		    .name = i > 0 ? top.files[i - 1].name : path,
		    .fd = top.fd,
		    .dest = -1,
		};
	parallel(job, tree->dir_count, list_dir, NULL);
	for (size_t i = 0; i < tree->dir_count; i++) {
		tree->dirs[i].first = tree->count;
		tree->count += tree->dirs[i].count;
	}
	tree->files = more(NULL, tree->count * sizeof *tree->files);
	for (size_t i = 0; i < tree->dir_count; i++) {
		const struct dir *dir = &tree->dirs[i];

		if (dir->count)
			memcpy(tree->files + dir->first, dir->files,
			    dir->count * sizeof *dir->files);
	}
}

static size_t size_of(const struct file *file)
{
	struct stat st;

	if (fstatat(file->dir->fd, file->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		stop(file->name);
	return (size_t)st.st_size;
}

static void look(struct job *job, const char *path)
{
	struct tree *tree = &job->tree;
	struct stat st;

	if (lstat(path, &st) < 0)
		stop(path);
	if (S_ISDIR(st.st_mode)) {
		list(job, path);
		return;
	}
	tree->single = true;
	tree->dirs = more(NULL, sizeof *tree->dirs);
	tree->dirs[0] = (struct dir){.name = ".", .fd = AT_FDCWD, .count = 1};
	tree->files = more(NULL, sizeof *tree->files);
	tree->files[0] = (struct file){.dir = tree->dirs, .name = path};
	tree->dir_count = tree->count = 1;
}

/* Runs of at most this many files, none across folders. */
static void split(struct job *job, size_t most)
{
	size_t room = 0;

	job->unit_count = 0;
	for (size_t i = 0; i < job->tree.dir_count; i++) {
		const struct dir *dir = &job->tree.dirs[i];
		size_t end_of_dir = dir->first + dir->count;

		for (size_t at = dir->first; at < end_of_dir; at += most) {
			if (job->unit_count == room) {
				room = 2 * room + 16;
				job->units =
				    more(job->units, room * sizeof *job->units);
			}
			job->units[job->unit_count++] = (struct unit){at,
			    at + most < end_of_dir ? at + most : end_of_dir};
		}
	}
}

/* Reading and writing. */

static void write_all(int fd, const char *data, size_t size)
{
	while (size > 0) {
		ssize_t n = write(fd, data, size);

		if (n < 0)
			stop("write");
		data += n;
		size -= (size_t)n;
	}
}

static int create_file(int at, const char *name)
{
	int fd =
	    openat(at, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	if (fd < 0)
		stop(name);
	return fd;
}

/* The file is small; a short read is its end. */
static size_t read_file(const struct file *file, char *buffer, size_t room)
{
	int fd = openat(file->dir->fd, file->name,
	    O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, buffer, room);

	if (n < 0)
		stop(file->name);
	if ((size_t)n == room) {
		errno = EFBIG;
		stop(file->name);
	}
	(void)close(fd);
	return (size_t)n;
}

static int open_single(const struct file *file)
{
	int fd = open(file->name, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		stop(file->name);
	return fd;
}

static void finish(const struct job *job, int fd)
{
	if ((job->sync && fsync(fd) < 0) || close(fd) < 0)
		stop("fsync");
}

/* hash */

static void run_hash(struct job *job)
{
	EVP_MD_CTX *digest = EVP_MD_CTX_new();
	char *buffer = pages(BUFFER);
	int fd = open(job->args[0], O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		stop(job->args[0]);
	begin(job, digest);
	while ((n = read(fd, buffer, BUFFER)) > 0)
		hash(digest, buffer, (size_t)n);
	if (n < 0)
		stop(job->args[0]);
	end(digest);
	(void)close(fd);
	free(buffer);
	EVP_MD_CTX_free(digest);
}

/* stat */

static void stat_unit(struct worker *worker, size_t i)
{
	const struct job *job = worker->job;

	for (size_t k = job->units[i].first; k < job->units[i].end; k++)
		(void)size_of(&job->tree.files[k]);
}

static void run_stat(struct job *job)
{
	look(job, job->args[0]);
	split(job, BLOCK);
	parallel(job, job->unit_count, stat_unit, NULL);
}

/* add */

static void end_pack(struct worker *worker)
{
	if (worker->pack < 0)
		return;
	end(worker->pack_digest);
	if (fsync(worker->pack) < 0 || close(worker->pack) < 0)
		stop("fsync");
	worker->pack = -1;
}

static void begin_pack(struct worker *worker)
{
	char name[64];

	(void)snprintf(name, sizeof name, "%u-%u", worker->number,
	    worker->packs++);
	worker->pack = create_file(worker->job->dest, name);
	worker->in_pack = 0;
	if (!worker->pack_digest)
		worker->pack_digest = EVP_MD_CTX_new();
	begin(worker->job, worker->pack_digest);
}

static void end_frame(struct worker *worker)
{
	const char *data = worker->frame;
	size_t size = worker->in_frame;

	if (size == 0)
		return;
	if (worker->job->compress) {
		size = ZSTD_compressCCtx(worker->zstd, worker->compressed,
		    ZSTD_COMPRESSBOUND(FRAME + LARGEST), data, size, 1);
		if (ZSTD_isError(size))
			stop("compress");
		data = worker->compressed;
	}
	if (worker->pack < 0)
		begin_pack(worker);
	hash(worker->pack_digest, data, size);
	write_all(worker->pack, data, size);
	worker->in_frame = 0;
	worker->in_pack += size;
	if (worker->in_pack >= PACK)
		end_pack(worker);
}

static char *frame_room(struct worker *worker)
{
	if (!worker->frame) {
		worker->frame = pages(FRAME + LARGEST);
		if (worker->job->compress) {
			worker->zstd = ZSTD_createCCtx();
			worker->compressed =
			    more(NULL, ZSTD_COMPRESSBOUND(FRAME + LARGEST));
		}
	}
	return worker->frame + worker->in_frame;
}

static void take_content(struct worker *worker, const char *data, size_t size)
{
	begin(worker->job, worker->digest);
	hash(worker->digest, data, size);
	end(worker->digest);
	worker->in_frame += size;
	if (worker->in_frame >= FRAME)
		end_frame(worker);
}

static void add_unit(struct worker *worker, size_t i)
{
	const struct job *job = worker->job;

	for (size_t k = job->units[i].first; k < job->units[i].end; k++) {
		char *data = frame_room(worker);

		take_content(worker, data,
		    read_file(&job->tree.files[k], data, LARGEST));
	}
}

static void add_piece(struct worker *worker, size_t i)
{
	char *data = frame_room(worker);
	ssize_t n =
	    pread(worker->job->tree.root, data, PIECE, (off_t)i * PIECE);

	if (n < 0)
		stop("read");
	take_content(worker, data, (size_t)n);
}

static void end_packs(struct worker *worker)
{
	end_frame(worker);
	end_pack(worker);
	EVP_MD_CTX_free(worker->pack_digest);
	(void)ZSTD_freeCCtx(worker->zstd);
	free(worker->frame);
	free(worker->compressed);
}

static int make_dir(const char *path)
{
	if (mkdir(path, 0755) < 0)
		stop(path);
	return open_dir(AT_FDCWD, path);
}

static void run_add(struct job *job)
{
	struct tree *tree = &job->tree;

	job->dest = make_dir(job->args[1]);
	look(job, job->args[0]);
	if (tree->single) {
		tree->root = open_single(tree->files);
		parallel(job, (size_of(tree->files) + PIECE - 1) / PIECE,
		    add_piece, end_packs);
	} else {
		split(job, BLOCK);
		parallel(job, job->unit_count, add_unit, end_packs);
	}
}

/* create */

static void load_unit(struct worker *worker, size_t i)
{
	const struct job *job = worker->job;

	for (size_t k = job->units[i].first; k < job->units[i].end; k++) {
		struct file *file = &job->tree.files[k];
		size_t room = size_of(file) + 1;

		file->data = more(NULL, room);
		file->size = read_file(file, file->data, room);
	}
}

static void load(struct job *job, const char *path)
{
	look(job, path);
	split(job, BLOCK);
	if (!job->tree.single)
		parallel(job, job->unit_count, load_unit, NULL);
}

static void prepare_create(struct job *job)
{
	load(job, job->args[0]);
}

static void create_unit(struct worker *worker, size_t i)
{
	const struct job *job = worker->job;

	for (size_t k = job->units[i].first; k < job->units[i].end; k++) {
		const struct file *file = &job->tree.files[k];
		int fd = create_file(file->dir->dest, file->name);

		write_all(fd, file->data, file->size);
		if (close(fd) < 0)
			stop(file->name);
	}
}

/* A thread has a folder to itself where there are enough of them. */
static void create_all(struct job *job, const char *path)
{
	struct tree *tree = &job->tree;
	int root = make_dir(path);

	tree->dirs[0].dest = root;
	for (size_t i = 1; i < tree->dir_count; i++) {
		if (mkdirat(root, tree->dirs[i].name, 0755) < 0)
			stop(tree->dirs[i].name);
		tree->dirs[i].dest = open_dir(root, tree->dirs[i].name);
	}
	split(job, tree->dir_count > job->threads ? tree->count : BLOCK);
	parallel(job, job->unit_count, create_unit, NULL);
}

static void run_create(struct job *job)
{
	create_all(job, job->args[1]);
}

/* copy */

static void copy_file(const struct job *job, const struct file *from, int at,
    const char *name)
{
	int in = openat(from->dir->fd, from->name, O_RDONLY | O_CLOEXEC);
	int out = create_file(at, name);
	ssize_t n;

	if (in < 0)
		stop(from->name);
	do {
		n = copy_file_range(in, NULL, out, NULL, 1U << 30, 0);
	} while (n > 0);
	if (n < 0)
		stop(name);
	(void)close(in);
	finish(job, out);
}

static void copy_unit(struct worker *worker, size_t i)
{
	const struct job *job = worker->job;
	const struct file *file = &job->tree.files[i];

	copy_file(job, file, job->dest, file->name);
}

static void run_copy(struct job *job)
{
	look(job, job->args[0]);
	if (job->tree.single) {
		copy_file(job, job->tree.files, AT_FDCWD, job->args[1]);
		return;
	}
	job->dest = make_dir(job->args[1]);
	parallel(job, job->tree.count, copy_unit, NULL);
}

/* pull */

static void prepare_pull(struct job *job)
{
	look(job, job->args[0]);
	job->packs = job->tree;
	memset(&job->tree, 0, sizeof job->tree);
	load(job, job->args[2]);
}

static void fetch_pack(struct worker *worker, size_t i)
{
	const struct job *job = worker->job;
	const struct file *pack = &job->packs.files[i];
	int in = openat(job->packs.root, pack->name, O_RDONLY | O_CLOEXEC);
	int out = create_file(job->dest, pack->name);
	ssize_t n;

	if (in < 0)
		stop(pack->name);
	begin(job, worker->digest);
	while ((n = read(in, worker->buffer, BUFFER)) > 0) {
		hash(worker->digest, worker->buffer, (size_t)n);
		write_all(out, worker->buffer, (size_t)n);
	}
	end(worker->digest);
	if (n < 0 || fsync(out) < 0 || close(out) < 0)
		stop(pack->name);
	(void)close(in);
}

static void run_pull(struct job *job)
{
	job->dest = make_dir(job->args[1]);
	parallel(job, job->packs.count, fetch_pack, NULL);
	if (job->tree.single)
		copy_file(job, job->tree.files, AT_FDCWD, job->args[3]);
	else
		create_all(job, job->args[3]);
}

/* The program. */

static const struct command {
	const char *name;
	int args;
	void (*prepare)(struct job *job);
	void (*run)(struct job *job);
} commands[] = {
    {"hash", 1, NULL, run_hash},
    {"stat", 1, NULL, run_stat},
    {"add", 2, NULL, run_add},
    {"create", 2, prepare_create, run_create},
    {"copy", 2, NULL, run_copy},
    {"pull", 4, prepare_pull, run_pull},
};

static double seconds(struct timeval time)
{
	return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static void time_it(const struct command *command, struct job *job)
{
	struct rusage before;
	struct rusage after;
	struct timespec start;
	struct timespec stopped;

	if (command->prepare)
		command->prepare(job);
	(void)getrusage(RUSAGE_SELF, &before);
	(void)clock_gettime(CLOCK_MONOTONIC, &start);
	command->run(job);
	(void)clock_gettime(CLOCK_MONOTONIC, &stopped);
	(void)getrusage(RUSAGE_SELF, &after);
	(void)printf("%.6f %.6f %.6f\n",
	    (double)(stopped.tv_sec - start.tv_sec) +
	        (double)(stopped.tv_nsec - start.tv_nsec) / 1e9,
	    seconds(after.ru_utime) - seconds(before.ru_utime),
	    seconds(after.ru_stime) - seconds(before.ru_stime));
}

static unsigned processors(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof set, &set) < 0)
		return 1;
	return (unsigned)CPU_COUNT(&set);
}

/* One descriptor a folder, twice. */
static void raise_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static bool take_options(struct job *job, int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "+t:sz")) != -1) {
		if (option == 't')
			job->threads = (unsigned)strtoul(optarg, NULL, 10);
		else if (option == 's')
			job->sync = true;
		else if (option == 'z')
			job->compress = true;
		else
			return false;
	}
	if (job->threads > MOST_THREADS)
		job->threads = MOST_THREADS;
	return job->threads > 0 && optind < argc;
}

int main(int argc, char **argv)
{
	struct job job = {.threads = processors()};

	if (!take_options(&job, argc, argv))
		goto usage;
	job.args = argv + optind + 1;
	job.md = EVP_MD_fetch(NULL, "SHA256", NULL);
	raise_limit();
	for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
		if (strcmp(argv[optind], commands[i].name) == 0 &&
		    argc - optind - 1 == commands[i].args) {
			time_it(&commands[i], &job);
			return 0;
		}
	}
usage:
	(void)fputs("usage: floor [-t THREADS] [-s] [-z] COMMAND ARGUMENT..."
	            " (see bench/floor.c)\n",
	    stderr);
	return 2;
}
