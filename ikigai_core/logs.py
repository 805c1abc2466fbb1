"""Log records that say what happened in words, and in fields what a vendor's support asks for.

The loggers are ``ikigai_core.transport`` (a record for each request, its id included), ``ikigai_core.transfer`` and
``ikigai_core.runs``. The fields are attributes of the record, named ``ikigai_…``, and there are no others than those of
`Fields`: no bodies, queries, headers, signatures or keys.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Unpack, get_type_hints

from ikigai_core.api.call import Subject

PREFIX = "ikigai_"

_REQUEST_ID_HEADERS = ("x-request-id", "x-amzn-requestid", "x-amz-request-id", "apigw-requestid")

logging.getLogger("ikigai_core").addHandler(logging.NullHandler())


class Fields(Subject, total=False):
    """Everything that a record may have.

    Attributes
    ----------
    method, path : str
        The request, without its query.
    status : int
        HTTP status of the answer.
    request_id : str
        The platform's or the storage's own id of the request.
    seconds : float
        How long it took.
    attempt : int
        Which try of the same request failed, from 1.
    app_id, dataset_id, flow_id, model_id, custom_facet_id : str
        What the request was about.
    upload_id : str
    part : int
        Number of a part of an upload.
    size : int
        Bytes.
    baseline, run_log_id : str
        Id of the newest run log before a run was started, and of the run's own.
    run_status : str
        How a run ended.
    """

    method: str
    path: str
    status: int | None
    request_id: str
    seconds: float
    attempt: int
    upload_id: str
    part: int
    size: int
    baseline: str | None
    run_log_id: str
    run_status: str


_ALLOWED = frozenset(get_type_hints(Fields))


def fields(**values: Unpack[Fields]) -> dict[str, Any]:
    """The ``extra`` of a log record. Nothing but `Fields` gets in; what is None or blank is left out."""
    return {
        f"{PREFIX}{name}": value
        for name, value in values.items()
        if name in _ALLOWED and value is not None and value != ""
    }


def request_id_of(headers: Mapping[str, str]) -> str:
    """The id by which the platform or the storage knows a request; blank where it gave none.

    Parameters
    ----------
    headers : mapping
        The answer's; their names in small letters, or in any case.
    """
    return next((headers[name] for name in _REQUEST_ID_HEADERS if name in headers), "")
