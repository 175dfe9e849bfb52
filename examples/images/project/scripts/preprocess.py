# SPDX-License-Identifier: Apache-2.0
"""Splits the raw images into those to learn from and those to test with.

Of every class the same part is kept for the test, chosen by a seed. Pixels
are scaled so that white is 255.
"""

import argparse
import pathlib
import random

import numpy as np


def read_pgm(path):
    """Returns the pixels of a binary PGM file, scaled."""
    head, _, pixels = path.read_bytes().partition(b"\n")
    kind, width, height, white = head.split()
    if kind != b"P5":
        raise ValueError(f"{path} is no binary PGM file")
    image = np.frombuffer(pixels, "uint8").reshape(int(height), int(width))
    return (image.astype("uint16") * 255 // int(white)).astype("uint8")


def write(folder, examples):
    """Writes images and labels as two arrays."""
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / "images.npy", np.stack([image for image, _ in examples]))
    np.save(folder / "labels.npy",
            np.array([label for _, label in examples], "uint8"))


def main():
    """Writes PROCESSED/train and PROCESSED/test."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--test-percent", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("raw", type=pathlib.Path)
    parser.add_argument("processed", type=pathlib.Path)
    args = parser.parse_args()

    choice, train, test = random.Random(args.seed), [], []
    for folder in sorted(args.raw.iterdir()):
        images = [(read_pgm(path), int(folder.name))
                  for path in sorted(folder.iterdir())]
        choice.shuffle(images)
        count = len(images) * args.test_percent // 100
        test += images[:count]
        train += images[count:]
    write(args.processed / "train", train)
    write(args.processed / "test", test)
    print(f"{len(train)} images to learn from, {len(test)} to test with")


if __name__ == "__main__":
    main()
