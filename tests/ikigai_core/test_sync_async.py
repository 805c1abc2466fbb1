"""What the sync client offers, the async one offers too, from the same text: the same names, parameters and words."""

from __future__ import annotations

import inspect
import pydoc
import re
from collections.abc import Iterator
from typing import Any

import pytest

import ikigai_core
from ikigai_core import AsyncFlow, AsyncIkigai, Dataset, Flow
from ikigai_core.client import Ikigai
from ikigai_core.components.access import Access, AsyncAccess
from ikigai_core.components.app_builder import AppBuilder, AsyncAppBuilder
from ikigai_core.components.browser import AsyncBrowser, Browser
from ikigai_core.components.custom_facet_builder import AsyncCustomFacetBuilder, CustomFacetBuilder
from ikigai_core.components.dataset_builder import AsyncDatasetBuilder, DatasetBuilder
from ikigai_core.components.directory import AsyncDirectoryBuilder, DirectoryBuilder
from ikigai_core.components.flow_builder import AsyncFlowBuilder, FlowBuilder
from ikigai_core.components.model import AsyncModelBuilder, ModelBuilder
from ikigai_core.sync_async import AsyncFace, SyncFace, edit, operation

EXPORTED = [
    (getattr(ikigai_core, name.removeprefix("Async")), getattr(ikigai_core, name))
    for name in ikigai_core.__all__
    if name.startswith("Async")
]
PAIRS = {
    *EXPORTED,
    (Access, AsyncAccess),
    (AppBuilder, AsyncAppBuilder),
    (Browser, AsyncBrowser),
    (CustomFacetBuilder, AsyncCustomFacetBuilder),
    (DatasetBuilder, AsyncDatasetBuilder),
    (DirectoryBuilder, AsyncDirectoryBuilder),
    (FlowBuilder, AsyncFlowBuilder),
    (ModelBuilder, AsyncModelBuilder),
}
ONLY_SYNC = {
    # Its async twin is named aclose.
    (Ikigai, "close"),
    # An old name of the released client, which has no async face.
    (Ikigai, "directories"),
}


def names(kind: type) -> set[str]:
    return {name for name in dir(kind) if not name.startswith("_")}


def parameters(function: Any) -> list[str]:
    """The parameters of a function, without annotations that differ by face."""
    return [
        str(parameter.replace(annotation=inspect.Parameter.empty))
        for parameter in inspect.signature(function).parameters.values()
    ]


def words(member: Any) -> str:
    """What is said of a member, apart from examples and from what only one face needs."""
    return re.sub("await |Async|[()]", "", (member.__doc__ or "").split("Examples\n")[0])


@pytest.mark.parametrize(("sync", "asynchronous"), sorted(PAIRS, key=lambda pair: pair[0].__name__))
def test_both_faces_offer_the_same(sync: Any, asynchronous: Any) -> None:
    missing = {(sync, name) for name in names(sync) - names(asynchronous)}
    assert missing <= ONLY_SYNC
    assert names(asynchronous) - names(sync) <= {"aclose"}
    for name in names(sync) & names(asynchronous):
        own, twin = inspect.getattr_static(sync, name), inspect.getattr_static(asynchronous, name)
        assert type(own) is type(twin), name
        if inspect.isfunction(own):
            assert parameters(own) == parameters(twin), name
        assert words(own) == words(twin), name


def functions(kind: type) -> Iterator[tuple[str, Any]]:
    """The public methods of a class that are this package's own."""
    for name in sorted(names(kind)):
        static = inspect.getattr_static(kind, name)
        function = static.__func__ if isinstance(static, classmethod | staticmethod) else static
        is_own = str(getattr(function, "__module__", "")).startswith("ikigai_core")
        if is_own and (inspect.isroutine(function) or isinstance(function, operation | edit)):
            yield name, function


PUBLIC = {
    *(kind for pair in PAIRS for kind in pair),
    *filter(inspect.isclass, (getattr(ikigai_core, name) for name in ikigai_core.__all__)),
}


@pytest.mark.parametrize("kind", sorted(PUBLIC, key=lambda kind: kind.__name__))
def test_what_a_class_offers_are_functions_that_tell_what_they_take_and_return(kind: type) -> None:
    for name, function in functions(kind):
        assert inspect.isfunction(function), name
        signature = inspect.signature(function)
        assert signature.return_annotation is not inspect.Signature.empty, name
        assert (function.__name__, bool(function.__doc__)) == (name, True)
        assert f"{name}(" in pydoc.plain(pydoc.render_doc(function))


@pytest.mark.parametrize("kind", sorted({kind for pair in PAIRS for kind in pair}, key=lambda kind: kind.__name__))
def test_what_asks_the_platform_is_awaited_on_the_async_face_alone(kind: type) -> None:
    asking = [function for _, function in functions(kind) if hasattr(function, "procedure")]
    # The clients' own methods are written out.
    assert asking or kind in (Ikigai, AsyncIkigai)
    for method in asking:
        signature = inspect.signature(method)
        assert inspect.iscoroutinefunction(method) == issubclass(kind, AsyncFace)
        assert "Procedure" not in str(signature)
        assert next(iter(signature.parameters)) == "self"


def test_a_method_returns_the_class_that_belongs_to_its_face() -> None:
    for method, returns in (
        (Flow.start, "FlowRun"),
        (AsyncFlow.start, "AsyncFlowRun"),
        (Flow.rename, "Flow"),
        (AsyncFlow.rename, "AsyncFlow"),
        (Dataset.df, "pd.DataFrame"),
    ):
        assert inspect.signature(method).return_annotation == returns


def test_a_class_of_a_users_own_keeps_and_overrides_methods() -> None:
    class Mine(Flow):
        def status(self) -> Any:
            """Always the same."""
            return "mine"

    assert (Mine.status.__doc__, Mine.run_logs) == ("Always the same.", Flow.run_logs)


def test_no_component_has_one_face_only() -> None:
    paired = {kind for pair in PAIRS for kind in pair}

    def leaves(kind: type) -> set[type]:
        below = {each for sub in kind.__subclasses__() for each in leaves(sub)}
        # Generic aliases of pydantic models are classes too; the named ones are what users hold.
        return below or {kind}

    unpaired = {
        kind for face in (SyncFace, AsyncFace) for kind in leaves(face) if kind.__module__.startswith("ikigai_core.")
    } - paired
    assert unpaired == set()
