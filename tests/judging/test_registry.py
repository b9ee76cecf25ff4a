"""Checks are found by name: the grader's own, and those of installed packages."""

from __future__ import annotations

import importlib
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from builders import make_evidence
from click.testing import CliRunner

from grader.cli.checks import checks
from grader.errors import RubricError, UsageError
from grader.evaluate import evaluate
from grader.judging import registry
from grader.judging.registry import CheckPackage, checks_digest, find_check, own_checks
from grader.records import Measurements
from grader.rubric import load_rubric, schema_text

EXAMPLE = Path(__file__).parents[1] / "example_checks" / "example_checks.py"
CHECK = """
from grader.judging.registry import Params, check
from grader.judging.results import passed

@check({name!r}, params=Params)
def some(section, params):
    "It holds."
    return passed("It does.", {{}})
"""
RUBRIC = """
assignment: some
title: Some
points: {{core: 1}}
sections:
  - id: ex1
    title: "Exercise 1: Print"
    criteria:
      - {{id: ex1.word, points: 1, check: {check}, params: {params}}}
"""


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A folder of installed packages: ``add(name, code)`` installs one; all is as before in the end."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    before, modules = dict(registry._REGISTRY), set(sys.modules)
    forget()
    yield SimpleNamespace(folder=folder, add=lambda name, code: install(folder, name, code))
    registry._REGISTRY.clear()
    registry._REGISTRY.update(before)
    for name in set(sys.modules) - modules:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(folder)):
            del sys.modules[name]
    forget()


def forget():
    """Packages are looked for again."""
    registry.load_course_checks.cache_clear()
    registry._entry_points.cache_clear()
    importlib.invalidate_caches()


def install(folder, name, code):
    """As an installer leaves it: a module, and what the distribution says of itself."""
    module = name.replace("-", "_")
    (folder / f"{module}.py").write_text(code)
    about = folder / f"{module}-1.2.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.2\n")
    (about / "entry_points.txt").write_text(f"[grader.checks]\nsome = {module}\n")


def rubric(folder, check="printed_word", params="{word: hello}"):
    path = folder / "some.yaml"
    path.write_text(RUBRIC.format(check=check, params=params))
    return load_rubric(path)


def problem(folder, **changes):
    with pytest.raises(RubricError) as caught:
        rubric(folder, **changes)
    (line,) = caught.value.problems
    return line.removeprefix(f"{folder / 'some.yaml'}:9: criterion ex1.word: ")


def test_a_package_s_check_judges_and_its_version_is_in_the_grade(site, tmp_path):
    """Nothing but its entry point tells of it."""
    site.add("example-checks", EXAMPLE.read_text())
    read = rubric(tmp_path)
    measurements = Measurements(submission="some")
    graded = evaluate(read, evidence=make_evidence(), measurements=measurements, read=lambda ref: None)
    assert graded.verdicts[0].outcome == "failed"
    assert graded.rubric.check_packages == {"example-checks": "1.2"}


def test_the_grader_s_own_checks_are_of_no_package(site, tmp_path):
    """And need none to be imported."""
    site.add("broken-checks", "raise ImportError")
    read = rubric(tmp_path, check="notebook_runs", params="{}")
    assert (read.check_packages, registry.load_course_checks.cache_info().currsize) == ((), 0)


def test_a_section_that_a_package_s_check_names_is_looked_for(site, tmp_path):
    """As for the grader's own."""
    site.add("example-checks", EXAMPLE.read_text())
    expected = "parameter 'or_in': there is no section 'ex2'. Did you mean 'ex1'?"
    assert problem(tmp_path, params="{word: hello, or_in: ex2}") == expected


def test_a_package_that_cannot_be_imported_breaks_only_what_needs_it(site, tmp_path):
    """Another package's checks are there, and a rubric with the lost check says why it is lost."""
    site.add("broken-checks", "import nothing_of_this_name")
    site.add("example-checks", EXAMPLE.read_text())
    assert rubric(tmp_path).criteria[0].check == "printed_word"
    told = problem(tmp_path, check="broken_word", params="{}")
    assert told.startswith("there is no check 'broken_word'. The checks of package broken-checks 1.2 (entry point some")
    assert "No module named 'nothing_of_this_name'" in told
    assert told.endswith("Repair the package, install what it lacks, or uninstall it.")


def test_the_grader_s_own_check_keeps_its_name(site, tmp_path):
    """A package cannot put another in its place, nor register others beside it."""
    site.add("bad-checks", CHECK.format(name="printed_word") + CHECK.format(name="accuracy"))
    told = problem(tmp_path)
    assert "NameTakenError: a check 'accuracy' is registered already, by grader.checks.performance" in told
    assert find_check("accuracy").package is None


def test_a_name_that_two_packages_use_is_refused(site, tmp_path):
    """Which of them is meant cannot be told."""
    for name in ("example-checks", "other-checks"):
        site.add(name, CHECK.format(name="printed_word"))
    told = problem(tmp_path, params="{}")
    assert told.startswith("several packages have a check 'printed_word'. The checks of package other-checks 1.2")


def test_the_list_shows_packages_and_what_is_broken(site):
    """Every check that can be used stands before the error."""
    site.add("broken-checks", "1 / 0")
    site.add("example-checks", EXAMPLE.read_text())
    result = CliRunner().invoke(checks, env={"COLUMNS": "200"})
    line = "printed_word  A cell of the section prints the word asked for.  (package example-checks 1.2)"
    assert line in result.output
    assert isinstance(result.exception, UsageError)
    assert "ZeroDivisionError" in str(result.exception)


def test_the_schema_for_editors_has_a_course_s_own_checks(site):
    """Printed alone; the one that is published has the grader's alone."""
    site.add("example-checks", EXAMPLE.read_text())
    assert '"printed_word.PrintedWordParams"' in CliRunner().invoke(checks, ["--schema"]).output
    assert "printed_word" not in schema_text(own_checks())


def test_the_digest_follows_the_code_and_the_package(site):
    """What a stored evaluation depends on."""
    site.add("example-checks", EXAMPLE.read_text())
    spec = find_check("printed_word")
    assert (spec.package, spec.source_files) == (
        CheckPackage("example-checks", "1.2"),
        (site.folder / "example_checks.py",),
    )
    before = checks_digest([spec])
    with (site.folder / "example_checks.py").open("a") as file:
        file.write("# changed\n")
    assert checks_digest([spec]) != before


def test_the_files_of_a_package_are_all_that_lie_beside_the_check(site):
    """A helper that it imports is a part of it."""
    shutil.copytree(EXAMPLE.parent, site.folder / "course")
    (site.folder / "course" / "__init__.py").write_text("from course import example_checks")
    site.add("own", "import course")
    files = [path.name for path in find_check("printed_word").source_files]
    assert files == ["__init__.py", "example_checks.py"]


def test_an_own_check_is_its_module():
    """What it is made of besides is no part of it."""
    assert [path.name for path in find_check("accuracy").source_files] == ["performance.py"]
