#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The benchmark: mldv, what it must do at the least, and its peers.

    make bench          everything, one table in bench/results/
    make bench-check    a small run, held to bench/results/check.txt

All of a bucket in a quarter of an hour:

    make bench WORKLOADS='BS BL DS DL' RUNS=2 ONCE_SECONDS=0 PEER_SECONDS=45 MINUTES=9

Read data.py for the workloads, tools.py, bucket.py and pipeline.py for the
steps of each tool, floor.c for the floors, place.py for where it is measured.
The environment chooses:

    SCALE        small, or full for the million files and the 100 GB too
    WORKLOADS    "S L", of those in data.py
    PEERS        "git-lfs restic", of those in tools.py, or for a bucket in
                 bucket.py; empty: none
    RUNS         how often each tool goes through a workload
    ONCE_SECONDS a peer that takes longer goes through it once
    PEER_SECONDS a peer that takes longer for a step is given up
    MINUTES      after so many no peer begins any more
    COUNTS       only: count system calls, measure no times
    UPDATE       1: let bench-check write check.txt
    BENCH_DIR    where data and file systems lie, build/bench if not given
"""

import json
import os
import shutil
import subprocess
import sys
import time

import bucket
import check
import data
import pipeline
import place
import report
import tools
from session import Failed, Session, TooSlow

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
RESULTS = os.path.join(TOP, 'bench', 'results')

# A peer that takes longer goes through a workload once.
LONG = int(os.environ.get('ONCE_SECONDS', '120'))
LIMIT = int(os.environ.get('PEER_SECONDS', '900'))
LAST = time.monotonic() + 60 * float(os.environ.get('MINUTES', 'inf'))

# A million files are too many for most.
PEERS_AT_A_MILLION = ('git', 'restic')

ALL_STEPS = {**tools.STEPS, **bucket.STEPS, **pipeline.STEPS}


class Bench:
    def __init__(self, checking):
        env = os.environ
        self.checking = checking
        self.counts_only = env.get('COUNTS') == 'only'
        self.scale = 'small' if checking else env.get('SCALE', '')
        self.sizes = 'small' if self.scale == 'small' else 'full'
        self.dir = os.path.abspath(
            env.get('BENCH_DIR') or os.path.join(TOP, 'build', 'bench'))
        self.mldv = env['MLDV']
        self.loops = env['LOOPS']
        self.venv = os.path.join(TOP, 'build', 'bench', 'venv', 'bin')
        self.workloads = self.choose_workloads()
        self.results = report.Results()
        self.verify = False
        os.makedirs(self.dir, exist_ok=True)
        os.environ['GIT_CEILING_DIRECTORIES'] = self.dir
        os.environ['PATH'] += ':' + self.venv
        self.ext4 = 'ext4' if place.possible(self.dir, 'ext4') else None
        self.reflink = next((kind for kind in ('xfs', 'btrfs')
                             if place.possible(self.dir, kind)), None)
        self.peers = self.choose_peers()
        self.raw = open(os.path.join(self.dir, 'raw.jsonl'), 'a')

    def choose_workloads(self):
        if 'WORKLOADS' in os.environ:
            return os.environ['WORKLOADS'].split()
        if self.checking:
            return 'S J L C'.split()
        return 'S J L C R T'.split() + (
            'M N H'.split() if self.scale == 'full' else [])

    def choose_peers(self):
        if self.checking:
            return []
        asked = os.environ.get('PEERS')
        chosen = []
        known = {}
        if any(w in bucket.STEPS for w in self.workloads):
            known.update(bucket.PEERS)
        if any(w in pipeline.STEPS for w in self.workloads):
            known.update(pipeline.PEERS)
        if any(w in tools.STEPS for w in self.workloads):
            known.update(tools.PEERS)
        for name in known if asked is None else asked.split():
            if name in known and self.installed(known[name]):
                chosen.append(name)
            else:
                print('%s is not installed, and left out' % name)
        return chosen

    def installed(self, peer):
        if peer is tools.Oxen:
            python = os.path.join(self.venv, 'python3')
            return os.path.exists(python) and subprocess.run(
                [python, '-c', 'import oxen'],
                stderr=subprocess.DEVNULL).returncode == 0
        return shutil.which(peer.needs) is not None

    def loop(self, name):
        return os.path.join(self.loops, name)

    def source(self, workload):
        if workload in pipeline.STEPS:
            return pipeline.source(self.dir)
        return data.source(os.path.join(self.dir, 'data'), workload,
                           self.sizes)

    def runs(self, workload):
        if 'RUNS' in os.environ:
            return int(os.environ['RUNS'])
        if workload in ('H', 'T'):
            return 1
        return 3 if workload in 'LCRMN' or self.sizes == 'small' else 5


def drop_caches(session):
    """All but the programs themselves, which are in the cache for anybody."""
    session.settle()
    with open('/proc/sys/vm/drop_caches', 'w') as out:
        out.write('3')
    session.run('mldv', 'version')
    session.run(session.bench.loop('floor'), 'hash',
                session.bench.loop('floor'))


def walk(bench, tool_class, workload, session, only=None):
    """The tool's way through the workload."""
    tool = tool_class(session, workload, bench.source(workload))
    try:
        prepare(tool, workload)
        if only:
            drop_caches(session)
        steps(bench, tool, workload, session, only)
    except (Failed, TooSlow) as error:
        if not session.limit:
            raise
        print('%s %s: cannot begin: %s' % (workload, tool.name,
                                           error or 'too slow'))
        bench.results.marks[workload, ALL_STEPS[workload][0], tool.name] = \
            'failed'
    finally:
        tool.close()


