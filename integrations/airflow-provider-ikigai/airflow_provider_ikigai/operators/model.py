"""Operators that create models and check their metrics."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.sdk import BaseOperatorLink
from airflow.sdk.exceptions import AirflowFailException

from airflow_provider_ikigai.failures import failing_the_task
from airflow_provider_ikigai.lineage import Lineage, Named
from airflow_provider_ikigai.links import IkigaiModelLink
from airflow_provider_ikigai.operators.base import IkigaiBaseOperator
from ikigai_core.orchestration import ensured_result

if TYPE_CHECKING:
    from airflow.sdk import Context


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
    """Create a model, or update the description of the model of that name.

    Repeating is safe: if nothing differs, nothing changes.

    Parameters
    ----------
    app : str
        Name or id of the app that holds the model.
    model : str
        Name of the model.
    model_type : str
        Such as ``Linear.Lasso``. A model's type cannot be changed later.
    description : str, optional
        Without it, the description does not change.
    create_app : bool, default False
        Create the app if there is none of that name.
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
            There is no such type, or the model is of another one; and everything else that would fail again.
        """
        with self.connected(context, create_app=self.create_app) as (ikigai, app):
            builder = app.model.new(self.model).model_type(ikigai.model_types.find(self.model_type))
            if self.description is not None:
                builder = builder.description(self.description)
            model = builder.ensure()
            IkigaiModelLink().push(context, model)
            self._lineage = Lineage(app.name, outputs=[Named.ensured(f"models/{model.name}", model.changes)])
        self.log.info("Model %r: %s", model.name, ", ".join(model.changes) or "nothing to do")
        return ensured_result(model)


class IkigaiCheckModelOperator(_ModelOperator):
    """Check a model version's metrics against thresholds, and fail if a metric misses its bounds: a quality gate.

    Parameters
    ----------
    app : str
        Name or id of the app that holds the model.
    model : str
        Name or id of the model.
    thresholds : dict of str to dict
        The bounds of each metric: ``min``, ``max`` or both. A metric is a path in the version's metrics, such as
        ``performance.r2.average_test``.
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
            A metric is missing or misses its bounds, or a threshold is invalid. The message has names and values.
        """
        from ikigai_core.orchestration import MetricGates, ModelCheck, find_model_version

        with failing_the_task():
            gates = MetricGates.read(_with_numbers(self.thresholds))
        with self.connected(context) as (ikigai, app):
            model = app.models.find(self.model)
            IkigaiModelLink().push(context, model)
            self._lineage = Lineage(app.name, inputs=[Named(f"models/{model.name}")])
            checked = ModelCheck.of(model, ikigai.run(find_model_version(model, self.version)), gates)
        if not checked.is_passed:
            raise AirflowFailException(checked.message)
        self.log.info("%s", checked.message)
        return checked.to_dict()


def _with_numbers(thresholds: Any) -> Any:
    """Return thresholds in which numeric strings are numbers, because templates render numbers as strings."""
    if isinstance(thresholds, Mapping):
        return {name: _with_numbers(value) for name, value in thresholds.items()}
    try:
        return float(thresholds) if isinstance(thresholds, str) else thresholds
    except ValueError:
        return thresholds
