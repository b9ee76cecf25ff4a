import pytest
import yaml

from grader.reference.draft.text import flow, scalar


@pytest.mark.parametrize(
    "text",
    [
        "plain words",
        "true",
        "null",
        "1",
        "1e3",
        "a: b",
        "# no",
        "- x",
        "it's",
        'say "x"',
        "tail ",
        "",
        "~",
        "@x",
        "ü 数",
        "a\x07b",
    ],
)
def test_every_text_is_read_back(text):
    """Headings hold anything."""
    assert yaml.safe_load(f"key: {scalar(text)}") == {"key": text}
    assert yaml.safe_load(f"key: [{scalar(text, in_flow=True)}, x]") == {"key": [text, "x"]}


@pytest.mark.parametrize("value", [0.00001, 1e-4, 0.2, 3, 3.0, True, None, [0, 1], {"a": [1.5, "b, c"]}, -1.25])
def test_every_value_is_read_back(value):
    """Small numbers are no words."""
    assert yaml.safe_load(f"key: {flow(value)}") == {"key": value}
