"""Flow definitions in any form that users may give, and the datasets that their runs read and write."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeAlias

from ikigai_core.errors import InvalidDefinitionError, WrongInputTypeError

if TYPE_CHECKING:
    from ikigai_core.definition.definition import FlowDefinition
    from ikigai_core.definition.document import DefinitionDocument

Definition: TypeAlias = "FlowDefinition | DefinitionDocument | Mapping[str, Any] | str | Path"
"""A definition, a document, a mapping in the format of either, or the path of a YAML or JSON file of either."""

IsKnown: TypeAlias = Callable[[object], bool]

_UNKNOWN = "\0not known before the run"


@dataclass(frozen=True)
class LoadedDefinition:
    """A definition, and the datasets that its runs read and write. Sends nothing.

    Attributes
    ----------
    definition : FlowDefinition or DefinitionDocument
        Accepted by a flow's builder.

    Examples
    --------
    >>> arguments, variables = {"dataset_name": "late"}, {"output": "dataset_name"}
    >>> facet = {"type": "OUTPUT.Exported", "arguments": arguments, "variables": variables}
    >>> loaded = LoadedDefinition.load({"facets": {"late": facet}})
    >>> loaded.outputs(), loaded.outputs({"output": "mine"})
    (['late'], ['mine'])
    >>> loaded.outputs({"output": "{{ ds }}"}, is_known=lambda value: "{{" not in str(value))
    []
    """

    definition: FlowDefinition | DefinitionDocument

    @classmethod
    def load(cls, source: Definition) -> Self:
        """Load a definition.

        Raises
        ------
        WrongInputTypeError
            The value has none of the accepted forms.
        MissingFileError
            The file does not exist.
        InvalidDefinitionError
            The message names the facet and its fault.
        """
        from ikigai_core.definition.definition import FlowDefinition
        from ikigai_core.definition.document import DefinitionDocument
        from ikigai_core.definition.loading import load_definition

        if not isinstance(source, FlowDefinition | DefinitionDocument | Mapping | str | Path):
            raise WrongInputTypeError(
                f"The definition is of type {type(source).__name__}: give a definition, a document, a mapping, or the "
                "path of a file."
            )
        return cls(load_definition(source))

    def inputs(self, variables: object = None, is_known: IsKnown | None = None) -> list[str]:
        """Names of the datasets that a run reads, without duplicates, in the order of its facets.

        Parameters
        ----------
        variables, is_known
            As for `outputs`. A run variable gives a dataset by its id. A dataset that it replaces is left out.

        Returns
        -------
        list of str
            Datasets that are given by name. The platform's own format gives most by id; see `input_ids`.
        """
        replaced = self._replaced("dataset_id", self._values(variables, is_known))
        names = [facet.dataset for name, facet in self._facets() if name not in replaced]
        return _known(names, is_known)

    def input_ids(self, variables: object = None, is_known: IsKnown | None = None) -> list[str]:
        """Ids of the datasets that a run reads, if they are given by id. Parameters as for `outputs`."""
        replaced = self._replaced("dataset_id", self._values(variables, is_known))
        ids = [replaced.get(name) or facet.arguments.get("dataset_id") for name, facet in self._facets()]
        return _known(ids, is_known)

    def outputs(self, variables: object = None, is_known: IsKnown | None = None) -> list[str]:
        """Names of the datasets that a run writes, without duplicates, in the order of its facets.

        Parameters
        ----------
        variables : mapping, optional
            The run variables, which may change the names of outputs. If the value is not a mapping (for example a
            template), it is known only at run time: every name that a variable may replace is left out.
        is_known : callable, optional
            Returns True if a value is the final value for the run, and not a template for it. Names that are not known
            are left out. Default: all values are known.
        """
        replaced = self._replaced("dataset_name", self._values(variables, is_known))
        names = [replaced.get(name) or facet.arguments.get("dataset_name") for name, facet in self._facets()]
        return _known(names, is_known)

    def checked_outputs(self, flow: str, variables: object = None, is_known: IsKnown | None = None) -> list[str]:
        """As `outputs`, for callers that need at least one output.

        Raises
        ------
        InvalidDefinitionError
            There is no output.
        """
        names = self.outputs(variables, is_known)
        if not names:
            raise InvalidDefinitionError(
                f"Flow {flow!r} writes no dataset whose name is known: give it an OUTPUT.Exported facet with the "
                "argument dataset_name."
            )
        return names

    def _facets(self) -> list[tuple[str, Any]]:
        facets = self.definition.facets
        return list(facets.items()) if isinstance(facets, Mapping) else [(facet.name, facet) for facet in facets]

    def _values(self, variables: object, is_known: IsKnown | None) -> dict[str, Any]:
        """The values of the run variables, as far as they are known."""
        if variables is not None and not isinstance(variables, Mapping):
            return dict.fromkeys(self.definition.variables, _UNKNOWN)
        values = {name: value for name, value in (variables or {}).items() if not _is_blank(value)}
        return {name: value if is_known is None or is_known(value) else _UNKNOWN for name, value in values.items()}

    def _replaced(self, argument: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """The values that run variables give to an argument, by the names of its facets."""
        from ikigai_core.definition.definition import FlowDefinition

        if isinstance(self.definition, FlowDefinition):
            targets = [(name, each.facet_name, each.argument_name) for name, each in self.definition.variables.items()]
        else:
            facets = self.definition.facets.items()
            targets = [(name, facet, replaced) for facet, each in facets for name, replaced in each.variables.items()]
        return {facet: values[name] for name, facet, replaced in targets if replaced == argument and name in values}


def _is_blank(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value)


def _known(names: list[Any], is_known: IsKnown | None) -> list[str]:
    told = [str(name) for name in names if name and name != _UNKNOWN and (is_known is None or is_known(name))]
    return list(dict.fromkeys(told))
