"""Tasks for models: bringing one about, and holding its versions to what is expected of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from ikigai_core.errors import InvalidInputError
from prefect_ikigai.components import Client, call, ensure, get, get_app
from prefect_ikigai.credentials import IkigaiCredentials
from prefect_ikigai.errors import ThresholdMissed
from prefect_ikigai.logs import current_logger
from prefect_ikigai.operation import Operation
from prefect_ikigai.tasks import async_twin, ikigai_task

if TYPE_CHECKING:
    from ikigai_core import ModelVersion
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
    """Create a model, or bring the model of that name up to date. A flow's run trains it.

    Parameters
    ----------
    credentials : IkigaiCredentials
        Whose app it is.
    app : str
        Name of the app that holds the model.
    model : str
        Name of the model.
    model_type : str
        Such as ``Linear.Lasso``.
    description : str, optional
        What it is for; by default it stays as it is.
    create_app : bool, default False
        Create the app where there is none of that name.

    Returns
    -------
    dict
        ``app_id``, ``model_id``, ``model`` (its name) and ``changes``, what was done: ``["created"]``, …

    Raises
    ------
    ikigai_core.errors.UnknownModelTypeError
        The platform has no such model type.
    ikigai_core.errors.NotFoundError
        Where there is no such app.
    """
    return Operation(credentials, lambda ikigai: _ensured(ikigai, app, model, model_type, description, create_app))


aensure_model = async_twin(ensure_model)


@ikigai_task("check {model}")
def check_model(
    credentials: IkigaiCredentials, app: str, model: str, thresholds: Thresholds, *, version: str | None = None
) -> Operation[dict[str, Any]]:
    """Fail where a version of a model is not good enough, so that what follows does not use it: a quality gate.

    Parameters
    ----------
    credentials : IkigaiCredentials
        Whose app it is.
    app : str
        Name of the app that holds the model.
    model : str
        Name of the model.
    thresholds : mapping
        By metric, written as a path in the version's metrics such as ``performance.r2.average_test``, what it must at
        least (``min``) and at most (``max``) be.
    version : str, optional
        The version's name or id; by default the newest.

    Returns
    -------
    dict
        ``app_id``, ``model_id``, ``model`` and ``version`` (their names), ``version_id``, and ``metrics``, the value of
        each that was checked.

    Raises
    ------
    prefect_ikigai.errors.ThresholdMissed
        Naming each metric that is missing or does not hold, with its value. Not retried.
    ikigai_core.errors.InvalidInputError
        A threshold is none, or the model has no such version.
    ikigai_core.errors.NotFoundError
        Where there is no such app or model.
    """
    return Operation(credentials, lambda ikigai: _checked(ikigai, app, model, thresholds, version))


acheck_model = async_twin(check_model)


def _ensured(
    ikigai: Client, app: str, model: str, model_type: str, description: str | None, create_app: bool
) -> Procedure[dict[str, Any]]:
    home = yield from get_app(ikigai, app, create=create_app)
    model_types = yield from ikigai.model_types_text()
    builder = home.model.new(model).model_type(model_types.find(model_type))
    ensured = yield from ensure(builder if description is None else builder.description(description))
    current_logger().info("Model %r: %s", model, ", ".join(ensured.changes) or "nothing to do")
    return {
        "app_id": ensured.app_id,
        "model_id": ensured.model_id,
        "model": ensured.name,
        "changes": list(ensured.changes),
    }


def _checked(
    ikigai: Client, app: str, model: str, thresholds: Thresholds, wanted: str | None
) -> Procedure[dict[str, Any]]:
    _check_thresholds(thresholds)
    home = yield from get(ikigai.apps, app)
    found = yield from get(home.models, model)
    version = yield from _version(found, wanted)
    values = {metric: _value(version.metrics, metric) for metric in thresholds}
    complaints = [text for metric, bounds in thresholds.items() for text in _complaints(metric, values[metric], bounds)]
    if complaints:
        raise ThresholdMissed(f"Version {version.version} of model {found.name!r}: {'; '.join(complaints)}.")
    current_logger().info("Version %s of model %r holds: %s", version.version, found.name, values)
    return {
        "app_id": found.app_id,
        "model_id": found.model_id,
        "model": found.name,
        "version": version.version,
        "version_id": version.version_id,
        "metrics": values,
    }


def _version(model: Any, wanted: str | None) -> Procedure[ModelVersion]:
    versions: list[ModelVersion] = list((yield from call(model, "versions")).values())
    if wanted is None:
        described: Mapping[str, Any] = yield from call(model, "describe")
        wanted = described.get("latest_version_id")
    for version in versions:
        if wanted in (version.version_id, version.version):
            return version
    known = ", ".join(version.version for version in versions) or "none, as no flow has trained it yet"
    raise InvalidInputError(f"Model {model.name!r} has no version {wanted or ''!r}. Known: {known}.")


def _check_thresholds(thresholds: Thresholds) -> None:
    for metric, bounds in thresholds.items():
        if not bounds or set(bounds) - {"min", "max"}:
            raise InvalidInputError(f"The threshold of {metric!r} is {dict(bounds)!r}: give 'min', 'max' or both.")


def _value(metrics: Mapping[str, Any], path: str) -> Any:
    value: Any = metrics
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _complaints(metric: str, value: Any, bounds: Mapping[str, float]) -> Iterator[str]:
    if isinstance(value, bool) or not isinstance(value, int | float):
        yield f"{metric} is not a number there, but {value!r}"
        return
    if "min" in bounds and not value >= bounds["min"]:
        yield f"{metric} is {value:.6g}, less than {bounds['min']:.6g}"
    if "max" in bounds and not value <= bounds["max"]:
        yield f"{metric} is {value:.6g}, more than {bounds['max']:.6g}"
