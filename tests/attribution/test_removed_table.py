from __future__ import annotations

import json
import subprocess
import sys

import pytest

from grader.attribution import removed_advice as advice
from grader.attribution import removed_table as table


def test_a_name_has_its_last_release_and_its_place_today():
    """Where a name only moved, the table says where to."""
    assert table.removed_name("numpy", "product") == table.Removed("numpy.product", "numpy", "1.26.4")
    assert table.removed_name("numpy", "AxisError").today == "numpy.exceptions.AxisError"
    assert table.removed_name("tensorflow._api.v2.train", "AdamOptimizer").last == "1.15.5"
    assert table.moved_from("sklearn.cross_validation", "train_test_split") == "sklearn.model_selection"


def test_names_that_exist_or_never_did_are_not_in_the_table():
    """Nothing is called removed that stands today, nor what no release had."""
    assert table.removed_name("numpy", "bool") is None
    assert table.removed_name("numpy", "fooo") is None
    assert table.removed_member("DataFrame", "groupby") is None
    assert table.removed_argument("Dense.__init__", "units") is None


def test_members_and_arguments_are_inherited():
    """A layer has lost what the base class of layers has lost; fit stands under the name of Keras's trainer."""
    assert table.removed_member("Conv2D", "output_shape").package == "keras"
    assert table.removed_argument("TensorFlowTrainer.fit", "nb_epoch").last == "1.2.2"
    assert table.removed_argument("NDFrame.to_csv", "line_terminator").package == "pandas"


def test_a_path_is_in_the_table_or_listed_by_hand_and_not_both():
    """Advice without a name that is gone would never be given."""
    listed = {path for path in advice.NAMES if table.removed_name(*path.rsplit(".", 1))}
    assert set(advice.NAMES) - listed <= advice.UNLISTED
    assert not listed & advice.UNLISTED
    assert not [pair for pair in advice.UNLISTED_MEMBERS if table.removed_member(*pair)]
    assert not [pair for pair in advice.UNLISTED_ARGUMENTS if table.removed_argument(*pair)]


def test_the_table_is_read_when_it_is_asked():
    """Importing the module reads no file."""
    code = "import grader.attribution.removed_apis, grader.attribution.removed_table as t; print(t._table.cache_info())"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "currsize=0" in printed


@pytest.mark.slow
def test_no_installed_library_has_what_the_table_calls_removed():
    """The table fits the environment that it was made for; asked in a process that may load all of TensorFlow."""
    command = [sys.executable, "-W", "ignore", "-c", THERE]
    found = subprocess.run(command, input=json.dumps(list(_listed())), capture_output=True, text=True, check=True)
    assert json.loads(found.stdout.splitlines()[-1]) == []


THERE = """
import importlib, json, sys

def has(module, name):
    try:
        return hasattr(importlib.import_module(module), name)
    except (ImportError, RuntimeError):
        return False

print(json.dumps([f"{module}.{name}" for module, name in json.load(sys.stdin) if has(module, name)]))
"""


def _listed():
    for module, entry in table._part("names").items():
        yield from ((module, name) for names in entry["last"].values() for name in names.split())
