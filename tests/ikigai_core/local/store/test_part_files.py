"""Whatever order, size and fate parts have, the whole file has the bytes whose ETags count, and nobody changes it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ikigai_core.local.problems import RefusalError
from ikigai_core.local.store import Store
from ikigai_core.local.store.files import Files
from ikigai_core.local.store.part_files import ArrivingPart, PartFiles
from ikigai_core.local.store.uploads import Upload, UploadState

CONTENT = bytes(range(100))


class Receiver:
    """An upload of 100 bytes in 3 parts, and what its server does."""

    def __init__(self, folder: Path) -> None:
        self.store, self.files = Store(folder / "platform.sqlite"), Files(folder)
        self.parts = PartFiles(self.files, self.store.uploads)
        self.upload = Upload("one", "dataset", "app", "a.csv", len(CONTENT), 3, UploadState.OPEN, 1)
        self.store.uploads.add(self.upload)

    def content(self, number: int) -> bytes:
        start, size = self.upload.stretch(number)
        return CONTENT[start : start + size]

    def begin(self, number: int, content: bytes | None = None, *, tells_size: bool = True) -> ArrivingPart:
        content = self.content(number) if content is None else content
        part = self.parts.begin("one", number, len(content) if tells_size else None)
        part.file.write(content)
        return part

    def take(self, number: int, content: bytes | None = None, **how: Any) -> None:
        content = self.content(number) if content is None else content
        self.parts.keep(self.begin(number, content, **how), len(content), content.hex())

    def whole(self) -> Path:
        return self.parts.join(self.upload, self.store.uploads.parts("one"))


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[Receiver]:
    made = Receiver(tmp_path)
    yield made
    made.store.close()


def test_parts_in_any_order_are_the_whole_without_being_copied(receiver: Receiver) -> None:
    for number in (3, 1, 2):
        receiver.take(number)

    (arrived,) = receiver.files.upload("one").iterdir()
    whole = receiver.whole()

    assert whole.samefile(arrived)
    assert whole.read_bytes() == CONTENT


def test_parts_of_other_sizes_are_joined(receiver: Receiver) -> None:
    receiver.take(1, CONTENT[:10])
    receiver.take(2, CONTENT[10:44])
    receiver.take(3, CONTENT[44:], tells_size=False)

    assert receiver.whole().read_bytes() == CONTENT


def test_a_part_that_broke_off_leaves_its_place_to_the_next(receiver: Receiver) -> None:
    broken = receiver.begin(1, b"x" * 34)
    receiver.parts.discard(broken)
    for number in (1, 2, 3):
        receiver.take(number)

    assert len(list(receiver.files.upload("one").iterdir())) == 1
    assert receiver.whole().read_bytes() == CONTENT


def test_a_part_that_breaks_off_does_not_touch_the_one_that_is_there(receiver: Receiver) -> None:
    for number in (1, 2, 3):
        receiver.take(number)
    receiver.parts.discard(receiver.begin(2, b"x" * 34))

    assert receiver.whole().read_bytes() == CONTENT


def test_what_still_comes_for_a_part_that_another_request_brought_never_gets_into_the_whole(receiver: Receiver) -> None:
    slow = receiver.begin(2, b"x" * 34)
    for number in (1, 2, 3):
        receiver.take(number)
    whole = receiver.whole()
    receiver.store.uploads.set_state("one", UploadState.COMPLETED)

    slow.file.flush()
    with pytest.raises(RefusalError, match="one"):
        receiver.parts.keep(slow, 34, "x")
    receiver.parts.discard(slow)

    assert whole.read_bytes() == CONTENT


def test_a_new_process_goes_on_with_the_parts_that_are_there(receiver: Receiver) -> None:
    receiver.take(1)
    receiver.begin(2, b"x" * 34).file.flush()
    receiver.parts = PartFiles(receiver.files, receiver.store.uploads)
    receiver.take(1, b"y" * 34)
    receiver.take(1)
    receiver.take(2)
    receiver.take(3)

    assert receiver.whole().read_bytes() == CONTENT


def test_the_last_parts_count_whatever_came_before(receiver: Receiver) -> None:
    chance = random.Random(3)
    coming: list[ArrivingPart] = []
    for _ in range(200):
        number = chance.randint(1, 3)
        coming.append(receiver.begin(number, bytes(chance.randint(0, 255) for _ in receiver.content(number))))
        if chance.random() < 0.5:
            part = coming.pop(chance.randrange(len(coming)))
            if chance.random() < 0.5:
                receiver.parts.keep(part, len(receiver.content(part.number)), f"{chance.random()}")
            else:
                receiver.parts.discard(part)
    for number in (1, 2, 3):
        receiver.take(number)
    whole = receiver.whole()
    for part in coming:
        part.file.flush()
        receiver.parts.discard(part)

    assert whole.read_bytes() == CONTENT
    assert len(list(receiver.files.upload("one").iterdir())) <= 4


def test_nobody_sends_parts_to_an_upload_that_is_over(receiver: Receiver) -> None:
    receiver.store.uploads.set_state("one", UploadState.ABORTED)

    with pytest.raises(RefusalError, match="one"):
        receiver.take(1)

    assert not receiver.files.upload("one").exists()
