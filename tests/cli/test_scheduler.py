"""The options that name a cluster."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.batch import Scheduler
from grader.cli.options import cluster_options
from grader.errors import UsageError


def test_certificates_go_with_an_encrypted_address(tmp_path: Path) -> None:
    """All three of them."""
    ca, cert, key = files = [tmp_path / name for name in ("ca", "cert", "key")]
    for path in files:
        path.touch()
    assert cluster_options("tls://head:8786", ca=ca, cert=cert, key=key) == Scheduler("tls://head:8786", *files)
    assert cluster_options("tcp://head:8786", ca=None, cert=None, key=None) == Scheduler("tcp://head:8786")
    assert cluster_options(None, ca=None, cert=None, key=None) is None


@pytest.mark.parametrize("address", [None, "tcp://head:8786"])
def test_certificates_without_one_are_refused(address: str | None, tmp_path: Path) -> None:
    """Else whoever gave them would believe the connection encrypted."""
    with pytest.raises(UsageError, match="with --tls-ca, --tls-cert, --tls-key"):
        cluster_options(address, ca=tmp_path, cert=tmp_path, key=tmp_path)


def test_a_missing_certificate_is_named(tmp_path: Path) -> None:
    """Whether it was not given, or is not there."""
    with pytest.raises(UsageError, match="with --tls-ca, --tls-key"):
        cluster_options("tls://head:8786", ca=tmp_path, cert=None, key=tmp_path)
    with pytest.raises(UsageError, match="none: there is no such file"):
        cluster_options("tls://head:8786", ca=tmp_path / "none", cert=tmp_path, key=tmp_path)
