"""Types of models, with the settings for their training."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, field_validator

from ikigai_core.errors import UnknownModelTypeError
from ikigai_core.records import OwnNames, read_as
from ikigai_core.specs.lookup import TypesByName
from ikigai_core.specs.value import HyperparameterSpec, ParameterSpec, ValueSpec

S = TypeVar("S", bound=ValueSpec)


class SubModelType(OwnNames, BaseModel):
    """A type of model, for example ``Linear.Lasso``.

    Attributes
    ----------
    name, model_type : str
        For example ``Lasso`` of ``Linear``.
    metrics : dict
        The metrics of its versions.
    parameters : dict of str to ParameterSpec
    hyperparameters : dict of str to HyperparameterSpec
    """

    model_config = ConfigDict(frozen=True, protected_namespaces=())

    name: str
    model_type: str
    is_deprecated: bool = False
    is_hidden: bool = False
    keywords: list[str] = []
    metrics: dict[str, Any] = {}
    parameters: dict[str, ParameterSpec] = {}
    hyperparameters: dict[str, HyperparameterSpec] = {}

    @field_validator("parameters", "hyperparameters")
    @classmethod
    def _by_name(cls, value: dict[str, S]) -> dict[str, S]:
        return {spec.name: spec for spec in value.values()}

    @property
    def sub_model_type(self) -> str:
        """The same as `name`. Components use this attribute name."""
        return self.name

    @property
    def title(self) -> str:
        """The name for messages."""
        return self.name.title()

    def __repr__(self) -> str:
        return f"<model type {self.model_type} {self.name}; .help() shows its parameters and hyperparameters>"

    __str__ = __repr__

    def help(self) -> str:
        """Help text: metrics, parameters and hyperparameters."""
        return "\n".join(self.help_lines())

    def help_lines(self) -> Iterator[str]:
        """The lines of the help text."""
        yield f"{self.title}:"
        if self.keywords:
            yield f"  keywords: {self.keywords}"
        yield "  metrics:"
        for metric, value in self.metrics.items():
            yield f"    {metric.lower()}: {value}"
        if not self.metrics:
            yield "    No metrics"
        yield from _section("parameters", self.parameters.values())
        yield from _section("hyperparameters", self.hyperparameters.values())


def _section(title: str, specs: Iterable[ValueSpec]) -> Iterator[str]:
    yield f"  {title}:"
    visible = [spec for spec in specs if not spec.is_hidden]
    for spec in visible:
        yield from (f"    {line}" for line in spec.help_lines())
    if not visible:
        yield f"    No {title}"


class _ModelTypeRecord(BaseModel):
    name: str
    is_deprecated: bool = False
    is_hidden: bool = False
    keywords: list[str] = []
    sub_model_types: list[dict[str, Any]]


class ModelType(TypesByName[SubModelType]):
    """A model type and its sub-model types: ``Linear.Lasso``, ``Linear["LASSO"]``.

    Parameters
    ----------
    spec : mapping
        The platform's specification.
    """

    def __init__(self, spec: Mapping[str, Any]) -> None:
        described = read_as(_ModelTypeRecord, spec, "model type")
        self.name = described.name
        self.is_deprecated = described.is_deprecated
        self.is_hidden = described.is_hidden
        self.keywords = described.keywords
        subs = (
            read_as(SubModelType, {**sub, "model_type": self.name}, f"{self.name} model type")
            for sub in described.sub_model_types
        )
        super().__init__(subs, f"{self.name} sub-model", UnknownModelTypeError)

    @property
    def model_type(self) -> str:
        """The same as `name`. Components use this attribute name."""
        return self.name

    @property
    def sub_model_types(self) -> dict[str, SubModelType]:
        """The sub-model types by their names without case, spaces and underscores."""
        return dict(self._by_name)

    def help(self) -> str:
        """Help text for the model type and its sub-model types."""
        return "\n".join(self.help_lines())

    def help_lines(self) -> Iterator[str]:
        """The lines of the help text."""
        yield f"{self.name.title()}:"
        if self.keywords:
            yield f"  keywords: {self.keywords}"
        visible = [sub for sub in self if not sub.is_hidden]
        if visible:
            yield "  sub-model types:"
        for sub in visible:
            yield from (f"    {line}" for line in sub.help_lines())


class ModelTypes(TypesByName[ModelType]):
    """All model types of the platform: ``model_types.AI_CAST``, ``model_types["Ai Cast"]``.

    Parameters
    ----------
    specs : mapping
        The platform's specifications. Its values are the model types.
    """

    def __init__(self, specs: Mapping[str, Mapping[str, Any]]) -> None:
        super().__init__((ModelType(spec) for spec in specs.values()), "Model", UnknownModelTypeError)

    def find(self, path: str) -> SubModelType:
        """The model type of a path, for example ``Linear.Lasso``.

        Raises
        ------
        UnknownModelTypeError
            The message names the most similar model type.
        """
        model_type, dot, sub_model_type = str(path).partition(".")
        if not dot:
            raise UnknownModelTypeError(
                f"Model type {path!r} does not exist: write it as <model type>.<sub-model type>."
            )
        return self[model_type][sub_model_type]

    def help(self) -> str:
        """Help text for all model types."""
        return "\n".join(self.help_lines())

    def help_lines(self) -> Iterator[str]:
        """The lines of the help text."""
        for model_type in self:
            if not model_type.is_hidden:
                yield from model_type.help_lines()
