# SPDX-License-Identifier: Apache-2.0
"""The floors, mldv and its peers: how each of them does a step of a workload.

A step is a method of that name; a tool without it has nothing like it. Peers
do as little as their steps allow: what else they need (a commit, say) is not
timed.
"""

import os
import shutil

import data
from session import stored

STEPS = {
    'S': 'add status status_1 checkout push push_again pull add_cold'.split(),
    'J': 'add checkout push pull'.split(),
    'L': 'add status checkout push push_again add_V push_V pull'.split(),
    'C': 'add checkout push pull'.split(),
    'M': 'add status status_1 checkout push push_again pull'.split(),
    'N': 'add status status_1 checkout push push_again pull'.split(),
    'R': 'add checkout push pull'.split(),
    'H': 'add push'.split(),
    'T': 'version status_100'.split(),
}

REPEAT = 5


class Tool:
    name = ''

    def __init__(self, session, workload, source):
        self.session = session
        self.workload = workload
        self.source = source
        self.item = data.name(workload)
        self.repo = session.path('repo')
        self.moved = 0

    def start(self):
        self.session.run('git', 'init', '-q', self.repo)
        self.begin()

    def begin(self):
        """Makes the repository one of this tool's."""

    def close(self):
        """Ends what it has started."""

    def fill(self):
        self.session.copy(self.source, os.path.join('repo', self.item))
        self.session.ripen()

    def git(self, *argv):
        return self.session.run('git', *argv, cwd=self.repo)

    def time(self, step, *argv, **more):
        self.session.time(step, *argv, **{'cwd': self.repo, **more})

    def shell(self, step, text, **more):
        self.time(step, 'sh', '-ec', text, cwd=self.session.root, **more)

    def commit(self):
        self.git('add', '-A', '.')
        self.git('commit', '-q', '-m', 'c', '--allow-empty')

    def put_aside(self):
        """Nothing lies where the item was, and no folder was deleted."""
        item = os.path.join(self.repo, self.item)
        self.moved += 1
        if os.path.isfile(item) or os.path.islink(item):
            os.unlink(item)
        elif os.path.isdir(item):
            os.rename(item, self.session.path('old-%d' % self.moved))
        self.session.settle()

    def change_one(self):
        folder = os.path.join(self.repo, self.item)
        names = sorted(os.listdir(folder))
        if os.path.isdir(os.path.join(folder, names[0])):
            folder = os.path.join(folder, names[0])
            names = sorted(os.listdir(folder))
        path = os.path.join(folder, names[0])
        if os.path.islink(path):
            os.unlink(path)
        with open(path, 'ab') as out:
            out.write(b'changed')
        self.session.settle()

    def replace(self):
        """V comes in the place of L."""
        item = os.path.join(self.repo, self.item)
        if os.path.lexists(item):
            os.chmod(os.path.dirname(item), 0o755)
            os.unlink(item)
        self.session.copy(self.session.bench.source('V'),
                          os.path.join('repo', self.item))
        self.session.settle()

    def check(self, path):
        """What was checked out is what was stored."""
        if self.session.bench.verify:
            source = self.source
            if self.session.stored.get('add_V'):
                source = self.session.bench.source('V')
            self.session.run('diff', '-rq', source, path)

    def items_of_100(self):
        for i in range(100):
            shutil.copy(os.path.join(self.source, '%07d' % i),
                        os.path.join(self.repo, 'item%02d' % i))
        self.session.ripen()
        return ['item%02d' % i for i in range(100)]


