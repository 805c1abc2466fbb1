"""Operators that make models and judge what was learned."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.sdk import BaseOperatorLink
from airflow.sdk.exceptions import AirflowFailException

from airflow_provider_ikigai.links import IkigaiModelLink
from airflow_provider_ikigai.operators.base import IkigaiBaseOperator

if TYPE_CHECKING:
    from airflow.sdk import Context

    from ikigai_core import Model, ModelVersion


class _ModelOperator(IkigaiBaseOperator):
    """An operator for one model."""

    template_fields: Sequence[str] = (*IkigaiBaseOperator.template_fields, "model")
    operator_extra_links: Collection[BaseOperatorLink] = (
        *IkigaiBaseOperator.operator_extra_links,
        IkigaiModelLink(),
    )

    def __init__(self, *, model: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.model = model


class IkigaiEnsureModelOperator(_ModelOperator):
    """Create a model, or bring the description of the model of that name up to date.

    Doing it again is safe: a model that is as it should be is left alone.

    Parameters
    ----------
    app : str
        Name or id of the app that holds the model.
    model : str
        Name of the model.
    model_type : str
        Such as ``Linear.Lasso``. A model's type cannot be changed later.
    description : str, optional
        Left as it is unless it is given.
    create_app : bool, default False
        Create the app where there is none of that name.
    **kwargs
        ``ikigai_conn_id``, and those of Airflow's `BaseOperator`.

    Returns
    -------
    dict
        As XCom: ``app_id``, ``model_id``, ``model`` (its name) and ``changes``, what was done: ``["created"]``,
        ``["description"]`` or nothing.
    """

    template_fields: Sequence[str] = (*_ModelOperator.template_fields, "model_type", "description")

    def __init__(
        self, *, model_type: str, description: str | None = None, create_app: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.model_type = model_type
        self.description = description
        self.create_app = create_app

    def execute(self, context: Context) -> dict[str, Any]:
        """Create the model or bring it up to date.

        Raises
        ------
        AirflowFailException
            Where there is no such type, where the model is of another one, and for everything else that would fail
            again.
        """
        with self.connected(context, create_app=self.create_app) as (ikigai, app):
            builder = app.model.new(self.model).model_type(ikigai.model_types.find(self.model_type))
            if self.description is not None:
                builder = builder.description(self.description)
            model = builder.ensure()
            IkigaiModelLink().push(context, model)
        self.log.info("Model %r: %s", model.name, ", ".join(model.changes) or "nothing to do")
        return {
            "app_id": model.app_id,
            "model_id": model.model_id,
            "model": model.name,
            "changes": list(model.changes),
        }


class IkigaiCheckModelOperator(_ModelOperator):
    """Check a model version's metrics against thresholds, and fail where they do not hold: a quality gate.

    Parameters
    ----------
    app : str
        Name or id of the app that holds the model.
    model : str
        Name or id of the model.
    thresholds : dict of str to dict
        By metric, written as a path in the version's metrics such as ``performance.r2.average_test``, what it must at
        least (``min``) and at most (``max``) be.
    version : str, optional
        The version's name or id. Default: the newest.
    **kwargs
        ``ikigai_conn_id``, and those of Airflow's `BaseOperator`.

    Returns
    -------
    dict
        As XCom: ``app_id``, ``model_id``, ``model`` and ``version`` (their names), ``version_id``, and ``metrics``, the
        value of each that was checked.

    Examples
    --------
    >>> IkigaiCheckModelOperator(
    ...     task_id="good_enough",
    ...     app="Late flights",
    ...     model="Delay",
    ...     thresholds={"performance.r2.average_test": {"min": 0.6}},
    ... )
    """

    template_fields: Sequence[str] = (*_ModelOperator.template_fields, "thresholds", "version")
    template_fields_renderers: ClassVar[dict[str, str]] = {"thresholds": "json"}

    def __init__(
        self, *, thresholds: Mapping[str, Mapping[str, float]], version: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.thresholds = thresholds
        self.version = version

    def execute(self, context: Context) -> dict[str, Any]:
        """Fetch the version's metrics and check them.

        Raises
        ------
        AirflowFailException
            Naming each metric that is missing or does not hold, with its value.
        """
        limits = {metric: _limits(metric, given) for metric, given in self.thresholds.items()}
        with self.connected(context) as (_, app):
            model = app.models.find(self.model)
            IkigaiModelLink().push(context, model)
            version = self._version(model)
        values = {metric: _value(version.metrics, metric) for metric in limits}
        complaints = [text for metric, value in values.items() for text in _complaints(metric, value, *limits[metric])]
        if complaints:
            raise AirflowFailException(f"Version {version.version} of model {model.name!r}: {'; '.join(complaints)}.")
        self.log.info("Version %s of model %r holds: %s", version.version, model.name, values)
        return {
            "app_id": model.app_id,
            "model_id": model.model_id,
            "model": model.name,
            "version": version.version,
            "version_id": version.version_id,
            "metrics": values,
        }

    def _version(self, model: Model) -> ModelVersion:
        versions: list[ModelVersion] = list(model.versions().values())
        wanted = self.version or model.describe().get("latest_version_id")
        for version in versions:
            if wanted in (version.version_id, version.version):
                return version
        known = ", ".join(version.version for version in versions) or "none: no flow has trained it yet"
        raise AirflowFailException(
            f"Model {model.name!r} has no version{f' {self.version!r}' if self.version else ''}. Known: {known}."
        )


def _limits(metric: str, given: Mapping[str, Any]) -> tuple[float | None, float | None]:
    """The least and the most that a metric may be. Templates render numbers as text."""
    try:
        if not given or set(given) - {"min", "max"}:
            raise ValueError
        low, high = (None if given.get(end) is None else float(given[end]) for end in ("min", "max"))
    except (TypeError, ValueError):
        raise AirflowFailException(
            f"The threshold of {metric!r} is {given!r}: give numbers as 'min', 'max' or both."
        ) from None
    return low, high


def _value(metrics: Mapping[str, Any], path: str) -> Any:
    found: Any = metrics
    for name in path.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def _complaints(metric: str, value: Any, low: float | None, high: float | None) -> Iterator[str]:
    if not isinstance(value, int | float):
        yield f"it has no number {metric!r}" if value is None else f"{metric!r} is {value!r}, and no number"
        return
    if low is not None and not value >= low:
        yield f"{metric!r} is {value:.6g}, less than {low:.6g}"
    if high is not None and not value <= high:
        yield f"{metric!r} is {value:.6g}, more than {high:.6g}"
