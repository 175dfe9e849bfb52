# SPDX-License-Identifier: Apache-2.0
"""Collects the raw images: one file each, below a folder for each class.

They come with the package scikit-learn, so no network is needed; where a data
set is downloaded, this is the script that does it.
"""

import argparse
import pathlib

from sklearn.datasets import load_digits

WHITE = 16  # the largest value of a pixel


def main():
    """Writes FOLDER/CLASS/NUMBER.pgm."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=pathlib.Path)
    args = parser.parse_args()

    digits = load_digits()
    for number, (image, label) in enumerate(zip(digits.images, digits.target)):
        height, width = image.shape
        folder = args.folder / str(label)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{number:04d}.pgm").write_bytes(
            b"P5 %d %d %d\n" % (width, height, WHITE) +
            image.astype("uint8").tobytes())
    print(f"collected {len(digits.images)} images of "
          f"{len(set(digits.target))} classes")


if __name__ == "__main__":
    main()
