# SPDX-License-Identifier: Apache-2.0
"""Tests the model: how often is it right, and what does it mistake for what?

The baseline always answers the digit that is most common in the training set.
"""

import argparse
import csv
import json
import pathlib

import images


def predict(weights, pixels):
    """Returns the digit whose function of the pixels is largest."""
    inputs = [p / 256 for p in pixels] + [1.0]
    values = []
    for row in weights:
        value = 0.0
        for weight, x in zip(row, inputs):
            value += weight * x
        values.append(value)
    return values.index(max(values))


def main():
    """Reads model and images, writes the metrics and the confusion table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("folder")
    parser.add_argument("metrics", type=pathlib.Path)
    parser.add_argument("confusion", type=pathlib.Path)
    args = parser.parse_args()

    model = json.loads(args.model.read_text())
    confusion = [[0] * 10 for _ in range(10)]
    for _, label, pixels in images.read_folder(args.folder):
        confusion[label][predict(model["weights"], pixels)] += 1

    total = sum(map(sum, confusion))
    right = sum(confusion[digit][digit] for digit in range(10))
    metrics = {"accuracy": round(right / total, 4),
               "baseline": round(sum(confusion[model["most_common"]]) / total, 4),
               "errors": total - right,
               "images": total}
    args.metrics.parent.mkdir(parents=True, exist_ok=True)
    args.metrics.write_text(json.dumps(metrics, indent=1) + "\n")
    args.confusion.parent.mkdir(parents=True, exist_ok=True)
    with args.confusion.open("w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["actual", *range(10)])
        table.writerows([digit, *confusion[digit]] for digit in range(10))
    print(f"{right} of {total} right, the baseline "
          f"{sum(confusion[model['most_common']])}")


if __name__ == "__main__":
    main()
