# SPDX-License-Identifier: Apache-2.0
"""A network with one hidden layer: what training and evaluation share."""

import numpy as np

CLASSES = 10


def load_images(folder):
    """Returns images as rows of numbers from 0 to 1, and their labels."""
    images = np.load(f"{folder}/images.npy") / 255
    return images, np.load(f"{folder}/labels.npy")


def start(generator, pixels, hidden):
    """Returns weights to begin with."""
    return {"w1": generator.normal(0, (2 / pixels) ** 0.5, (pixels, hidden)),
            "b1": np.zeros(hidden),
            "w2": generator.normal(0, (2 / hidden) ** 0.5, (hidden, CLASSES)),
            "b2": np.zeros(CLASSES)}


def forward(weights, rows):
    """Returns the hidden values, and how likely each class is."""
    hidden = np.maximum(rows @ weights["w1"] + weights["b1"], 0)
    values = hidden @ weights["w2"] + weights["b2"]
    values = np.exp(values - values.max(axis=1, keepdims=True))
    return hidden, values / values.sum(axis=1, keepdims=True)


def predict(weights, images):
    """Returns the most likely class of each image."""
    return forward(weights, images.reshape(len(images), -1))[1].argmax(axis=1)