class Floor(Tool):
    name = 'floor'

    def start(self):
        os.mkdir(self.repo)
        self.single = data.is_file(self.workload)
        self.zip = ['-z'] if self.workload in 'CJ' else []
        self.new = 0

    def floor(self, step, *argv, runs=1):
        self.session.time(step, self.session.bench.loop('floor'), *argv,
                          runs=runs, floor=True, cwd=self.repo)

    def fresh(self):
        self.new += 1
        return self.session.path('new-%d' % self.new)

    def add(self):
        if self.single:
            self.floor('add', 'hash', self.item)
        else:
            self.floor('add', *self.zip, 'add', self.item, '../packs')
            self.session.keep('add', self.session.path('packs'))

    def add_cold(self):
        self.floor('add_cold', *self.zip, '-t', '1', 'add', self.item,
                   '../packs')

    def status(self):
        self.floor('status', 'stat', self.item, runs=REPEAT)

    def status_1(self):
        self.floor('status_1', 'stat', self.item, runs=REPEAT)

    def checkout(self):
        self.session.settle()
        self.floor('checkout', 'copy' if self.single else 'create', self.item,
                   self.fresh())

    def push(self):
        remote = self.session.path('remote')
        self.session.settle()
        if self.workload == 'H':
            # Next to nothing of it has to be stored.
            self.floor('push', 'hash', self.item)
            return
        if self.single:
            self.floor('push', *self.zip, 'add', self.item, remote)
        else:
            self.floor('push', '-s', 'copy', '../packs', remote)
        self.session.keep('push', remote)

    def add_V(self):
        self.replace()
        self.floor('add_V', 'hash', self.item)

    def push_V(self):
        self.floor('push_V', 'hash', self.item)

    def pull(self):
        self.session.settle()
        self.floor('pull', 'pull', '../remote', '../store', self.item,
                   self.fresh())

    def version(self):
        self.time('version', 'true', runs=100)

    def status_100(self):
        self.items_of_100()
        self.time('status_100', self.session.bench.loop('floor'), 'stat', '.',
                  runs=20)


class Mldv(Tool):
    name = 'mldv'

    def begin(self):
        self.mldv('init')
        self.mldv('remote', 'add', 'origin', self.session.path('remote'))
        self.commit()

    def mldv(self, *argv, **more):
        return self.session.run('mldv', *argv, cwd=self.repo, **more)

    def store(self):
        return os.path.join(self.repo, '.git', 'mldv', 'store')

    def add(self):
        before = self.session.used()
        self.time('add', 'mldv', 'add', self.item)
        self.session.taken['add'] = self.session.used() - before
        self.session.keep('add', self.store())
        self.commit()

    def add_cold(self):
        self.time('add_cold', 'mldv', 'add', self.item)

    def status(self):
        self.session.settle()
        self.time('status', 'mldv', 'status', runs=REPEAT)

    def status_1(self):
        self.change_one()
        self.time('status_1', 'mldv', 'status', runs=REPEAT)

    def checkout(self):
        self.put_aside()
        self.time('checkout', 'mldv', 'checkout', self.item)
        self.check(os.path.join(self.repo, self.item))

    def push(self):
        self.session.settle()
        self.time('push', 'mldv', 'push')
        self.session.keep('push', self.session.path('remote'))

    def push_again(self):
        self.time('push_again', 'mldv', 'push', runs=REPEAT)
        self.session.count_remote('push_again', ['mldv', 'push'], self.repo)

    def add_V(self):
        before = stored(self.store())
        self.replace()
        self.time('add_V', 'mldv', 'add', self.item)
        self.session.keep('add_V', self.store(), before)
        self.commit()

    def push_V(self):
        before = stored(self.session.path('remote'))
        self.session.settle()
        self.time('push_V', 'mldv', 'push')
        self.session.keep('push_V', self.session.path('remote'), before)

    def pull(self):
        self.session.settle()
        clone = self.session.path('clone')
        if self.session.counting:
            self.session.run('git', 'clone', '-q', 'repo', 'clone')
            self.time('pull', 'mldv', 'pull', cwd=clone)
        else:
            self.shell('pull', 'git clone -q repo clone; cd clone; '
                       'exec mldv pull')
        self.session.keep('pull', os.path.join(clone, '.git/mldv/store'))
        self.check(os.path.join(clone, self.item))

    def version(self):
        self.time('version', 'mldv', 'version', runs=100)

    def status_100(self):
        self.mldv('add', *self.items_of_100())
        self.commit()
        self.session.settle()
        self.time('status_100', 'mldv', 'status', runs=20)


