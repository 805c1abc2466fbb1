"""Assets of all flows of an app."""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import dagster as dg

from dagster_ikigai.assets.flow_assets import flow_assets, with_template
from dagster_ikigai.assets.graph import FlowGraph
from dagster_ikigai.assets.translator import DagsterIkigaiTranslator
from dagster_ikigai.connection import IkigaiWorkspace, Workspace
from dagster_ikigai.flows.app_flow import IkigaiAppFlow
from dagster_ikigai.flows.app_state import IkigaiAppState
from dagster_ikigai.flows.facets import Component
from dagster_ikigai.flows.runnable import RunnableFlow
from dagster_ikigai.flows.written_flow import IkigaiFlow
from dagster_ikigai.metadata import APP, DATASET_TEMPLATE, FAULT, FLOW_ID
from dagster_ikigai.runs.settings import FlowSettings
from dagster_ikigai.runs.upstream_datasets import check_upstream

_log = logging.getLogger("dagster_ikigai")

StateSource = IkigaiAppState | IkigaiWorkspace | str | os.PathLike[str]
Source = StateSource | Sequence[RunnableFlow]

FRESHNESS_SLACK = timedelta(hours=1)
"""Tolerance of an asset's freshness, in addition to the longest time between two runs of the flow's schedule."""


def load_ikigai_asset_specs(
    source: StateSource, app: str | None = None, *, translator: DagsterIkigaiTranslator | None = None
) -> list[dg.AssetSpec]:
    """Return the asset specs of everything that an app's flows write: datasets, and models that they train.

    Dagster can only observe these assets. For assets that it can materialize, use `build_ikigai_assets_definitions`. A
    flow that writes neither is an asset itself. So is a flow whose definition cannot be read: its description and
    metadata (``ikigai/fault``) explain why.

    Parameters
    ----------
    source : IkigaiAppState, IkigaiWorkspace, str or Path
        The app's state, or the file that it was saved to; this sends nothing. With a workspace, the app is read from
        the platform each time that the definitions load; this is for notebooks and scripts.
    app : str, optional
        Name of the app; required if `source` is a workspace.
    translator : DagsterIkigaiTranslator, optional
        Determines keys and attributes.

    Returns
    -------
    list of AssetSpec
        Specs, those of the oldest flow first.

    Examples
    --------
    >>> state = IkigaiAppState(app_id="1", app="Late flights", owner="bob@example.com")
    >>> load_ikigai_asset_specs(state)
    []
    """
    state = app_state(source, app)
    return [spec for specs in _specs(state, translator) for spec in specs]


def build_ikigai_assets_definitions(
    source: Source,
    app: str | None = None,
    *,
    workspace: Workspace = "ikigai",
    settings: FlowSettings | None = None,
    flow_settings: Mapping[str, FlowSettings] | None = None,
    group_name: str | None = None,
    translator: DagsterIkigaiTranslator | None = None,
) -> list[dg.AssetsDefinition]:
    """Create the assets of all flows of an app, or of several flows with local definitions.

    Materializing the assets of a flow runs it and follows it to its end.

    A flow runs as a whole: its assets are one step and cannot be materialized separately. If the definition of a flow
    cannot be read, or its settings do not fit, its assets only report that.

    Parameters
    ----------
    source : IkigaiAppState, IkigaiWorkspace, str, Path or sequence of IkigaiFlow
        See `load_ikigai_asset_specs`. A sequence of flows sends nothing. In conflicts, earlier flows take precedence.
    app : str, optional
        Name of the app; required if `source` is a workspace.
    workspace : str or IkigaiWorkspace
        Resource key of the workspace, or the workspace itself. Default: the resource ``ikigai``.
    settings : FlowSettings, optional
        Settings for all flows. Each flow gets only the variables that it has.
    flow_settings : mapping of str to FlowSettings, optional
        Settings for single flows, by name.
    group_name : str, optional
        Group of the assets. Default: the group from the translator, or else the app's identifier.
    translator : DagsterIkigaiTranslator, optional
        Determines keys and attributes.

    Returns
    -------
    list of AssetsDefinition
        One definition for each flow.

    Raises
    ------
    DagsterInvalidDefinitionError
        The translator returns the same key for two assets, or the settings do not fit a flow with a local definition.

    Examples
    --------
    >>> flow = IkigaiFlow("Late flights", "Late flights", "late_flights.yaml")
    >>> [assets] = build_ikigai_assets_definitions([flow], group_name="flights")
    """
    if isinstance(source, Sequence) and not isinstance(source, str):
        flows, specs = list(source), FlowGraph(source, translator).specs
        specs = [[_grouped(spec, group_name) for spec in group] for group in specs]
    else:
        state = app_state(source, app)
        flows, specs = list(state.flows), _specs(state, translator, group_name)
    _warn_of_unknown(flows, flow_settings or {})
    chosen = [(flow_settings or {}).get(flow.name) or _fitting(settings or FlowSettings(), flow) for flow in flows]
    specs = [
        [with_template(spec, flow, used) for spec in group]
        for flow, used, group in zip(flows, chosen, specs, strict=True)
    ]
    written = [spec for group in specs for spec in group if DATASET_TEMPLATE in spec.metadata]
    return [
        _assets_of(flow, name, group, used, workspace, written)
        for flow, name, group, used in zip(flows, _step_names(flows), specs, chosen, strict=True)
    ]


