#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Random histories of three clones, compared with a plain copy.

Three clones of one bare repository, with one directory remote, do what users
do, in any order, and are killed now and then. A model keeps the bytes of
every version. After each step the clone that took it shows what the model
says; at the end every commit's data can be had, in a fresh clone too.

    MINUTES   how long to go on with new histories (10)
    SEED      of the first history; the next has the next number
    STEPS     in a history (60), or which: "3,4,17" of those of SEED, once
    HISTORIES how many, instead of MINUTES

A step depends on the seed, on its number, and on what it finds, and so a
history from which steps are left out is one, too: a failing one is made
shorter by that before it is shown.
"""

import json
import os
import random
import re
import sys
import time

from ground import Ground, Wrong, age, difference, digest, erase, leftovers
from ground import snapshot

# Items may be of any kind, and anywhere.
PATHS = ('data/a', 'data/b', 'data/deep/c c', 'data/deep/d\u00e9',
         'single.bin', 'x')
INSIDE = ('one', 'two.txt', 'sub/one', 'sub/three', 'sub/deep/er/four',
          'other/five', '#6', 'hollow/')
CLONES = ('a', 'b', 'c')
KILLS_UP_TO = 150


class Model:
    """The plain copy: every byte that was ever there, by its hash, and what
    every pointer stands for."""

    def __init__(self):
        self.blobs = {}
        self.contents = {}  # (kind, oid) -> {path inside: (kind, hash)}
        self.oids = {}      # the other way round
        self.commits = {}   # id -> {path: (kind, oid)}

    def keep(self, data):
        name = digest(data)
        self.blobs[name] = data
        return name

    def learn(self, pointer, content):
        """One content has one pointer, and the other way round."""
        text = repr(sorted(content.items()))
        known = self.contents.setdefault(pointer, content)
        if known != content:
            raise Wrong('the pointer says %s, which is other content:\n%s' %
                        (pointer, difference(content, known)))
        known = self.oids.setdefault(text, pointer)
        if known != pointer:
            raise Wrong('%s is the same content as %s' % (pointer, known))


class Clone:
    """What the model says of one clone."""

    def __init__(self, name, path):
        self.name = name
        self.path = path
        self.items = {}  # path -> (kind, oid), as the pointers say
        self.disk = {p: {} for p in PATHS}
        self.parts = {}  # path -> what is wanted of it, not all
        self.had = set()          # entries that its store has, unless
        self.gced = False         # some of them were collected
        self.killed_last = False  # what that left is not swept yet

    def at(self, *names):
        return os.path.join(self.path, *names)


class History:
    def __init__(self, seed, ground, log):
        self.seed = seed
        self.ground = ground
        self.log = log
        self.model = Model()
        self.top = os.path.join(ground.top, 'h')
        self.clones = []
        self.kills = 0
        self.commands = 0
        self.rng = random.Random(seed)
        self.step = 'start'
        self.fragile = False  # may commands be killed now?

    # --- commands ---

    def git(self, clone, *words):
        return self.ground.must(clone.path, 'git', *words)

    def mldv(self, clone, *words, may=(0,), again=(0,), check=True):
        """Runs it, and may kill it first: then all is whole, and it is run
        again. Its status is one of may; again, if it had been killed."""
        self.commands += 1
        killed = False
        if self.fragile and self.rng.random() < 0.3:
            killed = self.killed(clone, words)
        status, said = self.ground.run(clone.path, 'mldv', *words)
        self.log('    %s: mldv %s%s: %d' % (
            clone.name, ' '.join(words),
            ' (killed before)' if killed else '', status))
        if status not in may and not (killed and status in again):
            raise Wrong('status %d from: mldv %s\n%s' %
                        (status, ' '.join(words), said))
        return status, said

    def killed(self, clone, words, signal='KILL'):
        """Whether it was, or was done before that."""
        at = self.rng.randint(1, self.rng.choice((10, 40, KILLS_UP_TO)))
        count = os.path.join(self.ground.top, 'count')
        status, said = self.ground.run(
            clone.path, self.ground.inject, 'all', str(at), signal, count,
            'mldv', *words)
        self.kills += status == 137
        self.log('    %s: mldv %s, killed at %d: %d' % (
            clone.name, ' '.join(words), at, status))
        if status == 125:
            raise Wrong('inject does not work: ' + said)
        if status == 137:
            self.whole(clone)
        return True

    def whole(self, clone):
        """Nothing in the store is broken, here and on the remote."""
        status, said = self.ground.run(clone.path, 'mldv', 'fsck')
        if status not in (0, 5) or (status == 5 and "; run '" not in said and
                                    'mldv fetch' not in said):
            raise Wrong('status %d from: mldv fsck\n%s' % (status, said))
        self.sound()

    def sound(self):
        """No manifest names a pack that is not there."""
        for at, _, files in os.walk(os.path.join(self.top, 'r', 'manifests')):
            for name in files:
                if name.startswith('.'):
                    continue
                with open(os.path.join(at, name)) as f:
                    for line in f:
                        if line.startswith(('pack ', 'trees ')):
                            self.sound_pack(name, line.split())

    def sound_pack(self, manifest, words):
        pack = os.path.join(self.top, 'r', 'packs', words[1][:2],
                            words[1] + '.tar.zst')
        try:
            size = os.path.getsize(pack)
        except FileNotFoundError:
            size = -1
        if size != int(words[2]):
            raise Wrong('manifest %s names pack %s, which has %d bytes' %
                        (manifest, words[1], size))

    # --- the beginning ---

    def start(self):
        erase(self.top)
        os.mkdir(self.top)
        os.mkdir(os.path.join(self.top, 'r'))
        server = os.path.join(self.top, 's.git')
        self.ground.must(self.top, 'git', 'init', '-q', '--bare', server)
        for name in CLONES:
            clone = Clone(name, os.path.join(self.top, name))
            self.ground.must(self.top, 'git', 'clone', '-q', server, name)
            if not self.clones:
                self.git(clone, 'checkout', '-q', '-b', 'main')
                self.mldv(clone, 'init')
                self.mldv(clone, 'remote', 'add', 'origin',
                          os.path.join(self.top, 'r'))
                self.write(clone, PATHS[0], 'one')
                clone.disk[PATHS[0]] = snapshot(clone.at(PATHS[0]))
                self.add(clone, PATHS[0])
                self.git(clone, 'commit', '-qm', 'start')
                self.remember(clone)
                self.mldv(clone, 'push')
                self.git(clone, 'push', '-qu', 'origin', 'main')
            else:
                self.repoint(clone)
                self.sync(clone, 'pull')
            self.clones.append(clone)

    # --- what is compared ---

    def pointer(self, text):
        kind = re.search(r'^kind (\w+)$', text, re.M)
        oid = re.search(r'^oid sha256:([0-9a-f]{64})$', text, re.M)
        if not kind or not oid:
            raise Wrong('no pointer:\n' + text)
        return kind.group(1), oid.group(1)

    def read_pointers(self, clone):
        """As they lie in the work tree."""
        found = {}
        for path in PATHS:
            if os.path.lexists(clone.at(path + '.mldv')):
                with open(clone.at(path + '.mldv')) as f:
                    found[path] = self.pointer(f.read())
        return found

    def content(self, pointer):
        try:
            return self.model.contents[pointer]
        except KeyError:
            raise Wrong('nobody added %s %s' % pointer) from None

    def visible(self, clone, path):
        """What is to lie at path if nothing is changed there."""
        content = self.content(clone.items[path])
        wanted = clone.parts.get(path)
        if wanted is None:
            return content
        return {p: e for p, e in content.items()
                if p == '' or any(inside(p, w) or (inside(w, p))
                                  for w in wanted)}

    def clean(self, clone, path):
        return path in clone.items and \
            clone.disk[path] == self.visible(clone, path)

    def verify(self, clone):
        """What it has and shows is what the model says."""
        fragile, self.fragile = self.fragile, False
        self.compare(clone)
        self.fragile = fragile

    def compare(self, clone):
        pointers = self.read_pointers(clone)
        if pointers != clone.items:
            raise Wrong('%s has pointers %s, not %s' %
                        (clone.name, pointers, clone.items))
        for path in PATHS:
            text = difference(clone.disk[path], snapshot(clone.at(path)))
            if text:
                raise Wrong("%s has other data in '%s':\n%s" %
                            (clone.name, path, text))
        left = leftovers(clone.path)
        if left and not self.excused(clone):
            raise Wrong('left behind: ' + ' '.join(left))
        self.verify_listing(clone)
        self.verify_status(clone)
        self.sound()

    def excused(self, clone):
        """Commands other than the one that was killed need not sweep."""
        return clone.killed_last

    def verify_listing(self, clone):
        listed = json.loads(self.mldv(clone, 'ls', '--json')[1])
        shown = {e['path']: (e['kind'], e['files']) for e in listed}
        expected = {}
        for path, pointer in clone.items.items():
            files = [e for e in self.content(pointer).values() if e[0] != 'd']
            expected[path] = (pointer[0], len(files))
        if shown != expected:
            raise Wrong('mldv ls shows %s, not %s' % (shown, expected))

    def verify_status(self, clone):
        status = json.loads(self.mldv(clone, 'status', '-a', '--json')[1])
        shown = {}
        for item in status['items']:
            if item['state'] not in ('here only', 'untracked', 'part'):
                shown[item['path']] = item['state']
        for path in clone.items:
            state = shown.get(path)
            if clone.disk[path] == {}:
                expected = ('deleted', 'not here')
            elif self.clean(clone, path):
                expected = ('clean',) if path not in clone.parts \
                    else ('clean', None)
            else:
                expected = ('modified',)
            if state not in expected:
                raise Wrong("mldv status says '%s' of '%s', not %s" %
                            (state, path, expected))

    def remember(self, clone):
        """The commit that was just made."""
        commit = self.git(clone, 'rev-parse', 'HEAD').strip()
        self.model.commits[commit] = dict(clone.items)
        return commit

    # --- the work tree, without mldv ---

    def blob(self):
        """Bytes: new ones, of many kinds, or some that were there before."""
        rng = self.rng
        how = rng.random()
        if how < 0.25 and self.model.blobs:
            return self.model.blobs[rng.choice(sorted(self.model.blobs))]
        if how < 0.3:
            return b''
        if how < 0.35:
            return b'mldv-tree 1\n'
        if how < 0.6:
            return b'line %d\n' % rng.randrange(10**6) * rng.randint(1, 2000)
        if how < 0.63:
            return rng.randbytes(4 * 2**20 + rng.randrange(2**20))
        if how < 0.67:
            big = [b for b in self.model.blobs.values() if len(b) > 2**22]
            if big:
                old = rng.choice(big)
                at = rng.randrange(len(old))
                return old[:at] + rng.randbytes(300) + old[at:]
        return rng.randbytes(rng.choice((1, 100, 3000, 300000)))

    def write(self, clone, path, where):
        """A new file, link or directory; what was there goes."""
        full = clone.at(path, where.rstrip('/')) if where else clone.at(path)
        parent = os.path.dirname(full)
        while not os.path.isdir(parent) or os.path.islink(parent):
            if os.path.lexists(parent):
                os.unlink(parent)
            parent = os.path.dirname(parent)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        erase(full)
        if where.endswith('/'):
            os.mkdir(full)
            return
        if self.rng.random() < 0.05:
            os.symlink(self.rng.choice(('one', '../x', '/nowhere')), full)
            self.model.keep(os.readlink(full).encode())
            return
        data = self.blob()
        self.model.keep(data)
        with open(full, 'wb') as f:
            f.write(data)
        if self.rng.random() < 0.1:
            os.chmod(full, 0o755)

    def edit(self, clone, path):
        """Something inside an item that is here changes."""
        here = clone.disk[path]
        rng = self.rng
        if here[''][0] != 'd':
            self.write(clone, path, '')
        else:
            for _ in range(rng.randint(1, 3)):
                files = sorted(p for p in here if p)
                if rng.random() < 0.3 and files:
                    erase(clone.at(path, rng.choice(files)))
                elif rng.random() < 0.5 and files:
                    chosen = rng.choice(files)
                    self.write(clone, path, chosen)
                elif path not in clone.parts:
                    self.write(clone, path, rng.choice(INSIDE))
        clone.disk[path] = snapshot(clone.at(path))

    # --- steps: each says whether it had anything to do ---

    def step_edit(self, clone):
        here = [p for p in PATHS if clone.disk[p] and p in clone.items]
        if not here:
            return False
        self.edit(clone, self.rng.choice(here))
        return True

    def step_new(self, clone):
        """A new item."""
        free = [p for p in PATHS if p not in clone.items]
        if not free:
            return False
        path = self.rng.choice(free)
        erase(clone.at(path))
        if path == 'single.bin' or self.rng.random() < 0.2:
            self.write(clone, path, '')
        else:
            for where in self.rng.sample(INSIDE, self.rng.randint(1, 6)):
                self.write(clone, path, where)
        clone.disk[path] = snapshot(clone.at(path))
        self.add(clone, path)
        return True

    def step_add(self, clone):
        """What was changed is taken in."""
        changed = [p for p in clone.items
                   if clone.disk[p] and not self.clean(clone, p)]
        if not changed:
            return False
        self.add(clone, self.rng.choice(changed))
        return True

    def add(self, clone, path):
        content = clone.disk[path]
        if path not in clone.items:
            # What was wanted of one that is gone says nothing of a new one.
            clone.parts.pop(path, None)
        if path in clone.parts:
            content = self.merged(clone, path)
        self.mldv(clone, 'add', path)
        clone.had.update(clone.disk[path].values())
        clone.items[path] = self.read_pointers(clone)[path]
        self.model.learn(clone.items[path], content)

    def merged(self, clone, path):
        """What is here of an item, and what is not, of its last version."""
        old = self.content(clone.items[path])
        seen = self.visible(clone, path)
        content = {p: e for p, e in old.items() if p not in seen}
        content.update(clone.disk[path])
        return content

    def step_add_part(self, clone):
        """Only a part of what was changed is taken in."""
        choice = []
        for path in clone.items:
            if path in clone.parts or self.clean(clone, path):
                continue
            for where in clone.disk[path]:
                if where:
                    choice.append((path, where))
        if not choice:
            return False
        path, where = self.rng.choice(sorted(choice))
        if clone.items[path][0] != 'dir':
            return False
        old = self.content(clone.items[path])
        # What lies above must be directories, in the item too.
        above = where
        while '/' in above:
            above = above.rsplit('/', 1)[0]
            if old.get(above, ('d', ''))[0] != 'd':
                return False
        content = {p: e for p, e in old.items() if not inside(p, where)}
        for p, e in clone.disk[path].items():
            if inside(p, where) or inside(where, p):
                content[p] = e
        self.mldv(clone, 'add', path + '/' + where)
        # Where nothing else lies, the rest is taken to be not here, and not
        # to be deleted.
        if path not in clone.parts and all(
                inside(p, where) or inside(where, p)
                for p in clone.disk[path]) and content != clone.disk[path]:
            clone.parts[path] = {where}
        clone.items[path] = self.read_pointers(clone)[path]
        self.model.learn(clone.items[path], content)
        return True

    def step_rm(self, clone):
        if not clone.items:
            return False
        path = self.rng.choice(sorted(clone.items))
        dirty = clone.disk[path] and not self.clean(clone, path)
        keep = self.rng.random() < 0.2
        if keep:
            self.mldv(clone, 'rm', '-k', path, again=(1,))
        elif dirty:
            self.mldv(clone, 'rm', path, may=(3,))
            self.verify(clone)
            self.mldv(clone, 'rm', '-f', path, again=(1,))
        else:
            self.mldv(clone, 'rm', path, again=(1,))
        del clone.items[path]
        clone.parts.pop(path, None)
        if not keep:
            clone.disk[path] = {}
        elif self.rng.random() < 0.5:
            erase(clone.at(path))
            clone.disk[path] = {}
        return True

    def step_mv(self, clone):
        free = [p for p in PATHS
                if p not in clone.items and not clone.disk[p]]
        if not free or not clone.items:
            return False
        path, to = self.rng.choice(sorted(clone.items)), self.rng.choice(free)
        if path in clone.parts:
            return False
        self.mldv(clone, 'mv', path, to, again=(1,))
        clone.items[to] = clone.items.pop(path)
        clone.disk[to], clone.disk[path] = clone.disk[path], {}
        return True

    def commit(self, clone):
        """Everything that mldv staged; it must have staged everything."""
        status = self.git(clone, 'status', '--porcelain', '-uno')
        if not status:
            return False
        for line in status.splitlines():
            if line[1] != ' ':
                raise Wrong('not staged: ' + status)
        self.git(clone, 'commit', '-qm', 'step %s' % self.step)
        self.remember(clone)
        return True

    def step_commit(self, clone):
        return self.commit(clone)

    def revisions(self, clone):
        """Commits that the server does not have, oldest first."""
        return self.git(clone, 'rev-list', '--reverse', 'HEAD',
                        '^origin/main').split()

    def push_data(self, clone):
        for commit in self.revisions(clone):
            self.mldv(clone, 'push', '--revision', commit)

    def step_push(self, clone):
        """Data first, then commits; if somebody was faster, later."""
        self.push_data(clone)
        if self.rng.random() < 0.5:
            self.mldv(clone, 'push')
        status, said = self.ground.run(
            clone.path, 'git', 'push', '-q', 'origin', 'HEAD:main')
        if status != 0 and 'rejected' not in said:
            raise Wrong('git push: ' + said)
        self.log('    %s: git push: %d' % (clone.name, status))
        return True

    def step_push_killed(self, clone):
        """It dies, and nobody pushes again for a while."""
        self.killed(clone, ('push',))
        clone.killed_last = True
        return True

    def sync(self, clone, *words):
        """A checkout or pull, after the pointers have changed: each item is
        here, or as it was and mldv says that it would lose something."""
        before = clone.disk
        status, said = self.mldv(clone, *words, may=(0, 1, 5))
        if status == 1 and '--force' not in said:
            raise Wrong(said)
        if status == 5 and words[0] == 'pull':
            raise Wrong('it was pushed, and is not there:\n' + said)
        after = {p: snapshot(clone.at(p)) for p in PATHS}
        for path in PATHS:
            goal = before[path]
            if path in clone.items:
                goal = self.visible(clone, path)
            if after[path] == goal or \
                    (status != 0 and after[path] == before[path]):
                continue
            raise Wrong("'%s' is neither as before nor as it should be:\n%s" %
                        (path, difference(goal, after[path])))
        clone.disk = after
        if status == 0:
            for path in clone.items:
                clone.had.update(after[path].values())
        if status == 1 and not self.dirty(clone, before):
            raise Wrong('nothing would be lost:\n' + said)
        return status

    def dirty(self, clone, before):
        """Whether there may be content that no version has."""
        return clone.gced or any(
            entry not in clone.had
            for path in PATHS for entry in before[path].values())

    def bring(self, clone):
        """To the version of the pointers, whatever it takes."""
        words = self.rng.choice((('checkout',), ('pull',)))
        status = self.sync(clone, *words)
        if status == 5:
            status = self.sync(clone, 'pull')
        if status == 1:
            self.verify(clone)
            self.sync(clone, 'pull', '-f')
            for path in clone.items:
                if not self.clean(clone, path):
                    raise Wrong("'%s' is not here after pull -f" % path)

    def step_pull(self, clone):
        """Git's pull, with its conflicts, and then the data."""
        self.commit(clone)
        self.git(clone, 'fetch', '-q')
        status, said = self.ground.run(
            clone.path, 'git', 'merge', '-q', '-m',
            'merge %s' % self.step, 'origin/main')
        self.log('    %s: git merge: %d' % (clone.name, status))
        if status != 0:
            self.resolve(clone, said)
        self.repoint(clone)
        self.remember(clone)
        self.bring(clone)
        return True

    def repoint(self, clone):
        """Git has changed the pointers."""
        clone.items = self.read_pointers(clone)

    def resolve(self, clone, said):
        names = self.git(clone, 'diff', '-z', '--name-only',
                         '--diff-filter=U').split('\0')
        if not any(names):
            raise Wrong('git merge: ' + said)
        side = self.rng.choice(('--ours', '--theirs'))
        self.during_conflict(clone)
        for name in filter(None, names):
            if name.endswith('.gitignore'):
                self.resolve_ignore(clone, name)
                continue
            status, _ = self.ground.run(
                clone.path, 'git', 'checkout', '-q', side, '--', name)
            if status == 0:
                self.git(clone, 'add', '-f', '--', name)
            else:  # that side has none
                self.git(clone, 'rm', '-qf', '--', name)
        for name in self.git(clone, 'ls-files', '-z', '*.mldv').split('\0'):
            if name:
                self.ignore(clone, name[:-len('.mldv')])
        self.git(clone, 'commit', '-qm', 'merge %s' % self.step)

    def during_conflict(self, clone):
        """A pointer with conflict markers is none, and mldv says so; and a
        collection keeps what either side needs."""
        self.ground.run(clone.path, 'mldv', 'status')
        if self.rng.random() < 0.3:
            self.mldv(clone, 'gc', '--delete', may=(0, 2, 3, 4))

    def resolve_ignore(self, clone, name):
        lines = set()
        for stage in (2, 3):
            status, text = self.ground.run(
                clone.path, 'git', 'show', ':%d:%s' % (stage, name))
            if status == 0:
                lines.update(text.splitlines())
        os.makedirs(os.path.dirname(clone.at(name)), exist_ok=True)
        with open(clone.at(name), 'w') as f:
            f.write(''.join(line + '\n' for line in sorted(lines)))
        self.git(clone, 'add', '--', name)

    def ignore(self, clone, path):
        """The line of an item that a merge has lost."""
        parent, base = os.path.split(path)
        name = os.path.join(parent, '.gitignore')
        lines = []
        if os.path.exists(clone.at(name)):
            with open(clone.at(name)) as f:
                lines = f.read().splitlines()
        if '/' + base in lines:
            return
        with open(clone.at(name), 'w') as f:
            f.write(''.join(x + '\n' for x in lines + ['/' + base]))
        self.git(clone, 'add', '--', name)

    def step_visit(self, clone):
        """An older commit, and back."""
        self.commit(clone)
        commits = self.git(clone, 'rev-list', 'HEAD').split()
        self.visit(clone, self.rng.choice(commits))
        self.git(clone, 'checkout', '-q', 'main')
        self.repoint(clone)
        self.bring(clone)
        return True

    def visit(self, clone, commit):
        self.log('    %s: git checkout %s' % (clone.name, commit[:8]))
        self.git(clone, 'checkout', '-q', '--detach', commit)
        self.repoint(clone)
        if clone.items != self.model.commits[commit]:
            raise Wrong('commit %s has pointers %s, not %s' % (
                commit, clone.items, self.model.commits[commit]))
        self.bring(clone)
        self.verify(clone)

    def step_abandon(self, clone):
        """Data of a commit was pushed, and the commit was not, and goes."""
        self.commit(clone)
        ahead = self.git(clone, 'rev-list', '--first-parent', 'HEAD',
                         '^origin/main').split()
        if not ahead:
            return False
        if self.rng.random() < 0.7:
            self.mldv(clone, 'push')
        self.git(clone, 'reset', '-q', '--hard', 'HEAD~1')
        self.repoint(clone)
        self.bring(clone)
        return True

    def step_forget(self, clone):
        """Git forgets what no branch has any more."""
        self.git(clone, 'reflog', 'expire', '--expire=now', '--all')
        for name in ('ORIG_HEAD', 'FETCH_HEAD'):
            erase(clone.at('.git', name))
        self.git(clone, 'gc', '-q', '--prune=now')
        return True

    def step_gc(self, clone):
        """Time passes, and a collection of the store."""
        if self.rng.random() < 0.7:
            age(clone.at('.git', 'mldv', 'store'), 2)
        self.mldv(clone, 'gc', '--delete')
        clone.gced = True
        self.whole(clone)
        return True

    def step_gc_remote(self, clone):
        """Time passes, and a collection of the remote."""
        age(os.path.join(self.top, 'r'), self.rng.choice((0, 1, 2, 8, 20)))
        self.mldv(clone, 'gc', '-r', 'origin', '--delete')
        if self.rng.random() < 0.1:
            self.mldv(clone, 'gc', '-r', 'origin', '--undo', may=(0, 3, 5))
        self.sound()
        return True

    def step_gc_killed(self, clone):
        age(os.path.join(self.top, 'r'), self.rng.choice((0, 2, 20)))
        self.killed(clone, ('gc', '-r', 'origin', '--delete'))
        clone.killed_last = True
        return True

    def on_server(self, clone, path):
        """Whether a commit that the server has says this of it."""
        pushed = self.git(clone, 'rev-parse', 'origin/main').strip()
        return self.model.commits[pushed].get(path) == clone.items.get(path)

    def step_drop(self, clone):
        """Room is given back; only what Git's server knows of stays."""
        choice = [p for p in sorted(clone.items)
                  if self.on_server(clone, p) and self.clean(clone, p)]
        if not choice:
            return False
        path = self.rng.choice(choice)
        self.mldv(clone, 'drop', path)
        clone.disk[path] = {}
        clone.gced = True
        return True

    def step_pull_part(self, clone):
        """Of an item that is not here, something inside."""
        choice = []
        for path, pointer in sorted(clone.items.items()):
            if clone.disk[path] or not self.on_server(clone, path):
                continue
            if pointer[0] == 'dir':
                choice += [(path, w) for w in sorted(self.content(pointer))
                           if w]
        if not choice:
            return False
        path, where = self.rng.choice(choice)
        clone.parts.setdefault(path, set()).add(where)
        self.mldv(clone, 'pull', path + '/' + where)
        clone.disk[path] = self.visible(clone, path)
        return True

    def step_pull_rest(self, clone):
        if not clone.parts:
            return False
        path = self.rng.choice(sorted(clone.parts))
        if not self.clean(clone, path):
            return False
        self.mldv(clone, 'pull', path)
        del clone.parts[path]
        clone.disk[path] = self.visible(clone, path)
        return True

    def step_cat(self, clone):
        """A file of any version that the server has."""
        commits = self.git(clone, 'rev-list', 'origin/main').split()
        commit = self.rng.choice(commits)
        choice = []
        for path, pointer in sorted(self.model.commits[commit].items()):
            for where, (kind, name) in sorted(self.content(pointer).items()):
                if kind in 'fx':
                    choice.append((os.path.join(path, where).rstrip('/'),
                                   name))
        if not choice:
            return False
        path, name = self.rng.choice(choice)
        out = os.path.join(self.ground.top, 'out')
        self.ground.must(clone.path, 'sh', '-c', 'mldv cat "$1" >"$2"', 'sh',
                         path + '@' + commit, out)
        with open(out, 'rb') as f:
            if digest(f.read()) != name:
                raise Wrong('mldv cat %s@%s is other bytes' % (path, commit))
        return True

    # --- the whole ---

    steps = (
        (12, step_edit), (10, step_new), (12, step_add), (5, step_add_part),
        (3, step_rm), (4, step_mv), (10, step_commit), (10, step_push),
        (2, step_push_killed), (10, step_pull), (6, step_visit),
        (3, step_abandon), (2, step_forget), (4, step_gc),
        (5, step_gc_remote), (2, step_gc_killed), (4, step_drop),
        (4, step_pull_part), (2, step_pull_rest), (3, step_cat),
    )

    def take(self, number):
        """One step; which one depends on the seed and the number alone."""
        self.step = number
        self.rng = random.Random('%s:%s' % (self.seed, number))
        clone = self.rng.choice(self.clones)
        act = self.rng.choices([s for _, s in self.steps],
                               [w for w, _ in self.steps])[0]
        clone.killed_last = False
        self.log('%s: %s %s' % (number, clone.name,
                                act.__name__[len('step_'):]))
        self.fragile = True
        done = act(self, clone)
        self.fragile = False
        if done:
            self.verify(clone)
        return done

    def end(self):
        """Every commit's data can be had: the server's in a fresh clone, the
        others in the clones that made them."""
        self.step = 'end'
        self.rng = random.Random(self.seed)
        self.log('end')
        age(os.path.join(self.top, 'r'), 20)
        self.mldv(self.clones[0], 'gc', '-r', 'origin', '--delete')
        age(os.path.join(self.top, 'r'), 2)
        self.mldv(self.clones[1], 'gc', '-r', 'origin', '--delete')
        self.ground.must(self.top, 'git', 'clone', '-q', 's.git', 'fresh')
        fresh = Clone('fresh', os.path.join(self.top, 'fresh'))
        for commit in self.git(fresh, 'rev-list', 'HEAD').split():
            self.visit(fresh, commit)
        for clone in self.clones:
            clone.killed_last = False
            self.commit(clone)
            # What was reset away on other clones' remotes is theirs alone.
            for commit in self.git(clone, 'rev-list', '-n', '8',
                                   'HEAD').split():
                self.visit(clone, commit)
            self.git(clone, 'checkout', '-q', 'main')
            self.repoint(clone)
            self.bring(clone)
            self.verify(clone)
            self.ground.must(clone.path, 'mldv', 'fsck')