class Git(Tool):
    name = 'git'
    needs = 'git'
    version_of = 'git --version'

    def begin(self):
        self.session.run('git', 'init', '-q', '--bare', 'remote')
        self.git('remote', 'add', 'origin',
                 'file://' + self.session.path('remote'))

    def objects(self):
        return os.path.join(self.repo, '.git')

    def add(self):
        self.time('add', 'git', 'add', self.item)
        self.commit()
        self.session.keep('add', self.objects())

    def status(self):
        self.session.settle()
        self.time('status', 'git', 'status', '--porcelain', runs=REPEAT)

    def status_1(self):
        self.change_one()
        self.time('status_1', 'git', 'status', '--porcelain', runs=REPEAT)

    def checkout(self):
        self.put_aside()
        self.time('checkout', 'git', 'checkout', '-q', '--', self.item)

    def push(self):
        self.session.settle()
        self.time('push', 'git', 'push', '-q', 'origin', 'main')
        self.session.keep('push', self.session.path('remote'))

    def push_again(self):
        self.time('push_again', 'git', 'push', '-q', 'origin', 'main',
                  runs=REPEAT)

    def add_V(self):
        before = stored(self.objects())
        self.replace()
        self.time('add_V', 'git', 'add', self.item)
        self.commit()
        self.session.keep('add_V', self.objects(), before)

    def push_V(self):
        before = stored(self.session.path('remote'))
        self.session.settle()
        self.time('push_V', 'git', 'push', '-q', 'origin', 'main')
        self.session.keep('push_V', self.session.path('remote'), before)

    def pull(self):
        self.session.settle()
        self.shell('pull', 'git clone -q "file://$PWD/remote" clone')

    def version(self):
        self.time('version', 'git', 'version', runs=100)

    def status_100(self):
        self.git('add', *self.items_of_100())
        self.git('commit', '-q', '-m', 'c')
        self.session.settle()
        self.time('status_100', 'git', 'status', '--porcelain', runs=20)


class GitLfs(Git):
    name = 'git-lfs'
    needs = 'git-lfs'
    version_of = 'git-lfs version'

    def begin(self):
        super().begin()
        self.session.run('git', 'lfs', 'install')
        self.git('lfs', 'track', self.item + '/**'
                 if not data.is_file(self.workload) and self.workload != 'T'
                 else 'big.*' if self.workload != 'T' else 'item*')
        self.commit()

    def checkout(self):
        self.put_aside()
        self.time('checkout', 'git', 'lfs', 'checkout')

    def version(self):
        self.time('version', 'git', 'lfs', 'version', runs=20)


class GitAnnex(Git):
    name = 'git-annex'
    needs = 'git-annex'
    version_of = 'git-annex version --raw'
    checkout = None
    push_again = None

    def begin(self):
        self.git('annex', 'init', '-q', 'here')
        os.mkdir(self.session.path('remote'))
        self.git('annex', 'initremote', '-q', 'r', 'type=directory',
                 'directory=' + self.session.path('remote'),
                 'encryption=none')

    def add(self):
        self.time('add', 'git', 'annex', 'add', '-q', self.item)
        self.commit()
        self.session.keep('add', self.objects())

    def push(self):
        self.session.settle()
        self.time('push', 'git', 'annex', 'copy', '-q', '--to=r', self.item)
        self.session.keep('push', self.session.path('remote'))

    def add_V(self):
        before = stored(self.objects())
        self.replace()
        self.time('add_V', 'git', 'annex', 'add', '-q', self.item)
        self.commit()
        self.session.keep('add_V', self.objects(), before)

    def push_V(self):
        before = stored(self.session.path('remote'))
        self.session.settle()
        self.time('push_V', 'git', 'annex', 'copy', '-q', '--to=r', self.item)
        self.session.keep('push_V', self.session.path('remote'), before)

    def pull(self):
        self.session.settle()
        self.shell('pull', 'git clone -q repo clone; cd clone; '
                   'git annex init -q there; '
                   'git annex enableremote -q r "directory=$OLDPWD/remote"; '
                   'git annex get -q --from=r .')

    def version(self):
        self.time('version', 'git-annex', 'version', '--raw', runs=20)

    status_100 = None


