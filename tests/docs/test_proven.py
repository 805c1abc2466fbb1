"""What users are shown rests on facets and arguments that the public platform is known to have."""

from __future__ import annotations

import ast
import importlib.util
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from .documents import DOCUMENTS, ROOT, blocks, program
from .proven import ALWAYS, ARROWS, MODELS, PROVEN

_SHOWN = [
    *DOCUMENTS,
    *sorted(ROOT.glob("examples/**/*.*")),
    *sorted(ROOT.glob("integrations/*/*_ikigai/**/*.py")),
    *sorted(ROOT.glob("integrations/*/airflow_provider_ikigai/**/*.py")),
    *sorted(ROOT.glob("ikigai_core/definition/*.py")),
    ROOT / "tools/live.py",
    ROOT / "benchmarks/definitions.py",
]
_WORDS = {"types", "find", "help"}
# Say what the local platform does with types that an account may have.
_ON_ANY_TYPE = ("docs/flows-of-an-account.md", "docs/local-platform.md")


def same(name: str) -> str:
    """A facet type's name as the platform compares it."""
    return name.replace("_", "").upper()


KNOWN = {same(name): arguments for name, arguments in PROVEN.items()}


def named_facets(path: Path) -> set[str]:
    if path.suffix not in (".md", ".py", ".yaml"):
        return set()
    found = re.findall(r"\b((?:INPUT|MID|OUTPUT)\.\w+)", path.read_text())
    return {name for name in found if name.split(".")[1] not in _WORDS}


def test_only_facets_are_named_that_the_platform_has() -> None:
    shown = [path for path in _SHOWN if str(path.relative_to(ROOT)) not in _ON_ANY_TYPE]
    named = {path: {name for name in named_facets(path) if same(name) not in KNOWN} for path in shown}
    assert {str(path): unknown for path, unknown in named.items() if unknown} == {}
    assert len(set().union(*map(named_facets, _SHOWN))) >= len(ALWAYS)


def live_test() -> Mapping[str, Any]:
    spec = importlib.util.spec_from_file_location("live", ROOT / "tools" / "live.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    document: Mapping[str, Any] = module.DOCUMENT
    return document


def documents() -> Iterator[Any]:
    """All definition documents that are shown or run."""
    for path in ROOT.glob("examples/**/*.yaml"):
        if "facets" in (content := yaml.safe_load(path.read_text())):
            yield pytest.param(content["facets"], id=path.name)
    for number, block in enumerate(blocks("yaml definition")):
        yield pytest.param(yaml.safe_load(block)["facets"], id=f"document {number}")
    yield pytest.param(live_test()["facets"], id="live.py")
    own = ast.get_docstring(ast.parse((ROOT / "ikigai_core/definition/document.py").read_text())) or ""
    yield pytest.param(yaml.safe_load(own.split("::\n")[1])["facets"], id="document.py")


@pytest.mark.parametrize("facets", list(documents()))
def test_definitions_have_only_arguments_that_the_platform_has(facets: Mapping[str, Mapping[str, Any]]) -> None:
    for facet in facets.values():
        kind = same(facet["type"])
        given = set(facet.get("arguments", {}))
        assert given <= KNOWN[kind], facet
        assert set(facet.get("variables", {}).values()) <= KNOWN[kind]
        for name, needed in ALWAYS.items():
            assert same(name) != kind or given >= needed, facet
        assert facet.get("model") in (None, *MODELS), facet
        for settings, known in MODELS.get(facet.get("model"), {}).items():
            assert set(facet.get(settings, {})) <= known, facet
        arrows = facet.get("after", [])
        for arrow in arrows if isinstance(arrows, list) else [arrows]:
            assert set(arrow if isinstance(arrow, dict) else {}) <= {"facet", *ARROWS}


def programs_with_facets() -> Iterator[Any]:
    """The programs that build definitions."""
    texts = {str(path.relative_to(ROOT)): path.read_text() for path in _SHOWN if path.suffix == ".py"}
    for path in DOCUMENTS:
        for label in ("plain", "airflow", "prefect", "dagster"):
            texts[f"{path.relative_to(ROOT)} {label}"] = program(path, label)
    for name, text in texts.items():
        if re.search(r"\b(INPUT|MID|OUTPUT)\.\w", text) and "definition/" not in name:
            yield pytest.param(text, id=name)


@pytest.mark.parametrize("text", list(programs_with_facets()))
def test_programs_give_only_arguments_that_the_platform_has(text: str) -> None:
    tree = ast.parse(text)
    known = set().union(*PROVEN.values())
    assert given_to(tree, "arguments", "args") <= known
    for settings in ("parameters", "hyperparameters"):
        assert given_to(tree, settings) <= set().union(*(model[settings] for model in MODELS.values()))


def given_to(tree: ast.AST, method: str, option: str = "") -> set[str]:
    """The names that a program gives to a method or as an option, also by a variable that holds a dict."""
    dicts = {
        node.targets[0].id: keys(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }
    names: set[str] = set()
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        is_method = isinstance(node.func, ast.Attribute) and node.func.attr == method
        for keyword in node.keywords:
            if is_method and keyword.arg:
                names.add(keyword.arg)
            elif (option and keyword.arg == option) or is_method:
                value = keyword.value
                names |= dicts.get(value.id, set()) if isinstance(value, ast.Name) else keys(value)
    return names


def keys(node: ast.AST) -> set[str]:
    constants = node.keys if isinstance(node, ast.Dict) else []
    return {str(key.value) for key in constants if isinstance(key, ast.Constant)}


def test_an_argument_that_is_not_proven_is_noticed() -> None:
    text = "a = {'x': 1}\nb.facet(t, args=a).arguments(y=1, **{'z': 1}).facet(u, args={'w': 1})"
    assert given_to(ast.parse(text), "arguments", "args") == {"w", "x", "y", "z"}