def inside(path, top):
    """Whether a path is at or below another."""
    return top == '' or path == top or path.startswith(top + '/')


def play(ground, seed, numbers, log):
    """None, or what is wrong; and the history."""
    history = History(seed, ground, log)
    taken = []
    try:
        history.start()
        for number in numbers:
            if history.take(number):
                taken.append(number)
        history.end()
    except Wrong as wrong:
        if history.step not in taken and history.step in numbers:
            taken.append(history.step)
        return str(wrong), history, taken
    return None, history, taken


def shorten(ground, seed, numbers, until):
    """Leaves steps out as long as it goes on to fail."""
    size = max(1, len(numbers) // 2)
    while size:
        at = 0
        while at < len(numbers) and time.time() < until:
            shorter = numbers[:at] + numbers[at + size:]
            wrong, _, taken = play(ground, seed, shorter, lambda line: None)
            if wrong:
                numbers = taken
            else:
                at += size
        size //= 2
    return numbers


def fail(ground, seed, wrong, taken):
    print('not ok - history %d: %s' % (seed, wrong))
    print('# making it shorter', flush=True)
    taken = shorten(ground, seed, taken, time.time() + 180)
    lines = []
    again, _, _ = play(ground, seed, taken, lines.append)
    print('\n'.join('# ' + line for line in lines))
    print('# ' + (again or 'it went well this time').replace('\n', '\n# '))
    print('# again: SEED=%d STEPS=%s python3 %s' % (
        seed, ','.join(map(str, taken)), os.path.relpath(__file__)))


def main():
    env = os.environ
    minutes = float(env.get('MINUTES') or 10)
    seed = int(env.get('SEED') or random.SystemRandom().randrange(10**6))
    steps = env.get('STEPS') or '60'
    histories = int(env.get('HISTORIES') or 0)
    if ',' in steps:
        numbers, histories = [int(n) for n in steps.split(',')], 1
    else:
        numbers = list(range(int(steps)))
    log = print if env.get('VERBOSE') else (lambda line: None)
    ground = Ground(1000)
    print('# the first seed is %d' % seed, flush=True)
    until = time.time() + 60 * minutes
    count = took = kills = commands = failed = 0
    try:
        while count < histories if histories else time.time() < until:
            wrong, history, taken = play(ground, seed + count, numbers, log)
            count += 1
            took += len(taken)
            kills += history.kills
            commands += history.commands
            if wrong:
                failed += 1
                fail(ground, seed + count - 1, wrong, taken)
                break
    finally:
        ground.close()
    if not failed:
        print('ok - %d histories, %d steps, %d commands, %d kills' %
              (count, took, commands, kills))
    return failed


if __name__ == '__main__':
    sys.exit(main())
