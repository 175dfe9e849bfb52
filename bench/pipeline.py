# SPDX-License-Identifier: Apache-2.0
"""How each tool runs many stages that do next to nothing.

P is 1,000 stages, each of which makes an empty file and reads the same small
one. 'run' is all of them, two at once; 'fresh' is to find that none is to be
run. The floors are a loop of the shell that starts a shell for each, one after
the other, and one stat for each file.
"""

import os

from tools import REPEAT, Dvc, Mldv, Tool

STEPS = {'P': ['run', 'fresh']}
COUNT = 1000


def source(directory):
    """The file that all stages read; and so its size is that of the data."""
    path = os.path.join(directory, 'data', 'P')
    if not os.path.exists(path):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'w') as out:
            out.write('data\n')
    return path


class Stages:
    """What is alike for all; before Tool or one of its kind."""

    def write(self, name, text):
        with open(os.path.join(self.repo, name), 'a') as out:
            out.write(text)

    def write_stages(self):
        """Writes what the tool calls its stages."""

    def fill(self):
        os.makedirs(os.path.join(self.repo, 'out'), exist_ok=True)
        self.session.copy(self.source, 'repo/in')
        self.write_stages()
        self.session.ripen()

    def each(self, form):
        return ''.join(form % {'n': n} for n in range(COUNT))

    def run(self):
        self.session.settle()
        self.time('run', *self.command)

    def fresh(self):
        self.session.settle()
        self.session.ripen()
        self.time('fresh', *self.command, runs=REPEAT)


class Floor(Stages, Tool):
    name = 'floor'

    def start(self):
        os.mkdir(self.repo)

    def run(self):
        self.time('run', 'sh', '-c', 'n=0; while [ $n -lt %d ]; do '
                  'sh -c "true <in >out/$n"; n=$((n + 1)); done' % COUNT)

    def fresh(self):
        self.session.time('fresh', self.session.bench.loop('floor'), 'stat',
                          'out', runs=REPEAT, floor=True, cwd=self.repo)


class MldvStages(Stages, Mldv):
    command = ('mldv', 'repro', '-q', '-j', '2')

    def write_stages(self):
        self.write('mldv.ini', self.each(
            '[stage s%(n)d]\ncmd = true <in >out/%(n)d\ndeps = in\n'
            'outs = out/%(n)d\n'))
        self.commit()


class Make(Stages, Tool):
    name = needs = 'make'
    version_of = 'make --version | head -n 1'
    command = ('make', '-s', '-j', '2')

    def write_stages(self):
        self.write('Makefile', 'all:%s\n' % self.each(' out/%(n)d') +
                   self.each('out/%(n)d: in\n\ttrue <in >out/%(n)d\n'))


class Ninja(Stages, Tool):
    name = needs = 'ninja'
    version_of = 'ninja --version'
    command = ('ninja', '--quiet', '-j', '2')

    def write_stages(self):
        self.write('build.ninja', 'rule r\n  command = true <$in >$out\n' +
                   self.each('build out/%(n)d: r in\n'))


class Snakemake(Stages, Tool):
    name = needs = 'snakemake'
    version_of = 'snakemake --version'
    command = ('snakemake', '--quiet', '--cores', '2')

    def write_stages(self):
        self.write('Snakefile', '''\
rule all:
    input: expand("out/{n}", n=range(%d))
rule r:
    input: "in"
    output: "out/{n}"
    shell: "true <in >{output}"
''' % COUNT)


class DvcStages(Stages, Dvc):
    command = ('dvc', 'repro', '-q')

    def write_stages(self):
        self.write('dvc.yaml', 'stages:\n' + self.each(
            '  s%(n)d:\n    cmd: true <in >out/%(n)d\n    deps: [in]\n'
            '    outs: [out/%(n)d]\n'))


PEERS = {peer.name: peer for peer in (Make, Ninja, Snakemake, DvcStages)}
OURS = [Floor, MldvStages]


def goals(r):
    """As report.goals."""
    yield 'P run, wall / floor', 1.5, r.ratio('P', 'run', 'wall')
    yield ('P run, wall of dvc / mldv', -50,
           r.ratio('P', 'run', 'wall', over='mldv', tool='dvc'))
    yield 'P fresh, wall / floor', 1.5, r.ratio('P', 'fresh', 'wall')
    yield 'P fresh, s', 0.06, r.wall('P', 'fresh')
