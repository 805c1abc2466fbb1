"""The block for a dataset of the platform. It reads and writes frames."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from prefect.blocks.core import Block
from pydantic import Field, HttpUrl

from ikigai_core.orchestration import ensured_result
from prefect_ikigai.blocks.credentials import DOCUMENTATION, LOGO, IkigaiCredentials
from prefect_ikigai.dataset_profile import Profile, preview
from prefect_ikigai.operation import Operation
from prefect_ikigai.transfers import Data, Location, download, read, upload

if TYPE_CHECKING:
    import pandas

    from ikigai_core.orchestration import AnyClient
    from ikigai_core.procedure import Procedure


class IkigaiDataset(Block):
    """A dataset of an app on the Ikigai platform.

    Attributes
    ----------
    credentials : IkigaiCredentials
        Whose app it is.
    app, dataset : str
        Names or ids; the dataset's name to write it.
    create_app : bool
        Whether `write` creates the app if there is none of that name. Default: False.

    Examples
    --------
    >>> from prefect_ikigai import IkigaiDataset
    >>> flights = IkigaiDataset.load("flights")
    >>> flights.write("flights.csv")
    >>> frame = flights.read()
    """

    _block_type_name = "Ikigai Dataset"
    _block_type_slug = "ikigai-dataset"
    _logo_url = HttpUrl(LOGO)
    _documentation_url = HttpUrl(DOCUMENTATION)
    _description = "A dataset on the Ikigai AI platform: write frames and files to it, read them back."
    _code_example = """\
        ```python
        from prefect_ikigai import IkigaiDataset

        frame = IkigaiDataset.load("BLOCK_NAME").read()
        ```"""

    credentials: IkigaiCredentials = Field(description="Whose app it is.")
    app: str = Field(min_length=1, description="Name or id of the app that holds the dataset.")
    dataset: str = Field(min_length=1, description="Name of the dataset, or its id to read it.")
    create_app: bool = Field(
        default=False, title="Create app", description="Whether writing creates the app if there is none."
    )

    def read(self) -> pandas.DataFrame:
        """Download the data as a pandas frame.

        Raises
        ------
        ikigai_core.errors.NotFoundError
            There is no such app or dataset.
        ikigai_core.errors.DownloadError
            The download fails.
        """
        return Operation(self.credentials, lambda ikigai: read(ikigai, self.app, self.dataset)).perform()

    async def aread(self) -> pandas.DataFrame:
        """Async counterpart of `read`."""
        return await Operation(self.credentials, lambda ikigai: read(ikigai, self.app, self.dataset)).aperform()

    def write(self, data: Data) -> dict[str, Any]:
        """Create the dataset, or replace its data if they differ.

        Parameters
        ----------
        data : str, path, frame or table
            As for `upload_dataset`.

        Returns
        -------
        dict
            ``app_id``, ``dataset_id``, ``dataset`` and ``changes``.

        Raises
        ------
        ikigai_core.errors.InvalidInputError
            The file does not exist or is empty. Nothing was sent.
        ikigai_core.errors.UploadError
            The platform refuses the data.
        """
        return Operation(self.credentials, lambda ikigai: self._written(ikigai, data)).perform()

    async def awrite(self, data: Data) -> dict[str, Any]:
        """Async counterpart of `write`."""
        return await Operation(self.credentials, lambda ikigai: self._written(ikigai, data)).aperform()

    def download(self, path: Location) -> Path | str:
        """Download the data into a CSV or Parquet file, or to a URL, as `download_dataset` does."""
        return Operation(self.credentials, lambda ikigai: download(ikigai, self.app, self.dataset, path)).perform()

    async def adownload(self, path: Location) -> Path | str:
        """Async counterpart of `download`."""
        return await Operation(
            self.credentials, lambda ikigai: download(ikigai, self.app, self.dataset, path)
        ).aperform()

    def preview(self, rows: int = 10) -> Profile:
        """Show the first rows as a table artifact and count all rows, as `preview_dataset` does."""
        return Operation(self.credentials, lambda ikigai: preview(ikigai, self.app, self.dataset, rows)).perform()

    async def apreview(self, rows: int = 10) -> Profile:
        """Async counterpart of `preview`."""
        return await Operation(
            self.credentials, lambda ikigai: preview(ikigai, self.app, self.dataset, rows)
        ).aperform()

    def _written(self, ikigai: AnyClient, data: Data) -> Procedure[dict[str, Any]]:
        uploaded = yield from upload(ikigai, self.app, self.dataset, data, create_app=self.create_app)
        return ensured_result(uploaded)
