"""One process with Keras under the recorder, shared by every test beside."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator

import pytest
from keras_kernel import Kernel


@pytest.fixture(scope="session")
def kernel() -> Iterator[Kernel]:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import keras
        import tensorflow as tf

        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(1)
        keras.utils.set_random_seed(0)
        kernel = Kernel()
        yield kernel
    assert not kernel.channel.failures
