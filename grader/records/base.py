"""The ground under every record: immutable, versioned, written as JSON."""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

SchemaVersion = Literal[3]
SCHEMA_VERSION: Final[SchemaVersion] = 3
"""The version of evidence, measurements and grades on disk; one of another version is never read, but made afresh.

2: the cause that was called ``ours`` is ``infrastructure``. 3: people stand in ``people.json`` alone.
"""

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
"""A content address, lower-case hexadecimal."""

ArrayRef = Sha256
"""The name of a stored array: the SHA-256 of its ``.npy`` file."""


class Record(BaseModel):
    """An immutable piece of data that survives the process that made it."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="constants")


def digest(said: object) -> Sha256:
    """A SHA-256 over plain JSON."""
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
