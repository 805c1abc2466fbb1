"""All that an error may show."""

from __future__ import annotations

import pickle
import traceback
from collections.abc import Iterator


def chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def everything(error: BaseException) -> str:
    """All texts in which an error may show itself, with those that it hides."""
    texts = ["".join(traceback.format_exception(error))]
    for each in chain(error):
        texts += [str(each), repr(each), str(vars(each)), str(pickle.dumps(each))]
    return "\n".join(texts)
