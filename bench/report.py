# SPDX-License-Identifier: Apache-2.0
"""What was measured, as text: the machine, one table, the goals."""

import os
import platform
import re
import statistics
import subprocess

MIB = 1 << 20

LEGEND = '''\
Times are seconds, medians: wall, and cpu (user and system). The ratios are
mldv to the floor (bench/floor.c), and each peer's wall time to mldv's. Memory
is that of the largest process. Files and MB (10^6 bytes) are what the step
stored: locally after add and pull, on the remote after push. Calls are system
calls, counted in a run of its own. '*': run once; '>': stopped after that time.
'''


class Results:
    def __init__(self):
        self.samples = {}    # (workload, step, tool): list of Sample
        self.stored = {}     # (workload, step, tool): (files, bytes)
        self.calls = {}      # (workload, step): number
        self.remote = {}     # (workload, step): of them, those on the remote
        self.taken = {}      # (workload, step): bytes of disk
        self.size = {}       # workload: (files, bytes)
        self.marks = {}      # (workload, step, tool): why there is no time

    def take(self, workload, tool, session):
        for step, samples in session.samples.items():
            self.samples.setdefault((workload, step, tool), []).extend(samples)
        for step, value in session.stored.items():
            self.stored[workload, step, tool] = value
        for step, value in session.taken.items():
            if tool == 'mldv':
                self.taken[workload, step] = value

    def median(self, workload, step, tool, what):
        samples = self.samples.get((workload, step, tool))
        if not samples:
            return None
        return statistics.median(getattr(s, what) for s in samples)

    def wall(self, workload, step, tool='mldv'):
        return self.median(workload, step, tool, 'wall')

    def cpu(self, workload, step, tool='mldv'):
        return self.median(workload, step, tool, 'cpu')

    def memory(self, workload, step, tool='mldv'):
        samples = self.samples.get((workload, step, tool))
        return max(s.memory for s in samples) if samples else None

    def ratio(self, workload, step, what, over='floor', tool='mldv'):
        return divide(self.median(workload, step, tool, what),
                      self.median(workload, step, over, what))


def divide(a, b):
    return a / b if a is not None and b else None


def seconds(value):
    if value is None:
        return '-'
    return '%.4f' % value if value < 0.1 else \
        '%.3f' % value if value < 10 else '%.1f' % value


def times(value):
    return '-' if value is None else '%.2f' % value if value < 10 else \
        '%.0f' % value


def number(value, form='%d'):
    return '-' if value is None else form % value


def table(results, steps, peers):
    rows = [['', '', 'mldv', '', 'floor', '', 'ratio', '', 'peak', '', '', '',
             'on'], ['work', 'operation', 'wall', 'cpu', 'wall', 'cpu', 'wall',
                     'cpu', 'MB', 'files', 'MB', 'calls', 'remote']]
    for peer in peers:
        rows[0] += [peer, '', '']
        rows[1] += ['wall', 'cpu', 'ratio']
    for workload, step in steps:
        stored = results.stored.get((workload, step, 'mldv'), (None, None))
        memory = results.memory(workload, step)
        row = [workload, step.replace('_', ' ')]
        for tool in ('mldv', 'floor'):
            row += [seconds(results.wall(workload, step, tool)),
                    seconds(results.cpu(workload, step, tool))]
        row += [times(results.ratio(workload, step, 'wall')),
                times(results.ratio(workload, step, 'cpu')),
                number(memory and memory / MIB, '%.0f'), number(stored[0]),
                number(stored[1] and stored[1] / 1e6, '%.1f'),
                number(results.calls.get((workload, step))),
                number(results.remote.get((workload, step)))]
        for peer in peers:
            mark = results.marks.get((workload, step, peer))
            once = len(results.samples.get((workload, step, peer), ())) == 1
            row += [mark or seconds(results.wall(workload, step, peer)) +
                    ('*' if once else ''),
                    seconds(results.cpu(workload, step, peer)),
                    times(results.ratio(workload, step, 'wall', 'mldv', peer))]
        rows.append(row)
    return align(rows, 2)


def align(rows, left):
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return '\n'.join('  '.join(
        cell.ljust(width) if i < left else cell.rjust(width)
        for i, (cell, width) in enumerate(zip(row, widths))).rstrip()
        for row in rows) + '\n'


def stored_table(results, steps, tools):
    rows = [['work', 'operation'] + list(tools)]
    for workload, step in steps:
        row = []
        for tool in tools:
            files, size = results.stored.get((workload, step, tool),
                                             (None, None))
            row.append('-' if files is None else '%d / %.1f' % (files,
                                                                 size / 1e6))
        if any(cell != '-' for cell in row):
            rows.append([workload, step.replace('_', ' ')] + row)
    return align(rows, 2) if len(rows) > 1 else ''


