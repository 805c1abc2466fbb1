"""Log records: a readable message, plus the fields that a vendor's support asks for.

The loggers are ``ikigai_core.transport`` (one record per request, with its id), ``ikigai_core.transfer`` and
``ikigai_core.runs``. The fields are attributes of the record, named ``ikigai_…``. Only the names in `Fields` are
allowed: no bodies, queries, headers, signatures or keys.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Unpack, get_type_hints

from ikigai_core.api.call import Subject
from ikigai_core.redaction import WithoutKeys

PREFIX = "ikigai_"

_REQUEST_ID_HEADERS = ("x-request-id", "x-amzn-requestid", "x-amz-request-id", "apigw-requestid")

_WITHOUT_KEYS = WithoutKeys()

logging.getLogger("ikigai_core").addHandler(logging.NullHandler())


def get_logger(name: str) -> logging.Logger:
    """The logger of a module. Its records contain no key."""
    logger = logging.getLogger(name)
    # A logger's filter does not apply to its children.
    logger.addFilter(_WITHOUT_KEYS)
    return logger


class Fields(Subject, total=False):
    """All fields that a record may have.

    Attributes
    ----------
    method, path : str
        The request, without its query.
    status : int
        HTTP status of the response.
    request_id : str
        The platform's or the storage's own id of the request.
    seconds : float
        Duration.
    attempt : int
        Number of the attempt that failed, from 1.
    app_id, dataset_id, flow_id, model_id, custom_facet_id : str
        The components that the request is about.
    upload_id : str
    part : int
        Number of a part of an upload.
    size : int
        Bytes.
    baseline, run_log_id : str
        Id of the newest run log before the start of a run, and id of the run's own log.
    run_status : str
        Final status of a run.
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
    """The ``extra`` of a log record. Only names in `Fields` are kept. Values that are None or blank are dropped."""
    return {
        f"{PREFIX}{name}": value
        for name, value in values.items()
        if name in _ALLOWED and value is not None and value != ""
    }


def request_id_of(headers: Mapping[str, str]) -> str:
    """The platform's or the storage's id of a request; blank if it gave none.

    Parameters
    ----------
    headers : mapping
        The response's headers. The names are in lower case, or the mapping ignores case.
    """
    return next((headers[name] for name in _REQUEST_ID_HEADERS if name in headers), "")