def prepare(tool, workload):
    tool.start()
    if workload != 'T':
        tool.fill()


def steps(bench, tool, workload, session, only):
    for step in [only] if only else ALL_STEPS[workload]:
        method = getattr(tool, step, None)
        if method and (only or step != 'add_cold'):
            try:
                method()
            except TooSlow:
                bench.results.marks[workload, step, tool.name] = \
                    '>%d' % session.limit
                return
            except Failed as error:
                # A peer's failure is a finding; mldv's ends the benchmark.
                if not session.limit:
                    raise
                print('%s %s %s: %s' % (workload, tool.name, step, error))
                bench.results.marks[workload, step, tool.name] = 'failed'
                return


def go(bench, tool_class, workload, counting=False, only=None):
    kind = bench.reflink if workload in 'RH' else bench.ext4
    where = place.Place(bench.dir, kind)
    start = time.monotonic()
    try:
        session = Session(bench, where.path, counting)
        session.limit = LIMIT if tool_class.name in bench.peers else None
        walk(bench, tool_class, workload, session, only)
        if counting:
            for step, calls in session.calls.items():
                bench.results.calls[workload, step] = calls
            for step, calls in session.remote_calls.items():
                bench.results.remote[workload, step] = calls
            if not bench.counts_only:
                return
        bench.results.take(workload, tool_class.name, session)
        note(bench, tool_class.name, workload, session)
    finally:
        where.close()
    took = time.monotonic() - start
    print('%s %s%s: %.0f s' % (workload, tool_class.name,
                               ', counting' if counting else '', took),
          flush=True)
    return took


def note(bench, tool, workload, session):
    """So that nothing is lost when a long run is stopped."""
    for step, samples in session.samples.items():
        for s in samples:
            bench.raw.write(json.dumps([time.strftime('%F %T'), workload, step,
                                        tool, s.wall, s.cpu, s.memory]) + '\n')
    bench.raw.flush()


def size_of(path):
    if os.path.isdir(path):
        return sum(len(names) for _, _, names in os.walk(path)), sum(
            os.lstat(os.path.join(base, name)).st_size
            for base, _, names in os.walk(path) for name in names)
    return 1, os.path.getsize(path)


def measure(bench, workload):
    ours, all_peers = [tools.Floor, tools.Mldv], tools.PEERS
    if workload in bucket.STEPS:
        ours, all_peers = bucket.OURS, bucket.PEERS
    if workload in pipeline.STEPS:
        ours, all_peers = pipeline.OURS, pipeline.PEERS
    peers = [all_peers[name] for name in bench.peers if name in all_peers]
    if workload in ('M', 'N'):
        peers = [p for p in peers if p.name in PEERS_AT_A_MILLION]
    # What a delay costs mldv is the question there, not what it costs others.
    if workload == 'H' or workload[0] == 'D':
        peers = []
    turn = ours + peers
    finished = []
    for i in range(bench.runs(workload)):
        bench.verify = i == 0
        for tool in turn:
            if tool in peers and time.monotonic() > LAST:
                print('%s %s: left out, it is too late' % (workload,
                                                           tool.name))
            elif tool not in finished:
                took = go(bench, tool, workload)
                if tool in peers and (took > LONG or workload in 'MN'):
                    finished.append(tool)
        if 'add_cold' in ALL_STEPS[workload] and not bench.checking and \
                'BENCH_NAMESPACE' in os.environ:
            for tool in (tools.Floor, tools.Mldv):
                go(bench, tool, workload, only='add_cold')


