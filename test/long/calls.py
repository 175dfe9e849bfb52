#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every command that writes meets a fault at every call that writes.

Each is killed before the call, or the call fails with EIO or ENOSPC, or the
disk is full from then on; on two file systems. After each: no file is neither
as before nor as after; mldv fsck says that all is whole, or what to do; an
error names a thing, the cause and so the way out; and the command, typed
again, does what it was to do, after which every version of the data can be
had, here and from the remote, as it was added.

    MINUTES   for all commands together (10); of longer ones, calls are left
              out evenly
    ALL       1: every call, however long it takes
    SEED      which calls are taken first
    COMMANDS  "push,rm -f": only these
    SYSTEMS   "ext4 xfs": on these file systems, where they can be mounted

A file system is an image in memory or $TMPDIR, mounted for this suite alone.
"""

import os
import random
import re
import shutil
import subprocess
import sys
import time

import commands
from ground import Ground, Wrong, difference, digest, erase, leftovers
from ground import snapshot

CHANGES = 'write,create,rename,remove,mkdir,link,attr'
# Before fsync, a kill is one before the next of these.
FAULTS = {
    'killed': (CHANGES, 'KILL', ''),
    'EIO': ('all', 'EIO', 'Input/output error'),
    'ENOSPC': ('all', 'ENOSPC', 'No space left on device'),
    'full': ('write,create,mkdir,link', 'ENOSPC', 'No space left on device'),
}
IMAGE_MB = 600


class Lab:
    """The small world of commands.py on one file system."""

    def __init__(self, ground, top):
        self.ground = ground
        self.world = os.path.join(top, 'w')
        self.states = os.path.join(top, 'states')
        self.kept = ''
        os.mkdir(self.states)

    def at(self, *names):
        return os.path.join(self.world, *names)

    def save(self, state):
        self.copy(self.world, os.path.join(self.states, state))

    def load(self, state, parts=None):
        """All of it, or just these directories."""
        source = os.path.join(self.states, state)
        if parts is None:
            self.copy(source, self.world)
            return
        for name in parts:
            self.copy(os.path.join(source, name), self.at(name))

    def forget(self, state):
        erase(os.path.join(self.states, state))

    def copy(self, source, target):
        erase(target)
        if os.path.lexists(source):
            subprocess.run(['cp', '-a', source, target], check=True)

    def touched(self, state):
        """Which directories are not as they were in that state."""
        old = os.path.join(self.states, state)
        names = set(os.listdir(old)) | set(os.listdir(self.world))
        return sorted(n for n in names
                      if snapshot(os.path.join(old, n), ()) !=
                      snapshot(self.at(n), ()))

    def sh(self, script):
        """In the world, where each command must succeed."""
        self.ground.must(self.world, 'sh', '-euc', script)

    def look(self):
        """All that is there for users to see, and what they chose."""
        seen = {}
        for name in os.listdir(self.world):
            if name in ('r', 'r2', 's.git', 'count'):
                continue
            for path, entry in snapshot(self.at(name)).items():
                if '.mldv-tmp.' not in path:
                    seen[os.path.join(name, path).rstrip('/')] = entry
            # Made at random.
            if name == 'n' and seen.get('n/mldv.ini') and \
                    not os.path.exists(self.at('n', 'data')):
                seen['n/mldv.ini'] = 'some'
            for below in ('.git/mldv/config', '.git/mldv/parts'):
                for path, entry in snapshot(self.at(name, below)).items():
                    seen[os.path.join(name, below, path)] = entry
        return seen

    def staged(self, directory):
        status, said = self.ground.run(self.at(directory), 'git', 'write-tree')
        return said if status == 0 else ''

    def remote_sound(self):
        """Packs are what their names say, manifests name only such."""
        packs = {}
        for remote in ('r', 'r2'):
            for at, _, files in os.walk(self.at(remote, 'packs')):
                for name in files:
                    if name.startswith('.'):
                        continue
                    with open(os.path.join(at, name), 'rb') as f:
                        data = f.read()
                    if digest(data) != name.split('.')[0]:
                        raise Wrong('damaged: ' + os.path.join(at, name))
                    packs[remote, name.split('.')[0]] = len(data)
            for at, _, files in os.walk(self.at(remote, 'manifests')):
                for name in files:
                    if not name.startswith('.'):
                        self.manifest_sound(remote, packs,
                                            os.path.join(at, name))

    def manifest_sound(self, remote, packs, path):
        with open(path) as f:
            for line in f:
                words = line.split()
                if words[0] in ('pack', 'trees') and \
                        packs.get((remote, words[1])) != int(words[2]):
                    raise Wrong('%s names a pack that is not there' % path)


class Trial:
    """One command, from one state."""

    def __init__(self, lab, command, rng):
        self.lab = lab
        self.rng = rng
        self.command = command
        self.cwd = lab.at(command.dir)
        self.words = ('mldv',) + command.words
        self.run = lab.ground.run
        lab.load('first')
        lab.sh(command.before)
        lab.save('before')
        self.before = lab.look()
        status, said = self.run(self.cwd, *self.words)
        if status != command.status:
            raise Wrong('left alone, it gives %d: %s' % (status, said))
        lab.remote_sound()
        self.parts = lab.touched('before')
        # Those of one project, in which two versions can be told apart.
        self.clones = [n for n in self.parts if os.path.exists(
            lab.at(n, '.git', 'mldv', 'store')) and not lab.ground.run(
                lab.at(n), 'git', 'rev-parse', '-q', '--verify', 'first')[0]]
        self.after = lab.look()
        self.tree = lab.staged(command.dir)
        self.main = {}
        self.data_kept()
        self.counts = {how: self.inject(how, 0)[2] for how in FAULTS}

    def inject(self, how, at):
        calls, signal, _ = FAULTS[how]
        self.lab.load('before', self.parts)
        count = os.path.join(self.lab.ground.top, 'count' + str(os.getpid()))
        more = '+' if how == 'full' else ''
        status, said = self.run(
            self.cwd, self.lab.ground.inject, calls, '%d%s' % (at, more),
            signal, count, *self.words)
        with open(count) as f:
            return status, said, int(f.read())

    def fault(self, how, at):
        """Whether there was such a call."""
        status, said, count = self.inject(how, at)
        if count < at:
            return False
        try:
            self.verdict(how, status, said)
        except Wrong as wrong:
            raise Wrong('%s at call %d, status %d:\n%s%s' %
                        (how, at, status, said, wrong)) from None
        return True

    def verdict(self, how, status, said):
        if how != 'killed' and status != self.command.status:
            self.explained(status, said, FAULTS[how][2])
        self.unharmed()
        self.lab.remote_sound()
        self.whole()
        done = self.lab.look() == self.after
        if how != 'killed' and status == self.command.status and not done:
            raise Wrong('it did not do all, and did not say so:\n' +
                        difference(self.after, self.lab.look()))
        self.again(done)
        # It costs more than all of the rest.
        if self.rng.random() < 0.3 or self.command.always:
            self.data_kept()

    def explained(self, status, said, cause):
        last = said.strip().splitlines()[-1] if said.strip() else ''
        if status != 1 and status not in self.command.errors:
            raise Wrong('status %d' % status)
        if not last.startswith('mldv: ') or cause not in said or \
                not re.search(r"'[^']+'|Git's index", said):
            raise Wrong('it does not say what failed, and why')

    def unharmed(self):
        now = self.lab.look()
        for path, entry in now.items():
            # Lines of it come and go one by one; and that nothing is wanted
            # is noted first.
            if os.path.basename(path) == '.gitignore' or \
                    '/.git/mldv/parts/' in path:
                continue
            if entry not in (self.before.get(path), self.after.get(path)):
                raise Wrong("'%s' is neither as before nor as after" % path)
        for path, entry in self.before.items():
            if path not in now and self.after.get(path) == entry and \
                    not path.startswith(self.command.aside):
                raise Wrong("'%s' is gone" % path)

    def whole(self):
        """Or it is said what to do."""
        if not self.command.fsck:
            return
        status, said = self.run(self.lab.at(self.command.fsck), 'mldv', 'fsck')
        if status == 0:
            return
        if status in (4, 5) and 'mldv ' in said.replace('mldv: ', '') and \
                status in self.command.may:
            return
        raise Wrong('mldv fsck gives %d:\n%s' % (status, said))

    def again(self, done):
        status, said = self.run(self.cwd, *self.words)
        if status != self.command.status and not (done and self.command.once):
            raise Wrong('again, it gives %d:\n%s' % (status, said))
        text = difference(self.after, self.lab.look())
        if text:
            raise Wrong('typed again, it does not do what it should:\n' + text)
        if not self.command.random and \
                self.lab.staged(self.command.dir) != self.tree:
            raise Wrong('typed again, it leaves other things staged')
        # What has nothing to do does not sweep; who comes next does.
        if status != self.command.status:
            return
        left = [path for name in os.listdir(self.lab.world)
                if name not in ('r', 'r2')
                for path in leftovers(self.lab.at(name))
                if not self.command.litter]
        if left:
            raise Wrong('typed again, it leaves ' + ' '.join(left))

    def data_kept(self):
        """Every version can be had, here and from the remote."""
        lab = self.lab
        # What the command made for Git is a commit, too.
        for name in self.clones:
            lab.sh('cd %s && if ! git diff --cached --quiet; then '
                   'git commit -qm later; fi' % name)
            self.bring(name, 'first')
            text = difference(lab.first, self.data(name))
            if text:
                raise Wrong('the first version is another one:\n' + text)
            self.bring(name, 'main')
            now = self.data(name)
            text = difference(self.main.setdefault(name, now), now)
            if text:
                raise Wrong('the last version is another one:\n' + text)
        if self.command.pushed is not None:
            self.pulled()

    def data(self, name):
        return {p: e for p, e in snapshot(self.lab.at(name)).items()
                if '.mldv-tmp.' not in p}

    def bring(self, name, revision):
        lab = self.lab
        if self.run(lab.at(name), 'git', 'checkout', '-qf', revision)[0]:
            raise Wrong('git checkout fails')
        for path in commands.DATA:
            erase(lab.at(name, path))
        items = ['out'] + [
            item[:-len('.mldv')] for item in lab.ground.must(
                lab.at(name), 'git', 'ls-files', '*.mldv').split()]
        status, said = self.run(lab.at(name), 'mldv', 'checkout', *items)
        if status == 5:
            status, said = self.run(lab.at(name), 'mldv', 'pull', *items)
        if status != 0:
            raise Wrong('%s: it cannot be had: %s' % (revision, said))

    def pulled(self):
        """A new clone gets what was pushed."""
        lab = self.lab
        lab.sh('rm -rf ../new && git clone -q p ../new')
        status, said = self.run(lab.at('..', 'new'), 'mldv', 'pull',
                                *self.command.pushed)
        if status != 0:
            raise Wrong('a new clone cannot pull: ' + said)
        text = difference(self.data('p'), self.data('../new'))
        if text:
            raise Wrong('a new clone has other data:\n' + text)


def order(counts, rng):
    """All faults and calls, such that any beginning is spread evenly."""
    cases = []
    for how in FAULTS:
        start = rng.random()
        turns = [((start + i * 0.6180339887) % 1, i)
                 for i in range(counts[how])]
        line = [n for _, n in sorted(turns)]
        # The golden ratio's multiples: each falls into a largest gap.
        rank = {call: at for at, call in enumerate(line)}
        spread = sorted(range(counts[how]),
                        key=lambda i: (start + rank[i] * 0.6180339887) % 1)
        cases += [(at / max(1, counts[how]), how, n + 1)
                  for at, n in enumerate(spread)]
    cases.sort(key=lambda case: case[0])
    return [(how, n) for _, how, n in cases]


def try_command(lab, command, until, rng, system):
    """How many faults, and how many of them were wrong."""
    name = '%s: %s' % (system, command.name)
    try:
        trial = Trial(lab, command, rng)
    except Wrong as wrong:
        complain(name, str(wrong))
        return 0, 1
    cases = order(trial.counts, rng)
    tried, wrongs = 0, []
    for how, at in cases:
        if until and time.time() > until and tried >= 4:
            break
        try:
            tried += trial.fault(how, at)
        except Wrong as wrong:
            tried += 1
            wrongs.append((how, at))
            if len(wrongs) <= 2:
                complain(name, str(wrong))
    print('%sok - %s: %d of %d faults%s' % (
        'not ' if wrongs else '', name, tried, len(cases),
        ', wrong: %s' % ' '.join('%s@%d' % w for w in wrongs)
        if wrongs else ''), flush=True)
    lab.forget('before')
    return tried, len(wrongs)


def complain(name, text):
    print('not ok - ' + name)
    print('# ' + text.replace('\n', '\n# '), flush=True)


def mount(top, system):
    """Its mount point; None if it cannot be."""
    image = os.path.join(top, system + '.img')
    point = os.path.join(top, system)
    os.mkdir(point)
    with open(image, 'wb') as f:
        f.truncate(IMAGE_MB << 20)
    quiet = {'stdout': subprocess.DEVNULL, 'stderr': subprocess.DEVNULL}
    try:
        subprocess.run(['mkfs.' + system, '-q', image], check=True, **quiet)
        subprocess.run(['mount', '-o', 'loop', image, point], check=True,
                       **quiet)
    except (OSError, subprocess.CalledProcessError):
        os.unlink(image)
        return None
    return point


def try_system(ground, system, point, chosen):
    """In a process of its own: both file systems at once."""
    env = os.environ
    minutes = float(env.get('MINUTES') or 10)
    end = time.time() + 60 * minutes
    rng = random.Random(env['SEED'] + system)
    lab = Lab(ground, point)
    commands.make(lab)
    tried = wrong = 0
    for i, command in enumerate(chosen):
        share = (end - time.time()) / (len(chosen) - i)
        until = None if env.get('ALL') else time.time() + share
        one = try_command(lab, command, until, rng, system)
        tried += one[0]
        wrong += one[1]
    print('# %s: %d commands, %d faults, %d wrong' % (
        system, len(chosen), tried, wrong), flush=True)
    return wrong


def own_mounts():
    """Nobody else sees what is mounted here, and it goes away with us."""
    if os.environ.get('MLDV_OWN_MOUNTS') or not shutil.which('unshare'):
        return
    os.environ['MLDV_OWN_MOUNTS'] = '1'
    if subprocess.run(['unshare', '-m', 'true'], check=False,
                      stderr=subprocess.DEVNULL).returncode == 0:
        os.execvp('unshare', ['unshare', '-m', sys.executable, '-B'] +
                  sys.argv)


def main():
    own_mounts()
    env = os.environ
    env['SEED'] = env.get('SEED') or str(
        random.SystemRandom().randrange(10**6))
    print('# the seed is ' + env['SEED'], flush=True)
    names = (env.get('COMMANDS') or '').split(',')
    chosen = [c for c in commands.COMMANDS if names == [''] or c.name in names]
    systems = (env.get('SYSTEMS') or 'ext4 xfs').split()
    ground = Ground(4 * IMAGE_MB)
    failed = 0
    try:
        points = {s: mount(ground.top, s) for s in systems}
        for system in [s for s in systems if not points[s]]:
            print('# skip %s: it cannot be mounted here' % system, flush=True)
            del points[system]
        if not points:
            points['here'] = os.path.join(ground.top, 'here')
            os.mkdir(points['here'])
        children = []
        for system, point in points.items():
            child = os.fork()
            if child == 0:
                os._exit(try_child(ground, system, point, chosen))
            children.append(child)
        for child in children:
            failed |= os.waitpid(child, 0)[1] != 0
        for system in points:
            subprocess.run(['umount', os.path.join(ground.top, system)],
                           stderr=subprocess.DEVNULL, check=False)
    finally:
        ground.close()
    return int(failed)


def try_child(ground, system, point, chosen):
    try:
        return int(try_system(ground, system, point, chosen) > 0)
    except Wrong as wrong:
        complain(system, str(wrong))
        return 1


if __name__ == '__main__':
    sys.exit(main())
