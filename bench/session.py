# SPDX-License-Identifier: Apache-2.0
"""One tool's way through one workload: commands run, timed or counted."""

import os
import re
import signal
import subprocess
import time

# What the C library and the scheduler decide, not the program.
UNCOUNTED = set('futex sched_yield brk mmap munmap mremap mprotect madvise '
                'restart_syscall'.split())

# An entry of a stat cache that is younger than two seconds proves nothing.
RIPE = 2.1


class Failed(Exception):
    """A command did not do what it should; says which and how."""


class TooSlow(Exception):
    pass


class Sample:
    def __init__(self, wall, user, system, memory):
        self.wall = wall
        self.cpu = user + system
        self.memory = memory


def stored(directory):
    """Files and bytes below a directory."""
    files = size = 0
    for base, _, names in os.walk(directory):
        for name in names:
            files += 1
            size += os.lstat(os.path.join(base, name)).st_size
    return files, size


class Session:
    def __init__(self, bench, path, counting=False):
        self.bench = bench
        self.root = path
        self.counting = counting
        self.limit = None
        self.samples = {}
        self.stored = {}
        self.calls = {}
        self.remote_calls = {}
        self.taken = {}
        self.env = self.environment()

    def environment(self):
        home = self.path('home')
        os.mkdir(home)
        with open(os.path.join(home, '.gitconfig'), 'w') as out:
            out.write('[user]\n\tname = A\n\temail = a@example.org\n'
                      '[init]\n\tdefaultBranch = main\n[gc]\n\tauto = 0\n'
                      '[protocol "file"]\n\tallow = always\n'
                      '[advice]\n\tdetachedHead = false\n')
        kept = {k: v for k, v in os.environ.items()
                if not k.startswith(('GIT_', 'XDG_', 'DVC_', 'RESTIC_',
                                     'BORG_', 'MAKE', 'MFLAGS'))}
        return dict(kept, HOME=home, LC_ALL='C', TZ='UTC0', TERM='dumb',
                    GIT_TERMINAL_PROMPT='0', GIT_CONFIG_NOSYSTEM='1',
                    PATH=os.path.dirname(self.bench.mldv) + ':' +
                    os.environ['PATH'])

    def path(self, *names):
        return os.path.join(self.root, *names)

    def run(self, *argv, cwd=None, fine=(0,)):
        """A command that nobody measures; it may take a while longer."""
        try:
            done = subprocess.run(argv, cwd=cwd or self.root, env=self.env,
                                  stdin=subprocess.DEVNULL, text=True,
                                  timeout=self.limit and 4 * self.limit,
                                  stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT)
        except subprocess.TimeoutExpired:
            raise TooSlow() from None
        if done.returncode not in fine:
            raise Failed('%s: status %d\n%s' % (' '.join(argv),
                                                done.returncode,
                                                done.stdout[-2000:]))
        return done.stdout

    def settle(self):
        """What was written before is on the disk."""
        self.run('sync', '-f', self.root)

    def ripen(self):
        """And it is old enough for a stat to prove that it did not change."""
        self.settle()
        time.sleep(RIPE)

    def copy(self, source, name):
        self.run('cp', '-a', '--sparse=auto', source, self.path(name))

    def launch(self, argv, cwd):
        """Runs to the end, or kills all of it when the time is over."""
        child = subprocess.Popen(argv, cwd=cwd or self.root, env=self.env,
                                 stdin=subprocess.DEVNULL, text=True,
                                 stdout=subprocess.PIPE,
                                 stderr=subprocess.STDOUT,
                                 start_new_session=True)
        try:
            out, _ = child.communicate(timeout=self.limit)
        except BaseException as error:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
            if isinstance(error, subprocess.TimeoutExpired):
                raise TooSlow() from None
            raise
        if child.returncode != 0:
            raise Failed('%s: status %d\n%s' % (' '.join(argv),
                                                child.returncode, out[-2000:]))
        return out

    def time(self, step, *argv, cwd=None, runs=1, fine=(0,), floor=False):
        """Measures a command; repeated only where it changes nothing."""
        if self.counting:
            self.count(step, argv, cwd, fine)
            return
        result = self.path('measured')
        open(result, 'w').close()
        out = self.launch([self.bench.loop('measure'), '-n', str(runs), result]
                          + list(argv), cwd)
        with open(result) as lines:
            for line in lines:
                wall, user, system, memory, status = line.split()
                if int(status) not in fine:
                    raise Failed('%s: status %s\n%s' % (' '.join(argv), status,
                                                        out[-2000:]))
                self.samples.setdefault(step, []).append(
                    Sample(float(wall), float(user), float(system),
                           int(memory) * 1024))
        if floor:
            # It times itself, without what it prepares.
            self.samples[step] = [
                Sample(*map(float, line.split()), sample.memory) for
                line, sample in zip(out.splitlines(), self.samples[step])]

    def count(self, step, argv, cwd, fine):
        trace = self.path('trace')
        self.run('strace', '-f', '-qq', '-c', '-U', 'calls,name', '-o', trace,
                 *argv, cwd=cwd, fine=fine)
        total = 0
        with open(trace) as lines:
            for line in lines:
                found = re.fullmatch(r' *(\d+) +(\w+)\s*', line)
                if found and found[2] not in UNCOUNTED | {'total'}:
                    total += int(found[1])
        self.calls[step] = total

    def count_remote(self, step, argv, cwd):
        """Calls that name something on the remote: what would be requests."""
        if self.counting:
            trace = self.path('trace')
            self.run('strace', '-f', '-qq', '-y', '-e', 'trace=%file', '-o',
                     trace, *argv, cwd=cwd)
            with open(trace) as lines:
                self.remote_calls[step] = sum(self.path('remote') in line
                                              for line in lines)

    def used(self):
        """Bytes taken on the file system, when all is written."""
        self.run('sync', '-f', self.root)
        st = os.statvfs(self.root)
        return (st.f_blocks - st.f_bfree) * st.f_frsize

    def keep(self, step, directory, before=(0, 0)):
        """Notes what a step stored, beyond what was there before."""
        files, size = stored(directory)
        self.stored[step] = files - before[0], size - before[1]
