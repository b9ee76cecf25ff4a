import json

from click.testing import CliRunner

from grader.cli.checks import checks
from grader.judging.registry import own_checks, registered
from grader.rubric import json_schema


def test_every_check_is_listed_with_its_statement_and_parameters():
    """A rubric's author needs no other list."""
    result = CliRunner().invoke(checks, env={"COLUMNS": "200"})
    assert result.exit_code == 0
    for spec in registered().values():
        assert f"{spec.name}  {spec.statement}" in result.output
        assert all(name in result.output for name in spec.params.model_fields)


def test_the_schema_is_printed_alone():
    """It is written to a file by the shell."""
    result = CliRunner().invoke(checks, ["--schema"])
    assert json.loads(result.output) == json.loads(json.dumps(json_schema(own_checks())))


def test_every_parameter_is_described():
    """The list and the schema say what each is for."""
    for spec in registered().values():
        missing = [name for name, field in spec.params.model_fields.items() if not field.description]
        assert missing == [], spec.name
