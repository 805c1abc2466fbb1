"""What a user asks of a client, written once for both: each operation uses the results as a user does."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

Operation = Callable[[Any, Path], Awaitable[Any]]


async def got(value: Any) -> Any:
    """The result of either face."""
    return await value if inspect.isawaitable(value) else value


def shown(value: Any) -> Any:
    """Look at a result as notebooks and orchestrators do."""
    repr(value)
    str(value)
    if hasattr(value, "to_dict"):
        value.to_dict()
    if hasattr(value, "values") and not isinstance(value, dict):
        for each in value.values():
            shown(each)
    return value


async def app_of(ikigai: Any) -> Any:
    return await got(ikigai.apps["App"])


async def apps(ikigai: Any, folder: Path) -> None:
    shown(await got(ikigai.apps()))
    shown(await got(ikigai.apps.search("A")))
    shown(await got(ikigai.apps.find("A1")))
    shown(await got(ikigai.app_directories()))


async def app(ikigai: Any, folder: Path) -> None:
    app = shown(await got(ikigai.app.new("App").build()))
    await got(app.describe())
    await got(app.rename("App"))
    await got(app.flow_definitions())
    await got(app.sweep_copies())
    await got(app.access.grant("ann@example.com", "VIEWER"))
    await got(app.access.revoke("ann@example.com"))
    await got(app.delete())


async def directories(ikigai: Any, folder: Path) -> None:
    app = await app_of(ikigai)
    folders = shown(await got(app.dataset_directories()))
    shown(await got(app.dataset_directory.new("folder").build()))
    shown(await got(folders["folder"].datasets()))
    shown(await got(app.flow_directories()))
    shown(await got(app.model_directories()))


async def datasets(ikigai: Any, folder: Path) -> None:
    app = await app_of(ikigai)
    shown(await got(app.datasets()))
    shown(await got(app.datasets.search("d")))
    data = shown(await got(app.datasets["data"]))
    shown(await got(data.logs(5)))
    await got(data.describe())


async def downloads(ikigai: Any, folder: Path) -> None:
    data = await got((await app_of(ikigai)).datasets["data"])
    await got(data.to_csv(folder / "data.csv"))
    await got(data.arrow())


async def uploads(ikigai: Any, folder: Path) -> None:
    (folder / "up.csv").write_text("a\n1\n" * 10)
    app = await app_of(ikigai)
    shown(await got(app.dataset.new("data").csv(folder / "up.csv").build()))
    shown(await got(app.dataset.new("data").csv(folder / "up.csv").ensure()))


async def flows(ikigai: Any, folder: Path) -> None:
    app = await app_of(ikigai)
    shown(await got(app.flows()))
    shown(await got(app.flows.search("f")))
    flow = shown(await got(app.flows["flow"]))
    shown(await got(flow.status()))
    for log in await got(flow.run_logs(5)):
        shown(log)
    await got(flow.describe())
    definition = shown(await got(flow.definition()))
    definition.to_mermaid()
    definition.same_as(definition)
    shown(await got(app.flow.new("flow").definition(definition).ensure()))


async def runs(ikigai: Any, folder: Path) -> None:
    flow = await got((await app_of(ikigai)).flows["flow"])
    run = await got(flow.launch(isolation="shared"))
    await got(run.wait(timeout=90))
    run = await got(flow.launch(isolation="copy"))
    shown(await got(run.wait(timeout=90)))


async def models(ikigai: Any, folder: Path) -> None:
    app = await app_of(ikigai)
    shown(await got(app.models()))
    model = shown(await got(app.models["model"]))
    for version in shown(await got(model.versions())).values():
        await got(version.describe())
    types = await got(ikigai.model_types)
    types.help()
    shown(await got(app.model.new("model").model_type(types.find("Linear.Lasso")).ensure()))


async def custom_facets(ikigai: Any, folder: Path) -> None:
    shown(await got(ikigai.custom_facets()))
    shown(await got(ikigai.custom_facets.search("f")))
    facet = shown(await got(ikigai.custom_facets["facet"]))
    shown(await got(facet.versions()))
    shown(await got(facet.unpinned()))
    shown(await got(facet.create_version("first"))).facet_type.help()
    types = await got(ikigai.facet_types)
    types.help()


OPERATIONS: list[Operation] = [
    apps,
    app,
    directories,
    datasets,
    downloads,
    uploads,
    flows,
    runs,
    models,
    custom_facets,
]
