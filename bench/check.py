# SPDX-License-Identifier: Apache-2.0
"""Holds a small run to what is stored in bench/results/check.txt.

System calls, files and bytes must be within 5 % of what they were; the ratio
to the floor, of cpu seconds, only within a factor of two, for it depends on
the machine. Steps that take next to nothing are not compared by time.
"""

TIGHT = 0.05
LOOSE = 2.0
LEAST = 0.02    # seconds of cpu

HEADER = '''\
# What 'make bench-check' compares with; UPDATE=1 writes it anew.
# calls: system calls; files, bytes: stored by the step; cpu: ratio to the floor
'''


def rows(results, steps):
    found = {}
    for workload, step in steps:
        files, size = results.stored.get((workload, step, 'mldv'),
                                         (None, None))
        ratio = results.ratio(workload, step, 'cpu')
        if (results.cpu(workload, step, 'floor') or 0) < LEAST:
            ratio = None
        row = (results.calls.get((workload, step)), files, size,
               ratio and round(ratio, 2))
        if any(value is not None for value in row):
            found[workload, step] = row
    return found


def read(path):
    found = {}
    try:
        with open(path) as lines:
            for line in lines:
                if line.startswith(('#', 'work')):
                    continue
                workload, step, *values = line.split()
                found[workload, step] = tuple(
                    None if v == '-' else float(v) if '.' in v else int(v)
                    for v in values)
    except FileNotFoundError:
        pass
    return found


def write(path, found, old):
    with open(path, 'w') as out:
        out.write(HEADER)
        form = '%-4s  %-10s  %8s  %6s  %10s  %5s\n'
        out.write(form % ('work', 'step', 'calls', 'files', 'bytes', 'cpu'))
        for key, row in found.items():
            # The times are kept where this run did not take any.
            before = old.get(key, (None,) * 4)
            row = row[:3] + (row[3] if row[3] is not None else before[3],)
            out.write(form % (key + tuple('-' if v is None else v
                                          for v in row)))


def compare(found, old, sizes):
    """Says what differs; how many do."""
    bad = 0
    for key, row in found.items():
        before = old.get(key)
        name = '%s %s' % (key[0], key[1].replace('_', ' '))
        if not before:
            print('not ok - %s is not in check.txt' % name)
            bad += 1
            continue
        for what, now, then in zip(('calls', 'files', 'bytes'), row, before):
            if now is None or then is None:
                continue
            # One more or less is what a small number allows.
            fine = abs(now - then) <= max(TIGHT * then, 1)
            per = ', %.2f a file' % (now / sizes[key[0]]) \
                if what == 'calls' and sizes.get(key[0], 1) > 1 else ''
            print('%s - %s: %d %s, stored %d%s' % (
                'ok' if fine else 'not ok', name, now, what, then, per))
            bad += not fine
        if row[3] is not None and before[3] is not None:
            fine = row[3] <= LOOSE * before[3]
            print('%s - %s: cpu %.2f of the floor, stored %.2f' % (
                'ok' if fine else 'not ok', name, row[3], before[3]))
            bad += not fine
    for key in old:
        if key not in found and key[0] in sizes:
            print('not ok - %s %s was not measured' % key)
            bad += 1
    return bad
