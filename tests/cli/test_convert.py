import nbformat
from click.testing import CliRunner

from grader.cli import main

SCRIPT = "# %% [markdown]\n# # Title\n# %%\nx = 1\n"


def test_a_script_becomes_a_notebook(tmp_path):
    """Valid, and what was read is counted."""
    script, notebook = tmp_path / "week.py", tmp_path / "week.ipynb"
    script.write_text(SCRIPT)
    result = CliRunner().invoke(main, ["convert", str(script), "-o", str(notebook), "--unprotected"])
    assert result.exit_code == 0, result.output
    assert "2 cells, 1 of them code." in result.output
    nbformat.validate(nbformat.read(notebook, as_version=4))


def test_nothing_is_overwritten(tmp_path):
    """It may be the student's own notebook."""
    script, notebook = tmp_path / "week.py", tmp_path / "week.ipynb"
    script.write_text(SCRIPT)
    notebook.write_text("mine")
    result = CliRunner().invoke(main, ["convert", str(script), "-o", str(notebook)])
    assert (result.exit_code, notebook.read_text()) == (2, "mine")


def test_what_is_no_print_is_refused(tmp_path):
    """With what would be one."""
    path = tmp_path / "week.txt"
    path.write_text("my homework")
    result = CliRunner().invoke(main, ["convert", str(path), "-o", str(tmp_path / "o.ipynb"), "--unprotected"])
    assert result.exit_code == 2
    assert "no cell of a notebook was found" in result.output
