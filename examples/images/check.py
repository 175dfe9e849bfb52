# SPDX-License-Identifier: Apache-2.0
"""check.py PROJECT: computes accuracies a second time, by another route.

Nothing is shared with the stages but the seed of the split: the raw images are
read, not the prepared ones; the model's file is taken apart without numpy, and
the network is applied in plain Python. The noise is numpy's own, so of that
condition only the arithmetic of the report is checked.
"""

import ast
import json
import pathlib
import random
import struct
import sys
import zipfile

SIDE = 8


def matrix(file):
    """Returns the rows of an array in numpy's format 1.0."""
    data = file.read()
    length = struct.unpack_from("<H", data, 8)[0]
    head = ast.literal_eval(data[10:10 + length].decode())
    assert head["descr"] == "<f8" and not head["fortran_order"], head
    values = struct.unpack(f"<{(len(data) - 10 - length) // 8}d",
                           data[10 + length:])
    columns = head["shape"][-1]
    return [values[at:at + columns] for at in range(0, len(values), columns)]


def tested(folder, percent, seed):
    """Returns pairs of pixels from 0 to 255 and a class."""
    choice, found = random.Random(seed), []
    for label in range(10):
        paths = sorted((folder / str(label)).iterdir())
        choice.shuffle(paths)
        found += [([255 * p // 16 for p in path.read_bytes()[-SIDE * SIDE:]],
                   label) for path in paths[:len(paths) * percent // 100]]
    return found


def layer(rows, constants, inputs):
    """Returns the weighted sums."""
    return [constant + sum(row[at] * x for row, x in zip(rows, inputs))
            for at, constant in enumerate(constants)]


def answer(model, inputs):
    """Returns the class with the largest value."""
    hidden = [max(value, 0.0)
              for value in layer(model["w1"], model["b1"][0], inputs)]
    values = layer(model["w2"], model["b2"][0], hidden)
    return values.index(max(values))


def shift(pixels):
    """Moves each row to the right, around the edge."""
    moved = []
    for at in range(0, SIDE * SIDE, SIDE):
        row = pixels[at:at + SIDE]
        moved += row[-1:] + row[:-1]
    return moved


def main():
    """Ends with an error unless the reports say what comes out here."""
    project = pathlib.Path(sys.argv[1])
    with zipfile.ZipFile(project / "models/classifier.npz") as archive:
        model = {name: matrix(archive.open(name + ".npy"))
                 for name in ("w1", "b1", "w2", "b2")}
    images = tested(project / "data/raw/digits_20261124", 25, 1)
    spoil = {"clean": lambda pixels: [p / 255 for p in pixels],
             "dark": lambda pixels: [p / 255 * 0.4 for p in pixels],
             "shift": lambda pixels: [p / 255 for p in shift(pixels)]}
    for condition in ("clean", "dark", "noise", "shift"):
        path = project / f"reports/metrics/{condition}.json"
        said = json.loads(path.read_text(encoding="utf-8"))
        errors = said["errors"]
        if condition in spoil:
            errors = sum(answer(model, spoil[condition](pixels)) != label
                         for pixels, label in images)
        accuracy = round(1 - errors / len(images), 4)
        if said != {"accuracy": accuracy, "errors": errors,
                    "images": len(images)}:
            sys.exit(f"check.py: {condition}: {errors} errors of "
                     f"{len(images)}, reported {said}")
        print(condition, accuracy)


if __name__ == "__main__":
    main()