class Restic(Tool):
    name = 'restic'
    needs = 'restic'
    version_of = 'restic version'

    def begin(self):
        self.session.env.update(
            RESTIC_PASSWORD='x',
            RESTIC_CACHE_DIR=self.session.path('cache'))
        self.session.run('restic', 'init', '-q', '-r', 'store')

    def restic(self, step, *argv, **more):
        self.time(step, 'restic', '-q', '-r', '../store', *argv, **more)

    def add(self):
        self.restic('add', 'backup', self.item)
        self.session.keep('add', self.session.path('store'))

    def status(self):
        self.session.settle()
        self.restic('status', 'backup', self.item, runs=2)

    def status_1(self):
        self.change_one()
        self.restic('status_1', 'backup', self.item)

    def checkout(self):
        self.session.settle()
        self.restic('checkout', 'restore', 'latest', '--target', '../restored')

    def copy(self, step, runs=1):
        self.time(step, 'restic', '-q', '-r', '../remote', 'copy',
                  '--from-repo', '../store', runs=runs)

    def push(self):
        self.session.env['RESTIC_FROM_PASSWORD'] = 'x'
        self.session.run('restic', 'init', '-q', '-r', 'remote', '--from-repo',
                         'store', '--copy-chunker-params')
        self.session.settle()
        self.copy('push')
        self.session.keep('push', self.session.path('remote'))

    def push_again(self):
        self.copy('push_again', 2)

    def add_V(self):
        before = stored(self.session.path('store'))
        self.replace()
        self.restic('add_V', 'backup', self.item)
        self.session.keep('add_V', self.session.path('store'), before)

    def push_V(self):
        before = stored(self.session.path('remote'))
        self.session.settle()
        self.copy('push_V')
        self.session.keep('push_V', self.session.path('remote'), before)

    def pull(self):
        self.session.settle()
        self.time('pull', 'restic', '-q', '-r', '../remote', 'restore',
                  'latest', '--target', '../pulled')

    def version(self):
        self.time('version', 'restic', 'version', runs=20)


class Borg(Tool):
    name = 'borg'
    needs = 'borg'
    version_of = 'borg --version'

    def begin(self):
        self.count = 0
        self.session.env.update(
            BORG_BASE_DIR=self.session.path('borg'),
            BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK='yes')
        self.session.run('borg', 'init', '-e', 'none', 'store')

    def create(self, step):
        self.count += 1
        self.time(step, 'borg', 'create', '-C', 'lz4',
                  '../store::%d' % self.count, self.item)

    def add(self):
        self.create('add')
        self.session.keep('add', self.session.path('store'))

    def status(self):
        self.session.settle()
        self.create('status')

    def status_1(self):
        self.change_one()
        self.create('status_1')

    def checkout(self):
        os.mkdir(self.session.path('restored'))
        self.session.settle()
        self.time('checkout', 'borg', 'extract', '../store::%d' % self.count,
                  cwd=self.session.path('restored'))

    def add_V(self):
        before = stored(self.session.path('store'))
        self.replace()
        self.create('add_V')
        self.session.keep('add_V', self.session.path('store'), before)

    def version(self):
        self.time('version', 'borg', '--version', runs=5)


