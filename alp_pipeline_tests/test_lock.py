"""One refresh at a time per data folder; the lock dies with its holder."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from alp_pipeline.lock import RefreshUnderWay, refresh_lock

HOLD = """
import sys, time
from pathlib import Path
from alp_pipeline.lock import refresh_lock
with refresh_lock(Path(sys.argv[1]), purpose="a long refresh"):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path: Path) -> "subprocess.Popen[str]":
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()


def test_a_second_one_is_told_who_holds_it(tmp_path: Path, holder: "subprocess.Popen[str]") -> None:
    with (
        pytest.raises(RefreshUnderWay, match=rf"process {holder.pid}, a long refresh, since 20"),
        refresh_lock(tmp_path, purpose="mine"),
    ):
        pass


def test_the_lock_dies_with_its_holder(tmp_path: Path, holder: "subprocess.Popen[str]") -> None:
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    with refresh_lock(tmp_path, purpose="mine") as taken:
        assert taken


def test_it_is_free_again_after_an_error_inside(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="inside"), refresh_lock(tmp_path, purpose="mine"):
        raise ValueError("inside")
    with refresh_lock(tmp_path, purpose="mine") as taken:
        assert taken
