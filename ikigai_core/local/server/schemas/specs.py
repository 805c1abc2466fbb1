"""Answers about facet specs and model specs."""

from __future__ import annotations

from typing import Any, Literal

# Before Python 3.12, Pydantic needs this TypedDict instead of the one in `typing`.
from typing_extensions import TypedDict

from ikigai_core.local.server.schemas.models import ModelMetrics


class FacetInfo(TypedDict):
    chain_group: str
    facet_group: str
    facet_type: str
    facet_uid: str


class FacetRequirement(TypedDict):
    max_child_count: int
    min_child_count: int
    max_parent_count: int
    min_parent_count: int


class ArgumentSpec(TypedDict):
    name: str
    argument_type: Literal["MAP", "BOOLEAN", "TEXT", "NUMBER"]
    default_value: Any
    options: list[str]
    children: dict[str, ArgumentSpec]
    have_sub_arguments: bool
    is_deprecated: bool
    is_hidden: bool
    is_list: bool
    is_required: bool


class FacetSpec(TypedDict):
    facet_info: FacetInfo
    is_deprecated: bool
    is_hidden: bool
    facet_keywords: list[str]
    facet_requirement: FacetRequirement
    facet_requirements: FacetRequirement
    facet_arguments: list[ArgumentSpec]
    in_arrow_arguments: list[ArgumentSpec]
    out_arrow_arguments: list[ArgumentSpec]


class FacetSpecs(TypedDict):
    """Facet specs by chain group, facet group and facet type."""

    INPUT: dict[str, dict[str, FacetSpec]]
    MID: dict[str, dict[str, FacetSpec]]
    OUTPUT: dict[str, dict[str, FacetSpec]]


class ParameterSpec(TypedDict):
    name: str
    default_value: Any
    have_options: bool
    is_deprecated: bool
    is_required: bool
    is_hidden: bool
    is_list: bool
    options: list[str]
    parameter_type: Literal["BOOLEAN", "TEXT", "NUMBER"]


class HyperparameterSpec(TypedDict):
    name: str
    default_value: Any
    have_options: bool
    have_sub_hyperparameters: bool
    hyperparameter_group: str | None
    hyperparameter_type: Literal["MAP", "BOOLEAN", "TEXT", "NUMBER"]
    is_deprecated: bool
    is_required: bool
    is_hidden: bool
    is_list: bool
    children: dict[str, HyperparameterSpec]
    options: list[str]
    sub_hyperparameter_requirements: list[Any]


class SubModelSpec(TypedDict):
    name: str
    is_deprecated: bool
    is_hidden: bool
    keywords: list[str]
    metrics: ModelMetrics
    parameters: dict[str, ParameterSpec]
    hyperparameters: dict[str, HyperparameterSpec]


class ModelSpec(TypedDict):
    name: str
    is_deprecated: bool
    is_hidden: bool
    keywords: list[str]
    sub_model_types: list[SubModelSpec]


ModelSpecs = dict[str, ModelSpec]
