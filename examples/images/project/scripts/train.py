# SPDX-License-Identifier: Apache-2.0
"""Trains the network, as SageMaker starts a script.

Where its data is, and where the model goes, the SM_ variables say; mldv sets
them alike on SageMaker, in a container and as a process. After every epoch the
state is saved where SageMaker keeps checkpoints, if it does, so that a spot
instance may be taken away, which a signal announces: what goes on from there
gives the same model, to the byte, because the random numbers of an epoch
depend on its number only.
"""

import argparse
import csv
import os
import signal
import sys

# Sums in another order are other sums.
os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np  # noqa: E402  pylint: disable=wrong-import-position

import network  # noqa: E402  pylint: disable=wrong-import-position

BATCH = 32
MOMENTUM = 0.9


def shifted(images, generator):
    """Moves each image by up to one pixel: further examples for nothing."""
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1)))
    height, width = images.shape[1:]
    moved = np.empty_like(images)
    for number, (down, right) in enumerate(
            generator.integers(0, 3, (len(images), 2))):
        moved[number] = padded[number, down:down + height,
                               right:right + width]
    return moved


def step(state, rows, labels, rate):
    """One step of gradient descent with momentum; returns the loss."""
    weights, speed = state
    hidden, likely = network.forward(weights, rows)
    loss = -np.log(likely[np.arange(len(labels)), labels]).mean()
    error = likely
    error[np.arange(len(labels)), labels] -= 1
    error /= len(labels)
    back = (error @ weights["w2"].T) * (hidden > 0)
    slopes = {"w1": rows.T @ back, "b1": back.sum(axis=0),
              "w2": hidden.T @ error, "b2": error.sum(axis=0)}
    for name, slope in slopes.items():
        speed[name] = MOMENTUM * speed[name] - rate * slope
        weights[name] = weights[name] + speed[name]
    return loss


def save(path, **arrays):
    """Writes arrays to a file, which is there as a whole or not at all."""
    with open(path + ".part", "wb") as file:
        np.savez(file, **arrays)
    os.replace(path + ".part", path)


def resume(path, pixels, args):
    """Returns the epoch to go on with, the state, and what there was."""
    if path and os.path.exists(path):
        with np.load(path) as saved:
            weights = {name: saved[name] for name in ("w1", "b1", "w2", "b2")}
            speed = {name: saved["speed_" + name] for name in weights}
            history = saved["history"].tolist()
        print(f"going on after epoch {len(history)}")
        return len(history), (weights, speed), history
    weights = network.start(np.random.default_rng([args.seed, 0]), pixels,
                            args.hidden)
    return 0, (weights, {name: 0 * w for name, w in weights.items()}), []


def train(args, checkpoint):
    """Returns weights, and loss and accuracy of each epoch."""
    images, labels = network.load_images(os.environ["SM_CHANNEL_TRAIN"])
    tests, answers = network.load_images(os.environ["SM_CHANNEL_TEST"])
    begin, state, history = resume(checkpoint, images[0].size, args)
    leave = []
    signal.signal(signal.SIGTERM, lambda number, _: leave.append(number))
    for epoch in range(begin + 1, args.epochs + 1):
        generator = np.random.default_rng([args.seed, epoch])
        rows = shifted(images, generator).reshape(len(images), -1)
        order = generator.permutation(len(images))
        losses = [step(state, rows[order[at:at + BATCH]],
                       labels[order[at:at + BATCH]], args.lr)
                  for at in range(0, len(order), BATCH)]
        right = (network.predict(state[0], tests) == answers).mean()
        history.append([sum(losses) / len(losses), right])
        print(f"epoch={epoch} loss={history[-1][0]:.4f} val_acc={right:.4f}",
              flush=True)
        if checkpoint:
            save(checkpoint, history=np.array(history), **state[0],
                 **{"speed_" + name: v for name, v in state[1].items()})
        if leave:
            sys.exit("told to leave")
    return state[0], history


def main():
    """Reads the channels train and test, writes the model and its history."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lr", type=float, required=True)
    parser.add_argument("--epochs", type=int, required=True)
    parser.add_argument("--hidden", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    args = parser.parse_args()

    folder = os.path.join(os.environ.get("SAGEMAKER_BASE_DIR", "/opt/ml"),
                          "checkpoints")
    checkpoint = os.path.join(folder, "state.npz") \
        if os.path.isdir(folder) else None
    weights, history = train(args, checkpoint)
    save(os.path.join(os.environ["SM_MODEL_DIR"], "classifier.npz"), **weights)
    with open(os.path.join(os.environ["SM_OUTPUT_DATA_DIR"], "history.csv"),
              "w", encoding="ascii", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["epoch", "loss", "val_acc"])
        for epoch, (loss, right) in enumerate(history, 1):
            table.writerow([epoch, f"{loss:.6f}", f"{right:.6f}"])


if __name__ == "__main__":
    main()