def goals(r):
    """Of each goal: what, the bound, the value; 'least' if it is a lower one."""
    def share(workload):
        stored = r.stored.get((workload, 'push', 'mldv'))
        size = r.size.get(workload)
        return stored[1] / size[1] if stored and size else None

    def files(workload, step):
        return r.stored.get((workload, step, 'mldv'), (None,))[0]

    def of(value, unit):
        return None if value is None else value / unit

    for what in ('wall', 'cpu'):
        yield 'S add, %s / floor' % what, 1.3, r.ratio('S', 'add', what)
    for peer, least in (('restic', 10), ('git-lfs', 30)):
        yield ('S add, wall of %s / mldv' % peer, -least,
               r.ratio('S', 'add', 'wall', 'mldv', peer))
    yield ('S add from a cold cache, wall of one reader / mldv', -2.5,
           r.ratio('S', 'add_cold', 'wall', 'mldv', 'floor'))
    yield 'L add, wall / hash', 1.2, r.ratio('L', 'add', 'wall')
    yield ('R add with reflinks, MB of disk taken', 1,
           of(r.taken.get(('R', 'add')), 1e6))
    for workload, most in (('S', 1.3), ('M', 1.5), ('N', 1.5)):
        for what in ('wall', 'cpu'):
            yield ('%s status, %s / floor' % (workload, what), most,
                   r.ratio(workload, 'status', what))
    yield ('S status, wall of git / mldv', -1,
           r.ratio('S', 'status', 'wall', 'mldv', 'git'))
    for workload in 'SM':
        yield ('%s status, one file changed / none' % workload, 1.2,
               divide(r.wall(workload, 'status_1'),
                      r.wall(workload, 'status')))
    for what in ('wall', 'cpu'):
        yield 'S checkout, %s / floor' % what, 1.2, r.ratio('S', 'checkout',
                                                            what)
    yield 'L checkout, wall / copy', 1.2, r.ratio('L', 'checkout', 'wall')
    yield ('R checkout with reflinks, ms', 50,
           of(r.wall('R', 'checkout'), 1e-3))
    yield 'S push, files on the remote', 10, files('S', 'push')
    yield 'S push, cpu / copy', 3, r.ratio('S', 'push', 'cpu')
    yield 'S push again, ms', 20, of(r.wall('S', 'push_again'), 1e-3)
    for workload in 'SL':
        yield ('%s clone and pull, wall / floor' % workload, 1.5,
               r.ratio(workload, 'pull', 'wall'))
    yield ('V push after L, MiB stored', 8,
           of(r.stored.get(('L', 'push_V', 'mldv'), (0, None))[1], MIB))
    yield 'V push after L, wall / hash', 1.3, r.ratio('L', 'push_V', 'wall')
    yield 'V push after L, cpu / hash', 1.7, r.ratio('L', 'push_V', 'cpu')
    for workload in 'CJ':
        yield ('%s on the remote / its size' % workload, 0.35,
               share(workload))
    yield ('C push, cores busy of %d' % len(os.sched_getaffinity(0)),
           -0.85 * len(os.sched_getaffinity(0)),
           divide(r.cpu('C', 'push'), r.wall('C', 'push')))
    for workload, most in (('L', 32), ('S', 64), ('M', 400), ('N', 400)):
        for step in 'add status checkout push pull'.split():
            yield ('%s %s, peak MiB' % (workload, step),
                   most + (256 if step in ('push', 'pull') else 0),
                   of(r.memory(workload, step), MIB))
    for step, most in (('add', 32), ('push', 288)):
        yield 'H %s, peak MiB' % step, most, of(r.memory('H', step), MIB)
    yield 'mldv version, ms of cpu', 3, of(r.cpu('T', 'version'), 1e-3)
    yield 'status of 100 items, ms', 10, of(r.wall('T', 'status_100'), 1e-3)


def goals_table(results, lists):
    rows = [['goal', '', 'bound', 'measured', '']]
    for what, bound, value in (row for each in lists for row in each(results)):
        if value is not None:
            met = value >= -bound if bound < 0 else value <= bound
            rows.append([what, 'at least' if bound < 0 else 'at most',
                         '%g' % round(abs(bound), 2), '%.2f' % value,
                         '' if met else 'not met'])
    return align(rows, 2) if len(rows) > 1 else ''


def line_of(argv):
    try:
        done = subprocess.run(argv, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return ''
    return done.stdout.strip().partition('\n')[0]


def processor():
    with open('/proc/cpuinfo') as lines:
        for line in lines:
            if line.startswith('model name'):
                return line.partition(':')[2].strip()
    return platform.machine()


def machine(kinds):
    """What decides the figures, and nothing that says whose machine it is."""
    with open('/proc/meminfo') as lines:
        memory = int(lines.readline().split()[1]) / MIB
    with open('/etc/os-release') as lines:
        system = re.search(r'^PRETTY_NAME="?([^"\n]*)', lines.read(), re.M)
    kernel = re.match(r'[0-9.]+', platform.release())
    return [
        '%d cores, %s, %.0f GiB of memory' % (len(os.sched_getaffinity(0)),
                                              processor(), memory),
        '%s, Linux %s, %s' % (system[1] if system else 'unknown system',
                              kernel[0] if kernel else '?', kinds),
        'load average at the beginning: %.1f' % os.getloadavg()[0],
    ]


def slug():
    name = re.sub(r'\(.*?\)|processor|cpu|@.*|[0-9]+-core', ' ',
                  processor().lower())
    return '%s-%d-cores' % (re.sub('[^a-z0-9]+', '-', name).strip('-'),
                            len(os.sched_getaffinity(0)))
