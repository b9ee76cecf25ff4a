"""The ground under every record: immutable, versioned, written as JSON."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

SCHEMA_VERSION = 1
"""The version of every record on disk. A record of another version is executed or evaluated afresh."""

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
"""A content address, lower-case hexadecimal."""

ArrayRef = Sha256
"""The name of a stored array: the SHA-256 of its ``.npy`` file."""


class Record(BaseModel):
    """An immutable piece of data that survives the process that made it."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="constants")
