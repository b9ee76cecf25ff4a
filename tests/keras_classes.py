"""Models and layers as students write them."""

from __future__ import annotations

import sys
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers


class Matrix(layers.Layer):
    """A Dense by hand."""

    def __init__(self, units: int) -> None:
        super().__init__()
        self.units = units

    def build(self, shape: Any) -> None:
        self.matrix = self.add_weight(shape=(shape[-1], self.units), name="matrix")
        self.bias = self.add_weight(shape=(self.units,), name="bias")

    def call(self, x: Any) -> Any:
        return tf.matmul(x, self.matrix) + self.bias


class Block(layers.Layer):
    """A convolution, its activation and a pooling by hand."""

    def build(self, shape: Any) -> None:
        self.kernel = self.add_weight(shape=(3, 3, shape[-1], 4))
        self.bias = self.add_weight(shape=(4,))

    def call(self, x: Any) -> Any:
        return tf.nn.max_pool2d(tf.nn.relu(tf.nn.conv2d(x, self.kernel, 1, "SAME") + self.bias), 2, 2, "VALID")


class Subclass(keras.Model):
    """Attributes in another order than the data's, a branch for training, an activation as a formula."""

    def __init__(self) -> None:
        super().__init__()
        self.last = layers.Dense(1)
        self.drop = layers.Dropout(0.3)
        self.first = Matrix(8)

    def call(self, x: Any, training: bool = False) -> Any:
        sys.stdout.write("once more")
        x = tf.nn.relu(self.first(x))
        if training:
            x = self.drop(x, training=training)
        return 1 / (1 + tf.exp(-self.last(x)))


class Decorated(keras.Model):
    """A ``call`` that is a ``tf.function``."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden, self.out = layers.Dense(3, activation="tanh"), layers.Dense(2)

    @tf.function
    def call(self, x: Any) -> Any:
        return tf.nn.softmax(self.out(self.hidden(x)))


class Unused(keras.Model):
    """A layer whose output is thrown away, and one that is used twice."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.c = layers.Dense(4), layers.Dense(5), layers.Dense(1)

    def call(self, x: Any) -> Any:
        self.b(x)
        return self.c(self.a(x)) + self.c(self.a(x))


class Python(keras.Model):
    """Python code for each batch."""

    def __init__(self) -> None:
        super().__init__()
        self.out = layers.Dense(1)

    def call(self, x: Any) -> Any:
        return self.out(tf.reshape(tf.numpy_function(np.tanh, [x], tf.float32), (-1, 6)))


class Stepper(keras.Model):
    """A training step of its own, and nothing else."""

    def train_step(self, data: Any) -> Any:
        return super().train_step(data)


class Noisy(keras.Model):
    """Draws from numpy's stream whenever it is traced."""

    def __init__(self) -> None:
        super().__init__()
        self.out = layers.Dense(1)

    def call(self, x: Any) -> Any:
        return self.out(x + np.random.rand())  # noqa: NPY002 - as students do