def _step_names(flows: Sequence[RunnableFlow]) -> list[str]:
    """Names of the steps. Of several flows with the same identifier, the first one keeps it."""
    taken, names = Counter[str](), []
    for flow in flows:
        taken[flow.op_name] += 1
        names.append(flow.op_name if taken[flow.op_name] == 1 else f"{flow.op_name}__{taken[flow.op_name]}")
    return names


def _assets_of(
    flow: RunnableFlow,
    name: str,
    specs: Sequence[dg.AssetSpec],
    settings: FlowSettings,
    workspace: Workspace,
    written: Sequence[dg.AssetSpec],
) -> dg.AssetsDefinition:
    if isinstance(flow, IkigaiAppFlow) and not flow.is_readable:
        return dg.AssetsDefinition(specs=specs)
    try:
        check_upstream(flow, specs, written)
        return flow_assets(flow, specs, settings, workspace=workspace, name=name)
    except dg.DagsterInvalidDefinitionError as error:
        if isinstance(flow, IkigaiFlow):
            raise
        # The flow may have changed since the settings were written. The other flows of the app still work.
        _log.error("%s is shown, but cannot be materialized: %s", flow, error)
        return dg.AssetsDefinition(specs=[_with_fault(spec, str(error)) for spec in specs])


def _with_fault(spec: dg.AssetSpec, fault: str) -> dg.AssetSpec:
    description = f"{spec.description}\n\n**It cannot be materialized:** {fault}"
    return spec.merge_attributes(metadata={FAULT: fault}).replace_attributes(description=description)


def app_state(source: StateSource, app: str | None = None) -> IkigaiAppState:
    """Return the state from a source.

    Raises
    ------
    DagsterInvalidInvocationError
        A workspace was given without an app.
    """
    if isinstance(source, IkigaiAppState):
        return source
    if isinstance(source, IkigaiWorkspace):
        if app is None:
            raise dg.DagsterInvalidInvocationError("Give the name or id of the app to read: app='…'.")
        return IkigaiAppState.read(source, app)
    return IkigaiAppState.load(Path(source))


def _specs(
    state: IkigaiAppState, translator: DagsterIkigaiTranslator | None, group_name: str | None = None
) -> list[list[dg.AssetSpec]]:
    known = [(state.app, Component("dataset", name)) for name in state.datasets]
    known += [(state.app, Component("model", name)) for name in state.models]
    graph = FlowGraph(state.flows, translator, known, {state.app: state.owner})
    return [
        [_with_defaults(spec, flow, group_name) for spec in specs]
        for flow, specs in zip(state.flows, graph.specs, strict=True)
    ]


def _grouped(spec: dg.AssetSpec, group_name: str | None) -> dg.AssetSpec:
    return spec if group_name is None else spec.replace_attributes(group_name=group_name)


def _with_defaults(spec: dg.AssetSpec, flow: IkigaiAppFlow, group_name: str | None) -> dg.AssetSpec:
    changes: dict[str, Any] = {"metadata": {**spec.metadata, FLOW_ID: flow.flow_id}}
    if group_name or spec.group_name is None:
        changes["group_name"] = group_name or spec.tags.get(APP)
    if flow.period and spec.freshness_policy is None:
        window = timedelta(seconds=flow.period) + FRESHNESS_SLACK
        changes["freshness_policy"] = dg.FreshnessPolicy.time_window(fail_window=window)
    return spec.replace_attributes(**changes)


def _fitting(settings: FlowSettings, flow: RunnableFlow) -> FlowSettings:
    variables = {name: value for name, value in settings.variables.items() if name in flow.targets}
    return replace(settings, variables=variables)


def _warn_of_unknown(flows: Sequence[RunnableFlow], flow_settings: Mapping[str, FlowSettings]) -> None:
    from ikigai_core.errors import did_you_mean

    names = [flow.name for flow in flows]
    for name in flow_settings:
        if name not in names:
            _log.warning("There is no flow %r, for which settings are given. %s", name, did_you_mean(name, names))
