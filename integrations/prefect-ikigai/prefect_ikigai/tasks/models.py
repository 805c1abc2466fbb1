"""Tasks for models: create or update a model, and check its versions against thresholds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from ikigai_core import orchestration
from prefect_ikigai.api.logger import current_logger
from prefect_ikigai.blocks.credentials import IkigaiCredentials
from prefect_ikigai.failures import ThresholdMissedError
from prefect_ikigai.operation import Operation
from prefect_ikigai.tasks.making import async_version, ikigai_task

if TYPE_CHECKING:
    from ikigai_core.orchestration import AnyClient, AnyModel
    from ikigai_core.procedure import Procedure

Thresholds: TypeAlias = Mapping[str, Mapping[str, float]]


@ikigai_task("ensure {model}")
def ensure_model(
    credentials: IkigaiCredentials,
    app: str,
    model: str,
    model_type: str,
    *,
    description: str | None = None,
    create_app: bool = False,
) -> Operation[dict[str, Any]]:
    """Create or update a model. A run of a flow trains it.

    Parameters
    ----------
    credentials : IkigaiCredentials
        Whose app it is.
    app : str
        Name or id of the app that holds the model.
    model : str
        Name of the model.
    model_type : str
        For example ``Linear.Lasso``.
    description : str, optional
        Description of the model. By default it stays unchanged.
    create_app : bool, default False
        Create the app if there is none of that name.

    Returns
    -------
    dict
        ``app_id``, ``model_id``, ``model`` (its name) and ``changes``, the list of changes: ``["created"]``, …

    Raises
    ------
    ikigai_core.errors.UnknownModelTypeError
        The platform has no such model type.
    ikigai_core.errors.NotFoundError
        There is no such app.
    """
    return Operation(credentials, lambda ikigai: _ensured(ikigai, app, model, model_type, description, create_app))


aensure_model = async_version(ensure_model)


@ikigai_task("check {model}")
def check_model(
    credentials: IkigaiCredentials, app: str, model: str, thresholds: Thresholds, *, version: str | None = None
) -> Operation[dict[str, Any]]:
    """Fail if a model version misses a threshold, so that later tasks do not use it. This is a quality gate.

    Parameters
    ----------
    credentials : IkigaiCredentials
        Whose app it is.
    app : str
        Name or id of the app that holds the model.
    model : str
        Name or id of the model.
    thresholds : mapping
        Limits by metric: its minimum (``min``) and maximum (``max``). A metric is a path in the version's metrics, for
        example ``performance.r2.average_test``.
    version : str, optional
        Name or id of the version. Default: the newest version.

    Returns
    -------
    dict
        ``app_id``, ``model_id``, ``model`` and ``version`` (their names), ``version_id``, and ``metrics``, the value of
        each checked metric.

    Raises
    ------
    prefect_ikigai.failures.ThresholdMissedError
        A metric is missing or outside its limits. The error names each such metric with its value. Not retried.
    ikigai_core.errors.InvalidInputError
        A threshold is invalid.
    ikigai_core.errors.UnknownNameError
        The model has no such version, or no version yet.
    ikigai_core.errors.NotFoundError
        There is no such app or model.
    """
    return Operation(credentials, lambda ikigai: _checked(ikigai, app, model, thresholds, version))


acheck_model = async_version(check_model)


def _ensured(
    ikigai: AnyClient, app: str, model: str, model_type: str, description: str | None, create_app: bool
) -> Procedure[dict[str, Any]]:
    ensured: AnyModel = yield from orchestration.ensure_model(
        ikigai, app, model, model_type, description=description, create_app=create_app
    )
    current_logger().info("Model %r: %s", model, ", ".join(ensured.changes) or "nothing to do")
    return orchestration.ensured_result(ensured)


def _checked(
    ikigai: AnyClient, app: str, model: str, thresholds: Thresholds, wanted: str | None
) -> Procedure[dict[str, Any]]:
    gates = orchestration.MetricGates.read(thresholds)
    found: AnyModel = yield from orchestration.find_model(ikigai, app, model)
    version = yield from orchestration.find_model_version(found, wanted)
    checked = orchestration.ModelCheck.of(found, version, gates)
    if not checked.is_passed:
        raise ThresholdMissedError(checked.message)
    current_logger().info("%s", checked.message)
    return checked.to_dict()
