# SPDX-License-Identifier: Apache-2.0
"""Reading and writing the small grey images that the stages exchange."""

import pathlib

SIDE = 8
PIXELS = SIDE * SIDE
WHITE = 255


def write_pgm(path, pixels):
    """Writes one image as a binary PGM file."""
    head = b"P5\n%d %d\n%d\n" % (SIDE, SIDE, WHITE)
    path.write_bytes(head + bytes(pixels))


def read_folder(folder):
    """Yields (name, label, pixels) of FOLDER/<label>/<name>.pgm, by name."""
    paths = pathlib.Path(folder).glob("*/*.pgm")
    for path in sorted(paths, key=lambda p: p.stem):
        yield path.stem, int(path.parent.name), path.read_bytes()[-PIXELS:]
