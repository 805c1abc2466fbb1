"""What the check of an uploaded file may take."""

from __future__ import annotations

from pathlib import Path

import pytest

from ikigai_core import Ikigai
from ikigai_core.errors import UploadError
from ikigai_core.local.jobs.check_limits import CheckLimits
from ikigai_core.local.process import LocalPlatform


@pytest.mark.parametrize(
    ("limits", "content", "reason"),
    [
        ({"check_timeout": 0.001}, b"a,b\n1,2\n", "longer than 0.001 s.*--check-timeout"),
        # Python's CSV reader needs four bytes for each letter.
        ({"check_memory": 150}, b'a,b\n1,"' + b"x" * 23_000_000, "more than 150 MiB.*--check-memory"),
    ],
)
def test_a_file_whose_check_takes_too_much_is_rejected_with_the_limit_and_what_to_do(
    tmp_path: Path, limits: dict[str, float], content: bytes, reason: str
) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(content)
    with (
        LocalPlatform.start(**limits) as platform,
        Ikigai(platform.user_email, platform.api_key, platform.url) as ikigai,
    ):
        app = ikigai.app.new("Limits").build()
        with pytest.raises(UploadError, match=reason):
            app.dataset.new("rows").csv(path).build()


@pytest.mark.parametrize("limits", [(0.0, 1), (-1.0, 1), (float("nan"), 1), (1.0, 0)])
def test_limits_without_room_are_refused(limits: tuple[float, int]) -> None:
    with pytest.raises(ValueError, match="greater than 0"):
        CheckLimits(*limits)
