# SPDX-License-Identifier: Apache-2.0
"""How each tool moves data to a bucket and from it.

BS is S and BL is L, with Ceph RGW on loopback as the service (see
test/tool/rgw.sh); DS and DL are the same with 50 ms added to each answer
(delay.c). The floor is curl, with the same bytes as objects of 32 MiB, not
signed, of which it writes and reads as many at once as it likes.
"""

import json
import os
import subprocess
import sys

from session import Failed
from tools import REPEAT, Dvc, Mldv, Tool

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(TOP, 'test', 'tool'))
import s3req  # noqa: E402  (after its directory is known)

STEPS = {
    'BS': 'push push_again pull get get_next'.split(),
    'BL': 'push push_again pull push_V'.split(),
    'DS': ['push'],
    'DL': ['push', 'pull'],
}
DELAY = 50
OBJECT = 32 << 20
SMALL = '000/0000000'   # the file of S that is got alone, and the next one
NEXT = '000/0000001'


def enter_service(workloads):
    """Runs this program again where there is a service, if one is needed."""
    if not any(w in STEPS for w in workloads) or 'MLDV_RGW' in os.environ:
        return
    rgw = os.path.join(TOP, 'test', 'tool', 'rgw.sh')
    if subprocess.run([rgw, 'have'], check=False).returncode != 0:
        sys.exit('%s: radosgw is not installed; run test/setup.sh' %
                 ' '.join(workloads))
    sys.stdout.flush()
    os.execv(rgw, [rgw, 'run', sys.executable, '-B'] + sys.argv)


class Service:
    """The one service, and the bucket of one tool's way through a workload."""

    settings = {}
    buckets = 0

    def __init__(self, session, workload):
        if not Service.settings:
            self.start()
        self.port = Service.settings['RGW_PORT']
        Service.buckets += 1
        self.bucket = 'bench-%d-%d' % (os.getpid(), Service.buckets)
        self.log = session.path('requests')
        self.proxy = None
        if workload[0] == 'D' or session.counting:
            self.proxy = subprocess.Popen(
                [session.bench.loop('delay'),
                 str(DELAY if workload[0] == 'D' else 0), self.port, self.log],
                stdout=subprocess.PIPE, text=True)
            self.port = self.proxy.stdout.readline().strip()
        self.endpoint = 'http://127.0.0.1:' + self.port
        self.env = {
            'AWS_ACCESS_KEY_ID': Service.settings['RGW_OWNER'],
            'AWS_SECRET_ACCESS_KEY': Service.settings['RGW_OWNER_SECRET'],
            'AWS_ENDPOINT_URL_S3': self.endpoint,
            'AWS_ENDPOINT_URL': self.endpoint,
            'S3_ENDPOINT_URL': self.endpoint,   # of s5cmd
            'AWS_REGION': 'us-east-1', 'AWS_EC2_METADATA_DISABLED': 'true',
            'AWS_REQUEST_CHECKSUM_CALCULATION': 'when_required',
            'no_proxy': '127.0.0.1'}
        session.env.update(self.env)
        # rclone refuses it, and there is no TLS.
        session.env.pop('AWS_CA_BUNDLE', None)
        self.ask('PUT', '/' + self.bucket)
        self.ask('PUT', '/%s?policy' % self.bucket, json.dumps({
            'Version': '2012-10-17', 'Statement': [{
                'Effect': 'Allow', 'Principal': '*',
                'Action': ['s3:GetObject', 's3:PutObject'],
                'Resource': ['arn:aws:s3:::%s/*' % self.bucket]}]}).encode())

    @staticmethod
    def start():
        rgw = os.path.join(TOP, 'test', 'tool', 'rgw.sh')
        path = subprocess.run([rgw, 'up'], check=True, text=True,
                              stdout=subprocess.PIPE).stdout.strip()
        with open(path) as lines:
            Service.settings = dict(line.strip().split('=', 1)
                                    for line in lines)

    def ask(self, method, target, body=b''):
        os.environ.update(self.env)
        answer = s3req.send(method, target, [], body)
        answer.read()
        if answer.status // 100 != 2:
            raise Failed('%s %s: %d' % (method, target, answer.status))

    def requests(self):
        try:
            with open(self.log) as lines:
                return len(lines.readlines())
        except FileNotFoundError:
            return 0

    def close(self, purge):
        """Purge: what is in the bucket is large, and the service's disk not."""
        if self.proxy:
            self.proxy.terminate()
            self.proxy.wait()
        if purge:
            rgw = os.path.join(TOP, 'test', 'tool', 'rgw.sh')
            subprocess.run([rgw, 'admin', 'bucket', 'rm', '--bypass-gc',
                            '--bucket=' + self.bucket, '--purge-objects'],
                           check=False, stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL, timeout=300)


