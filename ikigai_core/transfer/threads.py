"""A pool of threads that sends parts (sync driver)."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait

from ikigai_core.procedure import SendParts
from ikigai_core.transfer.parts import PARTS_AT_ONCE, Part, cut


def send_side_by_side(step: SendParts, put: Callable[[Part], str]) -> dict[int, str]:
    """Send a file's parts, a few at a time; the first failure stops those not yet begun.

    Returns
    -------
    dict of int to str
        ETags by part number.
    """
    parts = list(cut(step))
    with ThreadPoolExecutor(min(PARTS_AT_ONCE, len(parts)), thread_name_prefix="ikigai-upload") as pool:
        sent = {part.number: pool.submit(put, part) for part in parts}
        try:
            wait(sent.values(), return_when=FIRST_EXCEPTION)
            failed = [future for future in sent.values() if future.done() and future.exception() is not None]
            for future in failed:
                future.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
        return {number: future.result() for number, future in sent.items()}
