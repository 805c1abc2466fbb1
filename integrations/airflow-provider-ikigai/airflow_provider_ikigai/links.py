"""Links from a task to what it deals with, at the platform's web address."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from airflow.sdk import BaseOperatorLink

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator, Context
    from airflow.sdk.types import TaskInstanceKey


class Linked(Protocol):
    """Anything with a page on the platform, if its address is known."""

    @property
    def web_url(self) -> str | None:
        """The address."""
        ...


class _IkigaiLink(BaseOperatorLink):
    """A link that a task pushes as soon as it knows it, so that it is there while the task runs and if it fails."""

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:
        """Return the link that the task pushed. Airflow asks for it at the task's end, and overwrites it."""
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