class InBucket(Tool):
    """Has a bucket; what is got goes to a new place each time."""

    def start(self):
        self.service = Service(self.session, self.workload)
        self.url = 's3://' + self.service.bucket
        self.new = 0
        super().start()

    def close(self):
        self.service.close(self.workload[1] == 'L')

    def fresh(self):
        self.new += 1
        return self.session.path('new-%d' % self.new)

    def whole(self):
        return os.path.isfile(self.source)


class Floor(InBucket):
    name = 'floor'

    def begin(self):
        """Pieces as large as packs."""
        self.pieces = []
        folder = self.session.path('pieces')
        os.mkdir(folder)
        self.session.run('sh', '-c', 'find "$1" -type f -exec cat {} + | '
                         'split -a 4 -d -b %d - "$2/"' % OBJECT, 'sh',
                         self.source, folder)
        self.pieces = sorted(os.listdir(folder))

    def curl(self, step, arguments):
        config = self.session.path(step + '.curl')
        with open(config, 'w') as out:
            out.write('\nnext\n'.join(arguments) + '\n')
        return ['curl', '-sSf', '--parallel', '--parallel-max', '16', '-K',
                config]

    def address(self, piece):
        return '%s/%s/%s' % (self.service.endpoint, self.service.bucket,
                             piece)

    def push(self):
        self.session.settle()
        self.time('push', *self.curl('push', [
            'silent\nfail\nupload-file = "%s"\nurl = "%s"' % (
                self.session.path('pieces', piece), self.address(piece))
            for piece in self.pieces]))

    def pull(self):
        self.session.settle()
        to = self.fresh()
        os.mkdir(to)
        curl = self.curl('pull', [
            'silent\nfail\noutput = "%s"\nurl = "%s"' % (
                os.path.join(to, piece), self.address(piece))
            for piece in self.pieces])
        if self.whole():
            self.time('pull', *curl)
        else:
            self.time('pull', 'sh', '-ec', '%s; exec "$@"' % ' '.join(curl),
                      'sh', self.session.bench.loop('floor'), 'create',
                      self.item, self.fresh())


class MldvInBucket(InBucket, Mldv):
    name = 'mldv'

    def begin(self):
        self.mldv('init')
        self.mldv('remote', 'add', 'origin', self.url + '/team')
        self.commit()

    def fill(self):
        super().fill()
        self.mldv('add', self.item)
        self.commit()

    def time(self, step, *argv, **more):
        before = self.service.requests()
        super().time(step, *argv, **more)
        if self.session.counting:
            self.session.remote_calls[step] = \
                self.service.requests() - before

    def push(self):
        self.session.settle()
        self.time('push', 'mldv', 'push')

    def push_again(self):
        runs = 1 if self.session.counting else REPEAT
        self.time('push_again', 'mldv', 'push', runs=runs)

    def push_V(self):
        self.replace()
        self.mldv('add', self.item)
        self.commit()
        self.session.settle()
        self.time('push_V', 'mldv', 'push')

    def get(self):
        self.session.run('git', 'clone', '-q', '--bare', 'repo', 'bare')
        self.one('get', SMALL)

    def get_next(self):
        self.one('get_next', NEXT)

    def one(self, step, path):
        self.time(step, 'mldv', 'get', '-o', self.fresh(),
                  self.session.path('bare'), self.item + '/' + path,
                  cwd=self.session.root)


class Copier(InBucket):
    """Copies a folder or a file, one object for each file."""

    def put(self):
        """The command that sends it, also when nothing has changed."""
        raise NotImplementedError

    def get_all(self, to):
        raise NotImplementedError

    def push(self):
        self.session.settle()
        self.time('push', *self.put())

    def push_again(self):
        self.time('push_again', *self.put(), runs=2)

    def push_V(self):
        self.replace()
        self.session.settle()
        self.time('push_V', *self.put())

    def pull(self):
        self.session.settle()
        self.time('pull', *self.get_all(self.fresh()))


