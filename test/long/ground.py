# SPDX-License-Identifier: Apache-2.0
"""Where the long suites run: an environment of their own, and what lies in it."""

import hashlib
import os
import shutil
import stat
import subprocess
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))

# What Git must have for the same commits on every machine, and nothing of
# whoever runs the tests.
GIT_CONFIG = """\
[init]
\tdefaultBranch = main
[gc]
\tauto = 0
[core]
\tfsync = none
[advice]
\tdetachedHead = false
[merge]
\trenames = true
\tdirectoryRenames = false
"""


class Wrong(Exception):
    """Something does not hold."""


class Ground:
    """A directory for everything, and how commands are run in it."""

    def __init__(self, room_mb):
        self.mldv = os.path.abspath(os.environ['MLDV'])
        tool_dir = os.environ.get(
            'MLDV_TOOLS',
            os.path.join(os.path.dirname(self.mldv), 'test', 'tool'))
        self.inject = os.path.join(tool_dir, 'inject')
        self.top = tempfile.mkdtemp(prefix='mldv-long.', dir=room(room_mb))
        home = os.path.join(self.top, 'home')
        os.mkdir(home)
        with open(os.path.join(home, '.gitconfig'), 'w') as f:
            f.write(GIT_CONFIG)
        keep = ('LANG', 'ASAN_OPTIONS', 'TSAN_OPTIONS', 'LD_LIBRARY_PATH')
        self.env = {k: v for k, v in os.environ.items() if k in keep}
        self.env.update({
            'PATH': os.path.dirname(self.mldv) + ':' + os.environ['PATH'],
            'HOME': home, 'LC_ALL': 'C', 'TZ': 'UTC0', 'TERM': 'dumb',
            'GIT_CONFIG_NOSYSTEM': '1', 'GIT_TERMINAL_PROMPT': '0',
            'GIT_AUTHOR_NAME': 'A', 'GIT_AUTHOR_EMAIL': 'a@example.org',
            'GIT_COMMITTER_NAME': 'C', 'GIT_COMMITTER_EMAIL': 'c@example.org',
            'GIT_AUTHOR_DATE': '2001-01-01 00:00:00 +0000',
            'GIT_COMMITTER_DATE': '2001-01-01 00:00:00 +0000',
        })

    def close(self):
        erase(self.top)

    def run(self, cwd, *words):
        """Status (negative: a signal), and what was said on both streams."""
        done = subprocess.run(
            words, cwd=cwd, env=self.env, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300,
            check=False)
        return done.returncode, done.stdout.decode(errors='replace')

    def must(self, cwd, *words):
        status, said = self.run(cwd, *words)
        if status != 0:
            raise Wrong('status %d from: %s\n%s' %
                        (status, ' '.join(words), said))
        return said


def room(mb):
    """Memory will do for a disk: who is killed has lost nothing that the
    kernel was given."""
    if os.environ.get('TMPDIR'):
        return os.environ['TMPDIR']
    try:
        free = os.statvfs('/dev/shm')
        if free.f_bavail * free.f_frsize > mb << 20:
            return '/dev/shm'
    except OSError:
        pass
    return tempfile.gettempdir()


def erase(path):
    """As rm -rf, also of what may not be written to."""
    if os.path.isdir(path) and not os.path.islink(path):
        for at, dirs, _ in os.walk(path):
            for name in dirs:
                below = os.path.join(at, name)
                if not os.path.islink(below):
                    os.chmod(below, 0o700)
        shutil.rmtree(path)
    elif os.path.lexists(path):
        os.unlink(path)


def snapshot(path, skip=('.git',)):
    """What lies there: {path inside: (kind, hash)}, '' for itself; {} if
    nothing does. Kinds are those of a tree: f, x, l, d."""
    found = {}
    stack = ['']
    while stack:
        inside = stack.pop()
        at = os.path.join(path, inside) if inside else path
        try:
            mode = os.lstat(at).st_mode
        except FileNotFoundError:
            continue
        if stat.S_ISLNK(mode):
            found[inside] = ('l', digest(os.readlink(at).encode()))
        elif stat.S_ISDIR(mode):
            found[inside] = ('d', '')
            for name in os.listdir(at):
                if name not in skip:
                    stack.append(inside + '/' + name if inside else name)
        else:
            with open(at, 'rb') as f:
                found[inside] = ('x' if mode & 0o100 else 'f',
                                 digest(f.read()))
    return found


def digest(data):
    return hashlib.sha256(data).hexdigest()


def difference(expected, actual, limit=8):
    """In words, or '' if there is none."""
    lines = []
    for path in sorted(set(expected) | set(actual)):
        a, b = expected.get(path), actual.get(path)
        if a != b:
            lines.append('  %r: should be %s, is %s' % (path, a, b))
    if len(lines) > limit:
        lines[limit:] = ['  and %d more' % (len(lines) - limit)]
    return '\n'.join(lines)


def leftovers(path):
    """Temporary names below it."""
    return [os.path.join(at, name)
            for at, dirs, files in os.walk(path)
            for name in dirs + files if name.startswith('.mldv-tmp.')]


def age(path, days):
    """Everything below it was last changed so many days earlier."""
    for at, _, files in os.walk(path):
        for name in files:
            file = os.path.join(at, name)
            info = os.lstat(file)
            os.utime(file, ns=(info.st_atime_ns,
                               info.st_mtime_ns - days * 86400 * 10**9),
                     follow_symlinks=False)