class Dvc(Tool):
    name = 'dvc'
    needs = 'dvc'
    version_of = 'dvc --version'

    def begin(self):
        self.session.env.update(
            DVC_NO_ANALYTICS='1', DVC_SITE_CACHE_DIR=self.session.path('site'),
            DVC_GLOBAL_CONFIG_DIR=self.session.path('global'),
            DVC_SYSTEM_CONFIG_DIR=self.session.path('system'))
        for argv in (['init', '-q'], ['config', 'core.analytics', 'false'],
                     ['config', 'core.check_update', 'false'],
                     ['remote', 'add', '-q', '-d', 'r',
                      self.session.path('remote')]):
            self.dvc(*argv)
        self.commit()

    def dvc(self, *argv):
        return self.session.run('dvc', *argv, cwd=self.repo)

    def cache(self):
        return os.path.join(self.repo, '.dvc', 'cache')

    def add(self):
        self.time('add', 'dvc', 'add', '-q', self.item)
        self.session.keep('add', self.cache())
        self.commit()

    def status(self):
        self.session.settle()
        self.time('status', 'dvc', 'status', runs=2)

    def status_1(self):
        self.change_one()
        self.time('status_1', 'dvc', 'status')

    def checkout(self):
        self.put_aside()
        self.time('checkout', 'dvc', 'checkout', '-q', self.item)

    def push(self):
        self.session.settle()
        self.time('push', 'dvc', 'push', '-q')
        self.session.keep('push', self.session.path('remote'))

    def push_again(self):
        self.time('push_again', 'dvc', 'push', '-q', runs=2)

    def add_V(self):
        before = stored(self.cache())
        self.replace()
        self.time('add_V', 'dvc', 'add', '-q', self.item)
        self.session.keep('add_V', self.cache(), before)
        self.commit()

    def push_V(self):
        before = stored(self.session.path('remote'))
        self.session.settle()
        self.time('push_V', 'dvc', 'push', '-q')
        self.session.keep('push_V', self.session.path('remote'), before)

    def pull(self):
        self.session.settle()
        self.session.env['DVC_SITE_CACHE_DIR'] = self.session.path('site-2')
        self.shell('pull', 'git clone -q repo clone; cd clone; '
                   'exec dvc pull -q')

    def version(self):
        self.time('version', 'dvc', '--version', runs=5)

    def status_100(self):
        self.dvc('add', '-q', *self.items_of_100())
        self.session.settle()
        self.time('status_100', 'dvc', 'status', runs=2)


class Oxen(Tool):
    """Through its Python package, the only form it has on PyPI; what it shares
    goes through a server, so there is no push to a directory."""
    name = 'oxen'
    needs = 'oxen-python'
    version_of = 'oxen-python -c "import oxen; print(oxen.__version__)"'

    def begin(self):
        self.oxen('oxen.init(".")', 'oxen.user.config_user("A", "a@e.org")')

    def code(self, *lines):
        return [os.path.join(self.session.bench.venv, 'python3'), '-c', '\n'.join(('import oxen',) + lines)]

    def oxen(self, *lines):
        return self.session.run(*self.code(*lines), cwd=self.repo)

    def add(self):
        self.time('add', *self.code('r = oxen.Repo(".")',
                                    'r.add("%s")' % self.item,
                                    'r.commit("c")'))
        self.session.keep('add', os.path.join(self.repo, '.oxen'))

    def status(self):
        self.session.settle()
        self.time('status', *self.code('oxen.Repo(".").status()'), runs=2)

    def status_1(self):
        self.change_one()
        self.time('status_1', *self.code('oxen.Repo(".").status()'))

    def checkout(self):
        self.put_aside()
        self.time('checkout', *self.code(
            'oxen.Repo(".").restore("%s")' % self.item))

    def add_V(self):
        before = stored(os.path.join(self.repo, '.oxen'))
        self.replace()
        self.time('add_V', *self.code('r = oxen.Repo(".")',
                                      'r.add("%s")' % self.item,
                                      'r.commit("V")'))
        self.session.keep('add_V', os.path.join(self.repo, '.oxen'), before)


PEERS = {peer.name: peer for peer in (Git, GitLfs, GitAnnex, Restic, Borg, Dvc,
                                      Oxen)}
