# SPDX-License-Identifier: Apache-2.0
"""Computes the demo's metrics a second time, by another route.

Nothing is shared with the stages: the images come out of the raw table, not
out of the prepared files, and all arithmetic is on integers. First the stored
model is applied, exactly. Then the model is learned anew, digit by digit, in
fixed point with 80 binary places, and its predictions must be the same. The
metrics, the table of confusions and the baseline must be what evaluate wrote.
"""

import argparse
import collections
import csv
import fractions
import gzip
import json
import math
import pathlib
import sys

BITS = 80


def read_table(path, test_percent):
    """Returns the training and the test rows as pairs (label, integers)."""
    lines = gzip.decompress(pathlib.Path(path).read_bytes()).decode().split()
    rows = []
    for line in lines:
        *counts, label = map(int, line.split(","))
        darkest = max(counts)
        # In units of 1/256; the last stands for the constant 1.
        rows.append((label, [math.floor(fractions.Fraction(255 * c, darkest))
                             for c in counts] + [256]))
    tested = len(rows) * test_percent // 100
    return rows[:-tested], rows[-tested:]


def exact_model(path):
    """Returns the stored weights as integers over one common denominator."""
    rows = [[fractions.Fraction(weight) for weight in row]
            for row in json.loads(pathlib.Path(path).read_text())["weights"]]
    scale = math.lcm(*(weight.denominator for row in rows for weight in row))
    return [[int(weight * scale) for weight in row] for row in rows], scale


def learn(digit, rows, rate, epochs):
    """Returns the weights for one digit in units of 2**-BITS."""
    weights = [0] * 65
    divisor = rate.denominator << 16
    for label, inputs in rows * epochs:
        error = (1 << BITS + 8) if label == digit else 0
        error -= sum(map(int.__mul__, weights, inputs))
        step = rate.numerator * error
        weights = [w + step * x // divisor for w, x in zip(weights, inputs)]
    return weights


def predictions(model, rows):
    """Returns for each row the digit with the largest value."""
    columns = [[sum(map(int.__mul__, weights, inputs)) for _, inputs in rows]
               for weights in model]
    return [max(range(10), key=lambda digit: values[digit])
            for values in zip(*columns)]


def agree(what, here, there):
    """Ends the program unless the two values are equal."""
    if here != there:
        sys.exit(f"check.py: {what}: computed {here}, reported {there}")


def main():
    """Compares everything; prints one line, or says what differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lr", type=fractions.Fraction, required=True)
    parser.add_argument("--epochs", type=int, required=True)
    parser.add_argument("--test-percent", type=int, required=True)
    for name in ("table", "model", "metrics", "confusion"):
        parser.add_argument(name)
    args = parser.parse_args()

    training, tested = read_table(args.table, args.test_percent)
    labels = [label for label, _ in tested]
    stored, scale = exact_model(args.model)
    answers = predictions(stored, tested)

    # The stages compute with the nearest double of the rate.
    rate = fractions.Fraction(float(args.lr))
    learned = [learn(digit, training, rate, args.epochs)
               for digit in range(10)]
    agree("what the model learned anew answers",
          predictions(learned, tested), answers)
    apart = max(abs(fractions.Fraction(a, scale) -
                    fractions.Fraction(b, 1 << BITS))
                for row, other in zip(stored, learned)
                for a, b in zip(row, other))
    agree("weights within 1e-12 of those learned anew",
          apart < fractions.Fraction(1, 10**12), True)

    pairs = collections.Counter(zip(labels, answers))
    with open(args.confusion, newline="", encoding="ascii") as file:
        header, *table = csv.reader(file)
    agree("the header of the confusions", ["actual", *"0123456789"], header)
    for digit in range(10):
        agree(f"the confusions of {digit}",
              [digit] + [pairs[digit, other] for other in range(10)],
              [int(cell) for cell in table[digit]])

    right = sum(map(int.__eq__, labels, answers))
    seen = collections.Counter(label for label, _ in training)
    common = min(seen, key=lambda digit: (-seen[digit], digit))
    metrics = json.loads(pathlib.Path(args.metrics).read_text())
    agree("images", len(tested), metrics["images"])
    agree("errors", len(tested) - right, metrics["errors"])
    agree("accuracy", f"{right / len(tested):.4f}",
          f"{metrics['accuracy']:.4f}")
    agree("baseline", f"{labels.count(common) / len(tested):.4f}",
          f"{metrics['baseline']:.4f}")
    print(f"accuracy {right / len(tested):.4f} baseline "
          f"{labels.count(common) / len(tested):.4f}")


if __name__ == "__main__":
    main()