class S5cmd(Copier):
    name = needs = 's5cmd'
    version_of = 's5cmd version'

    def put(self):
        if self.whole():
            return 's5cmd', 'cp', '-n', '-s', '-u', self.item, self.url + '/'
        return 's5cmd', 'sync', self.item + '/', self.url + '/data/'

    def get_all(self, to):
        return 's5cmd', 'cp', self.url + '/*', to + '/'


class Aws(Copier):
    name = 'aws'
    needs = 'aws'
    version_of = 'aws --version'

    def put(self):
        if self.whole():
            return 'aws', 's3', 'cp', '--quiet', self.item, self.url + '/'
        return 'aws', 's3', 'sync', '--quiet', self.item, self.url + '/data'

    def get_all(self, to):
        return 'aws', 's3', 'cp', '--quiet', '--recursive', self.url, to


class Rclone(Copier):
    name = needs = 'rclone'
    version_of = 'rclone version'

    def remote(self):
        return ':s3,env_auth,provider=Ceph,endpoint="%s":%s' % (
            self.service.endpoint, self.service.bucket)

    def put(self):
        return ('rclone', 'copy', '-q', '--transfers', '16', '--checkers',
                '16', self.item, self.remote() + '/data')

    def get_all(self, to):
        return ('rclone', 'copy', '-q', '--transfers', '16', '--checkers',
                '16', self.remote() + '/data', to)


class DvcInBucket(InBucket, Dvc):
    name = 'dvc'

    def begin(self):
        Dvc.begin(self)
        self.dvc('remote', 'add', '-q', '-f', '-d', 'r', self.url + '/dvc')
        self.dvc('remote', 'modify', 'r', 'endpointurl',
                 self.service.endpoint)
        self.commit()

    def fill(self):
        super().fill()
        self.dvc('add', '-q', self.item)
        self.commit()

    def push(self):
        self.session.settle()
        self.time('push', 'dvc', 'push', '-q')

    def push_V(self):
        self.replace()
        self.dvc('add', '-q', self.item)
        self.commit()
        self.time('push_V', 'dvc', 'push', '-q')


PEERS = {peer.name: peer for peer in (S5cmd, Aws, Rclone, DvcInBucket)}
OURS = [Floor, MldvInBucket]


def goals(r):
    """As report.goals."""
    def of(value, unit):
        return None if value is None else value / unit

    def times(step, peer):
        """How often as long as mldv; at least so often, if it was given up."""
        mark = r.marks.get(('BS', step, peer), '')
        ours = r.wall('BS', step)
        if mark.startswith('>') and ours:
            return int(mark[1:]) / ours
        return r.ratio('BS', step, 'wall', 'mldv', peer)

    yield 'BS push, requests', 20, r.remote.get(('BS', 'push'))
    yield 'BS push, wall / floor', 1.5, r.ratio('BS', 'push', 'wall')
    for peer in ('s5cmd', 'dvc'):
        yield ('BS push, wall of %s / mldv' % peer, -20,
               times('push', peer))
    yield 'BS pull, requests', 40, r.remote.get(('BS', 'pull'))
    yield 'BS pull, wall / floor', 1.3, r.ratio('BS', 'pull', 'wall')
    for step in ('push', 'pull'):
        yield ('BL %s, wall / floor' % step, 1.3,
               r.ratio('BL', step, 'wall'))
        for workload in ('BS', 'BL'):
            yield ('%s %s, peak MiB' % (workload, step), 256,
                   of(r.memory(workload, step), 1 << 20))
    for workload in ('BS', 'BL'):
        yield ('%s push again, requests' % workload, 1,
               r.remote.get((workload, 'push_again')))
        yield ('%s push again, ms' % workload, 50,
               of(r.wall(workload, 'push_again'), 1e-3))
    yield 'BS get of the next file, requests', 1, \
        r.remote.get(('BS', 'get_next'))
    for step, most in (('push', 2), ('pull', 1.3)):
        for workload in ('S', 'L'):
            late = r.wall('D' + workload, step)
            soon = r.wall('B' + workload, step)
            if late and soon and (workload, step) in (('S', 'push'),
                                                      ('L', 'pull')):
                yield ('D%s %s, wall / without a delay' % (workload, step),
                       most, late / soon)
