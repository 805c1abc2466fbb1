"""Remove signed URLs and keys from the logs of the HTTP libraries, which contain full URLs and answered headers."""

from __future__ import annotations

import logging
import re

from ikigai_core.redaction import WithoutKeys

_QUERY = re.compile(r"(\?)[^\s\"']+")
# A logger's filter does not apply to child loggers, so each logger is listed.
_LOGGERS = (
    "httpx",
    "httpcore.connection",
    "httpcore.http11",
    "httpcore.http2",
    "httpcore.proxy",
    "httpcore.socks",
    "urllib3.connection",
    "urllib3.connectionpool",
    "urllib3.poolmanager",
    "urllib3.util.retry",
)


class _WithoutSecrets(WithoutKeys):
    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        if "?" in text:
            record.msg = _QUERY.sub(r"\1…", text)
            record.args = ()
        return super().filter(record)


_FILTER = _WithoutSecrets()


def redact_http_logs() -> None:
    """Remove queries and keys from the logs of httpx and urllib3. Repeating the call changes nothing."""
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_FILTER)


def without_query(url: str) -> str:
    """A URL without its query, which can be shown."""
    return url.split("?", 1)[0]
