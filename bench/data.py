# SPDX-License-Identifier: Apache-2.0
"""What the benchmark works on: the same bytes from the same seed everywhere.

S   50,000 incompressible files of about 3 KiB in 10 folders
J   50,000 JSON and CSV files of that size
L   one incompressible file of 2 GiB; V is L with 1 MiB inserted in the middle
C   500 MB of CSV
M   1,000,000 files of 200 bytes to 2 KiB in 1,000 folders
N   1,000,000 of them in one folder
R   L on a file system with reflinks
H   100 GB, nearly all of it a hole, on a file system with reflinks
T   starting: the version, and the status of 100 items
BS, BL, DS, DL   S and L, to a bucket and from it: see bucket.py

SCALE=small has less of each.
"""

import os
import random
import shutil

KIB = 1024
MIB = 1024 * KIB

# Number of files, or bytes.
SIZES = {
    'small': {'S': 5000, 'J': 5000, 'L': 128 * MIB, 'C': 32 * 10**6,
              'M': 20000, 'N': 20000, 'R': 128 * MIB, 'H': 4 << 30, 'T': 100},
    'full': {'S': 50000, 'J': 50000, 'L': 2048 * MIB, 'C': 500 * 10**6,
             'M': 1000000, 'N': 1000000, 'R': 2048 * MIB, 'H': 100 << 30,
             'T': 100},
}
FOLDERS = {'S': 10, 'J': 10, 'M': 1000, 'N': 0, 'T': 0}
FILE = {'L': 'big.bin', 'R': 'big.bin', 'H': 'big.bin', 'C': 'big.csv'}

CITIES = ('Aarhus Basel Cork Delft Espoo Faro Ghent Haifa Izmir Jena Kyoto '
          'Lille Malmo Nantes Oslo Porto Quito Riga Sofia Turin').split()
KINDS = 'temperature humidity pressure wind rain'.split()


def plain(workload):
    """Whose data a workload with a bucket has."""
    return workload[1:] if workload[0] in 'BD' else workload


def name(workload):
    """What the workload is called in a repository."""
    workload = plain(workload)
    return FILE.get(workload, 'data')


def is_file(workload):
    return plain(workload) in FILE


def reading(r, at):
    """One row of measurements, as fields."""
    return (at, '2026-%02d-%02dT%02d:%02d:%02d' % (
        at // 2592000 % 12 + 1, at // 86400 % 28 + 1, at // 3600 % 24,
        at // 60 % 60, at % 60), r.choice(CITIES), r.choice(KINDS),
        '%.2f' % r.gauss(20, 4), r.randrange(100))


def csv(r, at, size):
    rows = ['id,time,city,kind,value,quality']
    length = 0
    while length < size:
        row = '%d,%s,%s,%s,%s,%d' % reading(r, at)
        rows.append(row)
        length += len(row) + 1
        at += r.randrange(1, 60)
    return '\n'.join(rows).encode() + b'\n', at


def json(r, at, size):
    rows = []
    length = 0
    while length < size:
        row = ('  {"id": %d, "time": "%s", "city": "%s", "kind": "%s", '
               '"value": %s, "quality": %d}' % reading(r, at))
        rows.append(row)
        length += len(row) + 2
        at += r.randrange(1, 60)
    return b'[\n' + ',\n'.join(rows).encode() + b'\n]\n', at


def content(workload, r, i):
    if workload in ('M', 'N'):
        return r.randbytes(r.randrange(200, 2 * KIB))
    if workload == 'T':
        return b'item %d\n' % i
    size = r.randrange(2 * KIB, 4 * KIB)
    if workload == 'J':
        return (json, csv)[i % 2](r, i * 1000, size)[0]
    return r.randbytes(size)


def make_files(workload, path, count):
    r = random.Random('mldv ' + workload)
    folders = FOLDERS[workload] or 1
    os.mkdir(path)
    for k in range(folders):
        folder = path
        if FOLDERS[workload]:
            folder = os.path.join(path, '%03d' % k)
            os.mkdir(folder)
        for i in range(k * count // folders, (k + 1) * count // folders):
            with open(os.path.join(folder, '%07d' % i), 'wb') as out:
                out.write(content(workload, r, i))


def make_csv(path, size):
    r = random.Random('mldv C')
    at = 0
    with open(path, 'wb') as out:
        while out.tell() < size:
            rows, at = csv(r, at, min(MIB, size - out.tell()))
            out.write(rows)


def make_binary(path, size, insert):
    """With 'insert', as without it but for a MiB more in the middle."""
    r = random.Random('mldv L')
    with open(path, 'wb') as out:
        for i in range(size // MIB):
            if insert and i == size // MIB // 2:
                # Not at a multiple of what it is cut into.
                block = r.randbytes(MIB)
                out.write(block[:12345])
                out.write(random.Random('mldv V').randbytes(MIB))
                out.write(block[12345:])
            else:
                out.write(r.randbytes(MIB))


def make_sparse(path, size):
    r = random.Random('mldv H')
    with open(path, 'wb') as out:
        out.truncate(size)
        for i in range(64):
            out.seek(size // 64 * i)
            out.write(r.randbytes(MIB))


def make(workload, path, count):
    if workload == 'C':
        make_csv(path, count)
    elif workload in ('L', 'V'):
        make_binary(path, count, workload == 'V')
    elif workload == 'H':
        make_sparse(path, count)
    else:
        make_files(workload, path, count)


def source(directory, workload, scale):
    """The path of the workload's data, made if this is the first time."""
    workload = plain(workload)
    kept = {'R': 'L'}.get(workload, workload)
    count = SIZES[scale][{'V': 'L'}.get(kept, kept)]
    path = os.path.join(directory, '%s-%d' % (kept, count))
    if not os.path.exists(path):
        os.makedirs(directory, exist_ok=True)
        print('making %s' % path, flush=True)
        part = path + '.part'
        if os.path.isdir(part):
            shutil.rmtree(part)
        make(kept, part, count)
        os.rename(part, path)
    return path
