"""Compares the public names of older releases with today's installed libraries, and writes down what is gone.

    python tools/removed_names.py [--folder FOLDER]

Downloads about fifty older releases with pip (some 1.6 GB, once a folder), reads their public names from the source
without installing or importing them, asks the installed libraries for each, and writes
``grader/attribution/data/removed_names.json``. Run it again when the students' environment changes.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import tempfile
import warnings
from pathlib import Path

from removed_names_old import Release
from removed_names_today import compare, write

RELEASES = {
    "keras": "3.11:3.0.5 3.8:2.15.0 3.8:2.6.0 3.6:2.3.1 3.6:2.2.5 3.6:2.1.6 3.6:2.0.9 source:1.2.2 source:0.3.3",
    "tensorflow-cpu": "3.11:2.15.1 3.9:2.8.4 3.8:2.2.3",
    "tensorflow": "3.7:1.15.5",
    "numpy": "3.11:1.26.4 3.10:1.23.5 3.8:1.19.5 3.6:1.16.6 3.6:1.11.3",
    "scipy": "3.11:1.13.1 3.10:1.10.1 3.8:1.5.4 3.6:1.2.3 3.6:0.19.1",
    "pandas": "3.11:2.2.3 3.9:1.5.3 3.8:1.1.5 3.6:0.25.3 3.6:0.20.3 3.5:0.18.1",
    "scikit-learn": "3.11:1.5.2 3.9:1.2.2 3.9:1.0.2 3.8:0.24.2 3.6:0.22.2.post1 3.6:0.20.4 3.6:0.19.2 3.6:0.18.2 "
    "3.5:0.17.1",
    "matplotlib": "3.11:3.8.4 3.9:3.6.3 3.8:3.3.4 3.6:2.2.5 3.6:2.0.2 3.5:1.5.3",
    "seaborn": "3.9:0.12.2 3.9:0.11.2 3.6:0.10.1 3.6:0.9.0",
}  # fmt: skip
"""Distribution: Python and version of each release, newest first (``source``: there is no wheel)."""


def download(distribution: str, release: str, *, folder: Path) -> Path:
    """One release's archive, from the folder where it is there already.

    Raises:
        RuntimeError: pip could not download it.
    """
    python, version = release.split(":")
    stem = distribution.replace("-", "_")
    pattern = re.compile(rf"{stem}-{re.escape(version)}(-.*\.whl|\.tar\.gz)", re.IGNORECASE)
    there = [path for path in folder.iterdir() if pattern.fullmatch(path.name)]
    if there:
        return there[0]
    wheel = ["--only-binary", ":all:", "--python-version", python]
    for tag in ("manylinux1", "manylinux2010", "manylinux2014", "manylinux_2_17"):
        wheel += ["--platform", f"{tag}_x86_64"]
    how = ["--no-binary", ":all:"] if python == "source" else wheel
    command = [shutil.which("pip") or "pip", "download", "-q", "--no-deps", *how, "-d", str(folder)]
    done = subprocess.run([*command, f"{distribution}=={version}"], capture_output=True, text=True, check=False)
    there = [path for path in folder.iterdir() if pattern.fullmatch(path.name)]
    if not there:
        raise RuntimeError(f"{distribution} {version} could not be downloaded: {done.stderr[-500:]}")
    return there[0]


def main() -> None:
    """Downloads, compares and writes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, help="where the releases are kept (a temporary folder without it)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        folder = options.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        surfaces = [
            (distribution, Release(download(distribution, release, folder=folder)).surface())
            for distribution, releases in RELEASES.items()
            for release in releases.split()
        ]
        write(compare(surfaces), Path(__file__).parent.parent / "grader/attribution/data/removed_names.json")


if __name__ == "__main__":
    main()
