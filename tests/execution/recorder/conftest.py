"""One process with Keras under the recorder, shared by every test beside."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import pytest
from keras_kernel import Kernel


@pytest.fixture(scope="session")
def kernel(keras_here: None) -> Iterator[Kernel]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        kernel = Kernel()
        yield kernel
    assert not kernel.channel.failures
