"""The source code of a Python function with everything that it uses, for another process. Standard library only."""

from __future__ import annotations

import ast
import builtins
import inspect
import re
import symtable
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

_ARGUMENTS = "arguments"
_FUTURE = re.compile(r"^from __future__ import .*$", re.MULTILINE)
_PLAIN = (str, int, float, bool, type(None))


@dataclass(frozen=True)
class FunctionSource:
    """A function as text.

    Attributes
    ----------
    script : str
        Python code that defines it.
    function : str
        Its name.
    takes_arguments : bool
        Whether it has a parameter ``arguments``.
    """

    script: str
    function: str
    takes_arguments: bool


def function_source(function: Callable[..., Any]) -> FunctionSource:
    """Return the source of a function, with the modules, plain values and functions of its module that it uses.

    Raises
    ------
    ValueError
        It is not a function with a `def`, its source is unknown, or it uses something that cannot be written as text.
    """
    parts: dict[str, str] = {}
    _collect(function, parts)
    takes = _ARGUMENTS in inspect.signature(function).parameters
    return FunctionSource("\n".join(parts.values()), function.__name__, takes)


def function_in_file(path: Path, name: str) -> FunctionSource:
    """Return the function of this name in a Python file, with the whole file.

    Raises
    ------
    ValueError
        The file is not a Python file, or does not have this function.
    OSError
        The file cannot be read.
    """
    text = path.read_text(encoding="utf-8")
    try:
        found = [node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)]
    except SyntaxError as error:
        raise ValueError(f"{path} is not a Python file: {error.msg} in line {error.lineno}") from None
    for node in found:
        if node.name == name:
            parameters = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
            takes = any(parameter.arg == _ARGUMENTS for parameter in parameters)
            # The name differs from `__main__`, so the part of the file that runs as a program is skipped.
            return FunctionSource(f"__name__ = {path.stem!r}\n{_FUTURE.sub('', text)}", name, takes)
    has = ", ".join(node.name for node in found) or "none"
    raise ValueError(f"{path} has no function {name!r}; it has: {has}")


def _collect(function: Any, parts: dict[str, str]) -> None:
    """Add what a function uses, then itself, to `parts`: code by name."""
    if not isinstance(function, FunctionType) or not function.__name__.isidentifier():
        raise ValueError(f"{function!r} cannot stand in for a facet: write a function with `def`")
    if function.__name__ in parts:
        return
    parts[function.__name__] = ""
    code = _bare_source(function)
    known = {**function.__globals__, **inspect.getclosurevars(function).nonlocals}
    for name in sorted(set(_outer_names(code))):
        if name in known and name not in parts and name != function.__name__:
            _add(function, name, known[name], parts)
    # A function comes after what it uses.
    del parts[function.__name__]
    parts[function.__name__] = code


def _add(function: FunctionType, name: str, value: Any, parts: dict[str, str]) -> None:
    if isinstance(value, ModuleType):
        parts[name] = f"import {value.__name__} as {name}"
    elif _is_plain(value):
        parts[name] = f"{name} = {value!r}"
    elif isinstance(value, FunctionType) and value.__module__ == function.__module__ and value.__name__ == name:
        _collect(value, parts)
    elif isinstance(value, FunctionType | type) and value.__module__ != function.__module__:
        parts[name] = f"from {value.__module__} import {value.__qualname__} as {name}"
    else:
        raise ValueError(
            f"function {function.__name__!r} uses {name!r} from outside, a {type(value).__name__}, which cannot be "
            "sent to the platform: make it inside the function"
        )


def _bare_source(function: FunctionType) -> str:
    """Return the code of a function without decorators and annotations, which may use names of its module."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, SyntaxError):
        raise ValueError(f"the source of function {function.__name__!r} is unknown: define it in a file") from None
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            node.decorator_list, node.returns = [], None
        elif isinstance(node, ast.arg):
            node.annotation = None
    return ast.unparse(_WithoutAnnotations().visit(tree))


class _WithoutAnnotations(ast.NodeTransformer):
    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        if node.value is None:
            return ast.copy_location(ast.Pass(), node)
        return ast.copy_location(ast.Assign([node.target], self.visit(node.value), lineno=node.lineno), node)


def _outer_names(code: str) -> Iterator[str]:
    """Yield the global names that code uses, without the built-in ones."""
    tables = [symtable.symtable(code, "<function>", "exec")]
    while tables:
        table = tables.pop()
        tables += table.get_children()
        for symbol in table.get_symbols():
            is_outer = symbol.is_global() or (table.get_type() == "module" and symbol.is_referenced())
            if is_outer and not hasattr(builtins, symbol.get_name()):
                yield symbol.get_name()


def _is_plain(value: Any) -> bool:
    if isinstance(value, dict):
        return all(_is_plain(item) for pair in value.items() for item in pair)
    if isinstance(value, list | tuple | set):
        return all(map(_is_plain, value))
    return isinstance(value, _PLAIN)
