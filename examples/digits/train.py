# SPDX-License-Identifier: Apache-2.0
"""Learns ten linear functions of the pixels, one per digit.

Each is fitted by least squares (the Widrow-Hoff rule): image by image, every
weight moves against the error, by the learning rate. Only additions and
multiplications are used, always in the same order, so the model has the same
bits on every machine.
"""

import argparse
import json
import pathlib

import images


def fit(examples, rate, epochs):
    """Returns ten lists of weights; the last of each is the constant."""
    weights = [[0.0] * (images.PIXELS + 1) for _ in range(10)]
    for _ in range(epochs):
        for label, inputs in examples:
            for digit, row in enumerate(weights):
                value = 0.0
                for weight, x in zip(row, inputs):
                    value += weight * x
                step = rate * ((1.0 if digit == label else 0.0) - value)
                weights[digit] = [w + step * x for w, x in zip(row, inputs)]
    return weights


def main():
    """Reads the images, writes the model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lr", type=float, required=True)
    parser.add_argument("--epochs", type=int, required=True)
    parser.add_argument("folder")
    parser.add_argument("model", type=pathlib.Path)
    args = parser.parse_args()

    # 1/256, not 1/255: the quotient is exact, and so are its uses elsewhere.
    examples = [(label, [p / 256 for p in pixels] + [1.0])
                for _, label, pixels in images.read_folder(args.folder)]
    weights = fit(examples, args.lr, args.epochs)
    labels = [label for label, _ in examples]
    model = {"most_common": max(range(10), key=labels.count),
             "weights": weights}
    args.model.parent.mkdir(parents=True, exist_ok=True)
    args.model.write_text(json.dumps(model, indent=1) + "\n")
    print(f"learned from {len(examples)} images, {args.epochs} times over, "
          f"rate {args.lr}")


if __name__ == "__main__":
    main()
