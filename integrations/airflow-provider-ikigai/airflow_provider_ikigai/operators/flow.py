"""The operator that builds flows. `airflow_provider_ikigai.operators.flow_run` has the one that runs them."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.sdk import BaseOperatorLink, literal
from airflow.sdk.exceptions import AirflowFailException

from airflow_provider_ikigai.failures import failing_the_task
from airflow_provider_ikigai.lineage import Lineage, Named
from airflow_provider_ikigai.links import IkigaiFlowLink
from airflow_provider_ikigai.operators.base import IkigaiBaseOperator
from ikigai_core.orchestration import ensured_result

if TYPE_CHECKING:
    import jinja2
    from airflow.sdk import DAG, Context

    from ikigai_core import DefinitionDocument, FlowDefinition


class IkigaiEnsureFlowOperator(IkigaiBaseOperator):
    """Create a flow from its definition, or update the flow of that name.

    Repeating is safe: if the flow has this definition already, nothing changes.

    Parameters
    ----------
    app : str
        Name or id of the app that holds the flow and the datasets that the definition names.
    flow : str
        Name of the flow.
    definition : FlowDefinition, DefinitionDocument, dict, str or path
        The definition in either form, or a file with it: ``.yaml``, ``.yml`` or ``.json``. A relative path is looked
        up in the DAG's folder and its ``template_searchpath``. Airflow renders templates in the definition. If it
        has double braces of its own, for example in a script, pass ``airflow.sdk.literal(definition)``.
    create_app : bool, default False
        Create the app if there is none of that name.
    **kwargs
        ``ikigai_conn_id``, and those of Airflow's `BaseOperator`.

    Returns
    -------
    dict
        As XCom: ``app_id``, ``flow_id``, ``flow`` (its name) and ``changes``, what was done: ``["created"]``,
        ``["definition"]`` or nothing.
    """

    template_fields: Sequence[str] = (*IkigaiBaseOperator.template_fields, "flow", "definition")
    template_fields_renderers: ClassVar[dict[str, str]] = {"definition": "yaml"}
    template_ext: Sequence[str] = (".yaml", ".yml", ".json")
    operator_extra_links: Collection[BaseOperatorLink] = (*IkigaiBaseOperator.operator_extra_links, IkigaiFlowLink())

    def __init__(
        self,
        *,
        flow: str,
        definition: FlowDefinition | DefinitionDocument | Mapping[str, Any] | str | os.PathLike[str],
        create_app: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.flow = flow
        self.definition = _as_plain(definition)
        self.create_app = create_app

    def get_template_env(self, dag: DAG | None = None) -> jinja2.Environment:
        """Airflow's Jinja environment, which looks in the DAG's folder, and also accepts absolute paths."""
        from jinja2 import ChoiceLoader, FileSystemLoader

        environment = super().get_template_env(dag)
        loaders = [environment.loader] if environment.loader else []
        environment.loader = ChoiceLoader([*loaders, FileSystemLoader(os.path.abspath(os.sep))])
        return environment

    def render_template(
        self,
        content: Any,
        context: Context,
        jinja_env: jinja2.Environment | None = None,
        seen_oids: set[int] | None = None,
    ) -> Any:
        """Render a template, a file with the operator's environment: `dag.test()` and mapped tasks read it only now."""
        if isinstance(content, str) and content.endswith(tuple(self.template_ext)):
            jinja_env = self.get_template_env(self.get_dag())
        return super().render_template(content, context, jinja_env, seen_oids)

    def execute(self, context: Context) -> dict[str, Any]:
        """Create the flow or bring it up to date.

        Raises
        ------
        AirflowFailException
            The definition has a fault (it names the facet); and everything else that would fail again.
        """
        from ikigai_core.orchestration import LoadedDefinition

        with failing_the_task():
            definition = LoadedDefinition.load(self._read()).definition
        with self.connected(context, create_app=self.create_app) as (_, app):
            flow = app.flow.new(self.flow).definition(definition).ensure()
            self._lineage = Lineage(app.name, outputs=[Named.ensured(f"flows/{flow.name}", flow.changes)])
            IkigaiFlowLink().push(context, flow)
        self.log.info("Flow %r: %s", flow.name, ", ".join(flow.changes) or "nothing to do")
        return ensured_result(flow)

    def _read(self) -> Mapping[str, Any]:
        """Return the rendered definition. Airflow has replaced the path of a file with its content."""
        import yaml

        definition = self.definition
        if isinstance(definition, str):
            try:
                definition = yaml.safe_load(definition)
            except yaml.YAMLError as error:
                raise AirflowFailException(f"The definition of flow {self.flow!r} cannot be read: {error}") from None
        if not isinstance(definition, Mapping):
            raise AirflowFailException(
                f"The definition of flow {self.flow!r} is {definition!r}, which is neither a mapping nor a file "
                f"({', '.join(self.template_ext)}) that holds one."
            )
        return definition


def _as_plain(definition: Any) -> Any:
    """Return a definition as plain values, for templates and the database."""
    if isinstance(definition, os.PathLike):
        return os.fspath(definition)
    if isinstance(definition, type(literal(None))):
        return literal(_as_plain(definition.value))
    return definition.to_dict() if type(definition).__module__.startswith("ikigai_core.") else definition
