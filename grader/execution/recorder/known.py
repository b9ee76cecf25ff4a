"""Tells Keras's methods that an acceleration was compared with from those of another version.

An acceleration has to leave every number what it was, bit for bit. That was compared with these texts of the methods
that it replaces or relies on; with another text it is left out, and the evidence says so.
"""

from __future__ import annotations

import functools
import hashlib
import inspect
from typing import Any

_COMPARED = {
    "ArrayDataAdapter.get_tf_dataset": "2ab7c0854bf89cd1cc2eb41225a864ee6ed860d0b7471c7348963875f0d8631e",
    "EpochIterator._enumerate_iterator": "376e3e16a928107a7a421a25346d900d805b404430a034ddbed5c24905de9484",
    "EpochIterator.enumerate_epoch": "21ef33d51c0779fa70f463fb9cd311385394dd505925a7e2dd2d378a83abb42d",
    "ProgbarLogger._update_progbar": "c23660c0a745e7e83fd6f26933c434d54d41332e3db21adf27d2cae71b738f32",
    "Progbar.update": "4708c04b27e7fb63d7bd0d3691d532cc6f1ca216d615351c49805c77c2cb87f9",
    "TensorBoard.on_train_batch_end": "24340eb8a753a5455af2d704b36920e4eff0dec2caf01a685255f5091e924367",
    "TensorFlowTrainer._make_function": "bb33b7a0da3d27406c70fac54b8e9617156ef225f452b93f6addf8cc34aca0d0",
    "TFEpochIterator._get_iterator": "b986aa8a9d2264d9d07d284ec7cfcf2bd4ff6ebee6786029bb50a763603afd84",
    "Trainer._symbolic_build": "96220cc3b88fe768bdafe5f6aabcf874b92940abae365f8f24e5df2a5e6ae49f",
    "potentially_ragged_concat": "edc465e94abc73320fd10192e389cff9e7560b5790bc20b6a6ec53e7c9eae713",
}
"""SHA-256 of a method's text.

Test: `test_keras_speed` compares trainings with them; `test_every_acceleration_is_of_the_installed_keras` holds them.
"""


def are_known(owner: Any, *names: str) -> bool:
    """Whether the owner itself (a class or module) defines these methods, with texts that were compared.

    Args:
        owner: A class, or the module of a function.
        names: Of its methods.
    """
    return all(_is_known(vars(owner).get(name)) for name in names)


@functools.cache
def _is_known(method: Any) -> bool:
    try:
        original = inspect.unwrap(method)
        text = inspect.getsource(original)
    except (OSError, TypeError, ValueError):
        return False
    return _COMPARED.get(original.__qualname__) == hashlib.sha256(text.encode()).hexdigest()
