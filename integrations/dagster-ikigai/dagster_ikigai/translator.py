"""How datasets of the platform appear in Dagster's asset graph."""

from __future__ import annotations

from dataclasses import dataclass

import dagster as dg

from dagster_ikigai.naming import identifier

APP, FLOW, FACET, DATASET = "ikigai/app", "ikigai/flow", "ikigai/facet", "ikigai/dataset"


@dataclass(frozen=True)
class IkigaiDatasetProps:
    """What is known of a dataset while definitions load.

    Attributes
    ----------
    app : str
        Name of its app.
    name : str
        Name of the dataset.
    flow, facet : str or None
        Names of the flow and the facet that write it; None for one that is only read, or uploaded.
    """

    app: str
    name: str
    flow: str | None = None
    facet: str | None = None


class DagsterIkigaiTranslator:
    """Decides on the key, description, kinds and metadata of the asset that a dataset becomes.

    One method decides for datasets that are written and for those that are read, so that both meet in the graph.

    Examples
    --------
    Bare names as keys, and an owner on each asset:

    >>> class Mine(DagsterIkigaiTranslator):
    ...     def get_asset_spec(self, props):
    ...         spec = super().get_asset_spec(props)
    ...         return spec.replace_attributes(key=props.name, owners=["team:flights"])
    """

    def get_asset_spec(self, props: IkigaiDatasetProps) -> dg.AssetSpec:
        """Return the asset spec of a dataset, without its upstream assets: those come from the flow's definition.

        Parameters
        ----------
        props : IkigaiDatasetProps
            The dataset.

        Returns
        -------
        AssetSpec
            Its key is ``<app>/<dataset>`` in letters, digits and underscores.
        """
        metadata = {APP: props.app, DATASET: props.name}
        description = f"Dataset {props.name!r} of Ikigai app {props.app!r}."
        if props.flow is not None and props.facet is not None:
            metadata |= {FLOW: props.flow, FACET: props.facet}
            description = f"{description[:-1]}, written by facet {props.facet!r} of flow {props.flow!r}."
        return dg.AssetSpec(
            key=[identifier(props.app), identifier(props.name)],
            description=description,
            kinds={"ikigai"},
            metadata=metadata,
        )
