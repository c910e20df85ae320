"""The package as people find it: names, signatures, documentation, types."""

import ast
import builtins
import inspect
import re
from importlib.metadata import metadata, version
from pathlib import Path

import pytest
import zinc
from zinc import OwnedRegion, RegionInfo, SharedRegion

PUBLIC = [getattr(zinc, name) for name in zinc.__all__ if callable(getattr(zinc, name))] + [zinc.list]
MEMBERS = [
    (owner, name)
    for owner in (SharedRegion, OwnedRegion, RegionInfo)
    for name in vars(owner)
    if not name.startswith("_") or name == "__dlpack__"
]


def test_the_version_is_the_distributions():
    assert zinc.__version__ == version("zinc")
    assert metadata("zinc")["Requires-Python"] == ">=3.11"
    assert not [need for need in metadata("zinc").get_all("Requires-Dist") or [] if "extra ==" not in need]


def test_import_star_hides_no_built_in():
    names = {}
    exec("from zinc import *", names)  # noqa: S102
    assert names["SharedRegion"] is SharedRegion
    assert not [name for name in names if hasattr(builtins, name) and not name.startswith("_")]


@pytest.mark.parametrize("thing", PUBLIC, ids=lambda thing: thing.__name__)
def test_every_public_name_says_what_it_is(thing):
    assert inspect.getdoc(thing)
    assert thing.__module__.split(".")[0] == "zinc"


@pytest.mark.parametrize(("owner", "name"), MEMBERS)
def test_every_member_is_documented_and_has_a_signature(owner, name):
    member = getattr(owner, name)
    assert inspect.getdoc(member)
    if callable(member):
        parameters = inspect.signature(member).parameters
        assert "args" not in parameters and "..." not in str(inspect.signature(member))
        text = inspect.getdoc(member)
        if "Args:" in text:
            named = re.findall(r"^    (\w+):", text.split("Args:")[1].split("\n\n")[0], re.MULTILINE)
            keywords = set(parameters) - {"self"}
            assert set(named) <= keywords
            assert set(named) == keywords or "keyword arguments" in text


def test_the_stub_has_the_docstrings_that_help_shows():
    stub = ast.parse(Path(zinc.__file__).with_name("_zinc.pyi").read_text())
    documented = {}
    for node in stub.body:
        if isinstance(node, ast.ClassDef):
            documented[node.name] = ast.get_docstring(node)
            documented |= {
                f"{node.name}.{member.name}": ast.get_docstring(member)
                for member in node.body
                if isinstance(member, ast.FunctionDef)
            }
        elif isinstance(node, ast.FunctionDef):
            documented[node.name] = ast.get_docstring(node)
    things = {thing.__name__: thing for thing in (SharedRegion, OwnedRegion, RegionInfo, zinc.list, zinc.remove)}
    things |= {f"{owner.__name__}.{name}": getattr(owner, name) for owner, name in MEMBERS}
    for name, thing in things.items():
        assert documented[name] == inspect.getdoc(thing), name
