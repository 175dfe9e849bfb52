# SPDX-License-Identifier: Apache-2.0
"""Turns the table of pixel counts into one image file per digit.

Each image is stretched so that its darkest pixel is 255. The last rows of the
table become the test set, so that the model is tested on later images than
those it has learned from.
"""

import argparse
import gzip
import pathlib

import images


def stretch(counts):
    """Scales an image so that its largest value is 255, rounding down."""
    top = max(counts)
    return [c * images.WHITE // top for c in counts]


def main():
    """Reads the table, writes train/ and test/ below the output folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--test-percent", type=int, required=True)
    parser.add_argument("table")
    parser.add_argument("folder", type=pathlib.Path)
    args = parser.parse_args()

    with gzip.open(args.table, "rt", encoding="ascii") as table:
        rows = [[int(cell) for cell in line.split(",")] for line in table]
    first_test = len(rows) - len(rows) * args.test_percent // 100
    for number, row in enumerate(rows):
        part = "train" if number < first_test else "test"
        label, counts = row[-1], row[:-1]
        folder = args.folder / part / str(label)
        folder.mkdir(parents=True, exist_ok=True)
        images.write_pgm(folder / f"{number:04d}.pgm", stretch(counts))
    print(f"{first_test} images to learn from, {len(rows) - first_test} to test")


if __name__ == "__main__":
    main()
