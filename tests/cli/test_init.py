from click.testing import CliRunner

from grader.cli import main


def test_a_rubric_that_is_there_is_not_overwritten(tmp_path):
    """Somebody may have edited it; nothing is run first."""
    notebook, rubric = tmp_path / "week.ipynb", tmp_path / "week.yaml"
    notebook.write_text("{}")
    rubric.write_text("mine")
    result = CliRunner().invoke(main, ["init", str(notebook), "-o", str(rubric), "--data", "sample", "--unprotected"])
    assert result.exit_code == 2
    assert "--force" in result.output
    assert rubric.read_text() == "mine"


def test_an_assignment_has_a_plain_name(tmp_path):
    """It becomes part of paths."""
    notebook = tmp_path / "week.ipynb"
    notebook.write_text("{}")
    result = CliRunner().invoke(main, ["init", str(notebook), "--assignment", "Week 9"])
    assert result.exit_code == 2
    assert "--assignment week-9" in result.output
