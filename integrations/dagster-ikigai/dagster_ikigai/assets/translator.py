"""Translates the platform's components into assets of Dagster's asset graph."""

from __future__ import annotations

import re
from dataclasses import dataclass

import dagster as dg

from dagster_ikigai.metadata import APP, DATASET, FACET, FLOW, MODEL
from dagster_ikigai.naming import flow_key, identifier, tag_value

_EMAIL = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}")


@dataclass(frozen=True)
class IkigaiProps:
    """The properties of a dataset, model or flow that are known while definitions load.

    Attributes
    ----------
    app : str
        Name of its app.
    name : str
        Its own name.
    flow, facet : str or None
        Names of the flow and the facet that write it; None if it is only read or uploaded.
    path : tuple of str
        Key that is unique among the app's components. Default: from the names of app and component.
    owner : str or None
        Email address of the app's owner, if it is known.

    Examples
    --------
    >>> IkigaiProps("Late flights", "flights").key
    AssetKey(['late_flights', 'flights'])
    """

    app: str
    name: str
    flow: str | None = None
    facet: str | None = None
    path: tuple[str, ...] = ()
    owner: str | None = None

    @property
    def key(self) -> dg.AssetKey:
        """The asset's key."""
        return dg.AssetKey(list(self.path or self._default_path()))

    def _default_path(self) -> tuple[str, ...]:
        return (identifier(self.app), identifier(self.name))


class IkigaiDatasetProps(IkigaiProps):
    """A dataset; its key is ``<app>/<dataset>``.

    Examples
    --------
    >>> IkigaiDatasetProps("Late flights", "late_flights", flow="Late flights", facet="output").key
    AssetKey(['late_flights', 'late_flights'])
    """


class IkigaiModelProps(IkigaiProps):
    """A model that a flow trains; its key is ``<app>/models/<model>``.

    Examples
    --------
    >>> IkigaiModelProps("Late flights", "Delays").key
    AssetKey(['late_flights', 'models', 'delays'])
    """

    def _default_path(self) -> tuple[str, ...]:
        return (identifier(self.app), "models", identifier(self.name))


class IkigaiFlowProps(IkigaiProps):
    """A flow that writes neither dataset nor model; its key is ``<app>/flows/<flow>``.

    Examples
    --------
    >>> IkigaiFlowProps("Late flights", "Tell the team").key
    AssetKey(['late_flights', 'flows', 'tell_the_team'])
    """

    def _default_path(self) -> tuple[str, ...]:
        return flow_key(self.app, self.name)


class DagsterIkigaiTranslator:
    """Determines the key, group, owners, tags, kinds and metadata of the asset of a dataset or model.

    The same method is used for written and for read components, so that they match in the graph.

    Examples
    --------
    Bare names as keys, and an owner on each asset:

    >>> class Mine(DagsterIkigaiTranslator):
    ...     def get_asset_spec(self, props):
    ...         spec = super().get_asset_spec(props)
    ...         return spec.replace_attributes(key=props.name, owners=["team:flights"])
    """

    def get_asset_spec(self, props: IkigaiProps) -> dg.AssetSpec:
        """Return the asset spec without upstream assets, which come from the flow's definition.

        Parameters
        ----------
        props : IkigaiProps
            `IkigaiDatasetProps`, `IkigaiModelProps` or `IkigaiFlowProps`.

        Returns
        -------
        AssetSpec
            Its key is ``<app>/<dataset>``, ``<app>/models/<model>`` or ``<app>/flows/<flow>`` in letters, digits and
            underscores. Its owner is the app's owner, and its tag ``ikigai/app`` is the app.
        """
        metadata = {APP: props.app, FLOW: props.flow, FACET: props.facet}
        noun = "Flow"
        if isinstance(props, IkigaiDatasetProps):
            noun, metadata[DATASET] = "Dataset", props.name
        elif isinstance(props, IkigaiModelProps):
            noun, metadata[MODEL] = "Model", props.name
        return dg.AssetSpec(
            key=props.key,
            description=_description(noun, props),
            kinds={"ikigai", "model"} if isinstance(props, IkigaiModelProps) else {"ikigai"},
            metadata={name: value for name, value in metadata.items() if value is not None},
            owners=[props.owner] if props.owner and _EMAIL.fullmatch(props.owner) else None,
            tags={APP: tag_value(props.app)},
        )


def _description(noun: str, props: IkigaiProps) -> str:
    text = f"{noun} {props.name!r} of Ikigai app {props.app!r}"
    if props.flow is None or props.facet is None:
        return f"{text}."
    done = "trained" if isinstance(props, IkigaiModelProps) else "written"
    return f"{text}, {done} by facet {props.facet!r} of flow {props.flow!r}."
