"""Links from a task to the platform's pages about its components."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from airflow.sdk import BaseOperatorLink

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator, Context
    from airflow.sdk.types import TaskInstanceKey


class Linked(Protocol):
    """A component that may have a page on the platform."""

    @property
    def web_url(self) -> str | None:
        """The address."""
        ...


class _IkigaiLink(BaseOperatorLink):
    """A link that a task pushes as soon as it can, so that it exists while the task runs and if it fails."""

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:
        """Return the link that the task pushed. Airflow calls this at the end of the task and stores the result."""
        from airflow.sdk.execution_time.xcom import XCom

        return XCom.get_value(ti_key=ti_key, key=self.xcom_key) or ""

    def push(self, context: Context, target: Linked) -> None:
        """Show the link from now on, if the platform's web address is known."""
        url = target.web_url
        if url:
            context["ti"].xcom_push(key=self.xcom_key, value=url)


class IkigaiAppLink(_IkigaiLink):
    """Leads to the app."""

    name = "Ikigai app"


class IkigaiDatasetLink(_IkigaiLink):
    """Leads to the dataset."""

    name = "Ikigai dataset"


class IkigaiFlowLink(_IkigaiLink):
    """Leads to the flow."""

    name = "Ikigai flow"


class IkigaiFlowRunLink(_IkigaiLink):
    """Leads to the flow's run."""

    name = "Ikigai run"


class IkigaiModelLink(_IkigaiLink):
    """Leads to the model."""

    name = "Ikigai model"
