# SPDX-License-Identifier: Apache-2.0
"""Fresh file systems to measure on.

Many files deleted just before others are created make ext4 slow, so that what
ran before would decide how fast something is. Hence nothing is deleted between
measurements: each session has an image of its own, loop-mounted, whose file is
unlinked at once. The mounts live in a mount namespace of the benchmark's own
and go with it, however it ends. Where that cannot be done, a session gets a new
directory, and all are deleted at the end.
"""

import os
import shutil
import subprocess
import sys

MAKE = {
    'ext4': ['mkfs.ext4', '-q', '-F', '-i', '8192', '-E',
             'lazy_itable_init=1,lazy_journal_init=1'],
    'xfs': ['mkfs.xfs', '-q', '-f', '-m', 'reflink=1'],
    'btrfs': ['mkfs.btrfs', '-q', '-f'],
}
# No thread of the kernel's may initialise inodes behind what is measured.
OPTIONS = {'ext4': 'noatime,noinit_itable', 'xfs': 'noatime',
           'btrfs': 'noatime'}
SIZE = 160 << 30


def enter_namespace():
    """Runs this program again where its mounts are its own, if that is possible."""
    if os.geteuid() != 0 or 'BENCH_NAMESPACE' in os.environ:
        return
    unshare = ['unshare', '--mount', '--propagation', 'private']
    if shutil.which('unshare') and subprocess.run(
            unshare + ['true'], stderr=subprocess.DEVNULL).returncode == 0:
        os.environ['BENCH_NAMESPACE'] = '1'
        sys.stdout.flush()
        os.execvp('unshare', unshare + [sys.executable, '-B'] + sys.argv)


def run(argv):
    return subprocess.run(argv, check=True, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE).stdout.strip()


class Place:
    """A directory on a file system of this kind that nothing was deleted from."""

    count = 0

    def __init__(self, directory, kind):
        Place.count += 1
        self.path = os.path.join(directory, 'place-%d-%d' % (os.getpid(),
                                                             Place.count))
        self.mounted = False
        os.makedirs(self.path)
        if kind:
            self.mount(kind)

    def mount(self, kind):
        image = self.path + '.img'
        try:
            with open(image, 'wb') as out:
                out.truncate(SIZE)
            run(MAKE[kind] + [image])
            device = run(['losetup', '--direct-io=on', '-f', '--show', image])
            try:
                run(['mount', '-o', OPTIONS[kind], device, self.path])
            finally:
                # Once it is mounted: as soon as it no longer is.
                run(['losetup', '-d', device])
        finally:
            os.unlink(image)
        self.mounted = True

    def close(self):
        if self.mounted:
            subprocess.run(['umount', '-l', self.path], check=True)
            os.rmdir(self.path)
            self.mounted = False


def possible(directory, kind):
    """Can there be such a file system here?"""
    if 'BENCH_NAMESPACE' not in os.environ or not shutil.which('losetup') or \
            not shutil.which('mkfs.' + kind):
        return False
    try:
        Place(directory, kind).close()
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


def discard(directory):
    """The directories that stood in for file systems, when all is measured."""
    for name in os.listdir(directory):
        if name.startswith('place-%d-' % os.getpid()):
            shutil.rmtree(os.path.join(directory, name), ignore_errors=True)