def all_workloads(bench):
    for workload in bench.workloads:
        if workload in 'RH' and not bench.reflink:
            print('%s: no file system with reflinks here' % workload)
            continue
        bench.results.size[workload] = size_of(bench.source(workload))
        if not bench.counts_only:
            measure(bench, workload)
        large = bench.sizes == 'full' and workload in 'MNH'
        if shutil.which('strace') and not large:
            bench.verify = bench.counts_only
            ours = bucket.OURS if workload in bucket.STEPS else \
                pipeline.OURS if workload in pipeline.STEPS else [tools.Mldv]
            go(bench, ours[-1], workload, counting=True)


def steps_of(bench):
    return [(workload, step) for workload in bench.workloads
            for step in ALL_STEPS[workload]
            if any(key[:2] == (workload, step)
                   for key in bench.results.samples) or
            (workload, step) in bench.results.calls]


def versions(bench):
    lines = [report.line_of([bench.mldv, 'version']) + ', ' + (report.line_of(
        ['git', '-C', TOP, 'describe', '--always', '--dirty']) or 'no commit')]
    for name in bench.peers:
        command = {**bucket.PEERS, **pipeline.PEERS, **tools.PEERS}[name].version_of.replace(
            'oxen-python', os.path.join(bench.venv, 'python3'))
        lines.append('%s: %s' % (name, report.line_of(['sh', '-c', command])))
    return lines


def text(bench, head):
    steps = steps_of(bench)
    results = bench.results
    sizes = ['%s: %d files, %.1f MB' % (w, files, size / 1e6)
             for w, (files, size) in results.size.items()]
    return '\n'.join([
        'mldv benchmark, %s%s' % (time.strftime('%F'), ', SCALE=' + bench.scale
                                  if bench.scale else ''), '',
        *head, *versions(bench), *sizes, '', report.LEGEND,
        report.table(results, steps, bench.peers),
        'Stored, files / MB:', '',
        report.stored_table(results, steps, ['mldv', 'floor'] + bench.peers),
        report.goals_table(results, [report.goals, bucket.goals, pipeline.goals])])


def save(result, bench):
    os.makedirs(RESULTS, exist_ok=True)
    in_bucket = all(w in bucket.STEPS for w in bench.workloads)
    name = '-'.join([time.strftime('%F'), report.slug()] +
                    (['bucket'] if in_bucket else []) +
                    ([bench.scale] if bench.scale else []))
    path = os.path.join(RESULTS, name + '.txt')
    with open(path, 'w') as out:
        out.write(result)
    print('written to %s' % os.path.relpath(path, TOP))


def held(bench):
    """bench-check: 0 if all is as it was."""
    path = os.path.join(RESULTS, 'check.txt')
    found = check.rows(bench.results, steps_of(bench))
    old = check.read(path)
    if os.environ.get('UPDATE'):
        os.makedirs(RESULTS, exist_ok=True)
        check.write(path, found, old)
        return 0
    bad = check.compare(found, old, {w: files for w, (files, _) in
                                     bench.results.size.items()})
    print('%d of these differ' % bad if bad else 'all is as it was')
    return 1 if bad else 0


def two_processors():
    """Threads make calls of their own, so there is a fixed number of them."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:2])


def main():
    bucket.enter_service(os.environ.get('WORKLOADS', '').split())
    place.enter_namespace()
    if '--check' in sys.argv[1:]:
        two_processors()
    bench = Bench('--check' in sys.argv[1:])
    kinds = '%s%s' % ('ext4 with a journal, loop-mounted, direct I/O'
                      if bench.ext4 else 'in a directory: no loop mounts here',
                      '; R and H: ' + bench.reflink if bench.reflink else '')
    head = report.machine(kinds)
    print('\n'.join(head), flush=True)
    try:
        all_workloads(bench)
    except KeyboardInterrupt:
        # What was measured in hours is worth a table.
        head.append('stopped before the end')
        if bench.checking:
            return 1
    except Failed as error:
        print('run.py: %s' % error, file=sys.stderr)
        return 1
    finally:
        place.discard(bench.dir)
    if bench.checking:
        return held(bench)
    result = text(bench, head)
    print(result)
    save(result, bench)
    return 0


if __name__ == '__main__':
    sys.exit(main())
