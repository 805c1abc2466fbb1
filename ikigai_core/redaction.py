"""The last net for keys: replace them, by value, in every text that may be shown.

A platform may repeat a request's headers in its answer, and a proxy or a library in an error. So each key that a client
uses is known here, and no error and no log record of this package contains it.
"""

from __future__ import annotations

import json
import logging
from urllib.parse import quote

SHORTEST_KEY = 8
"""A shorter key is not replaced: it may be a part of ordinary words."""

_MOST_KEYS = 1000
_IN_PLACE = "…"

# A dict, since it keeps the order. Each key maps to the forms in which it may appear.
_keys: dict[str, tuple[str, ...]] = {}


def hide_key(key: str) -> None:
    """Replace this key from now on. Of many keys, the newest are remembered."""
    if len(key) < SHORTEST_KEY or key in _keys:
        return
    forms = {key, json.dumps(key)[1:-1], repr(key)[1:-1], quote(key), quote(key, safe="")}
    _keys[key] = tuple(sorted(forms, key=len, reverse=True))
    for oldest in list(_keys)[:-_MOST_KEYS]:
        _keys.pop(oldest, None)


def redacted(text: str) -> str:
    """A text without any key."""
    for forms in tuple(_keys.values()):
        for form in forms:
            text = text.replace(form, _IN_PLACE)
    return text


class WithoutKeys(logging.Filter):
    """Removes keys from log records: from the message, the fields and the traceback."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Redact the record. It is never dropped."""
        message = record.getMessage()
        if redacted(message) != message:
            record.msg, record.args = redacted(message), ()
        for name, value in vars(record).items():
            if isinstance(value, str) and name != "msg" and redacted(value) != value:
                setattr(record, name, redacted(value))
        if record.exc_info:
            trace = logging.Formatter().formatException(record.exc_info)
            if redacted(trace) != trace:
                record.exc_info, record.exc_text = None, redacted(trace)
        return True
