import itertools
import json
import multiprocessing
import threading
import time
from pathlib import Path

import pytest

from alp_pipeline.sources.errors import DiskRefused
from alp_pipeline.sources.rate import HostTurns, retry_after


def _note_turns(folder: Path, log: Path, count: int) -> None:
    turns = HostTurns(folder, {"ec.europa.eu": (2, 0.2)})
    for _ in range(count):
        with turns.turn("ec.europa.eu"):
            # When the turn counts from; a clock read here would be late by as much as the machine is busy.
            asked = json.loads((folder / "ec.europa.eu.json").read_text())["asked"][-1]
            time.sleep(0.005)
            with log.open("a") as file:
                file.write(f"{asked} {time.time()}\n")


def _turns(log: Path) -> list[tuple[float, float]]:
    lines = log.read_text().splitlines()
    return sorted((float(asked), float(ended)) for asked, ended in (line.split() for line in lines))


def _assert_one_at_a_time_and_within_the_rate(turns: list[tuple[float, float]]) -> None:
    assert all(ended <= asked for (_, ended), (asked, _) in itertools.pairwise(turns))
    # Of three turns the first and the last are at least the rate's seconds apart.
    assert all(later[0] - one[0] >= 0.199 for one, later in zip(turns, turns[2:], strict=False))


def test_threads_take_turns_at_a_host_within_its_rate(tmp_path: Path) -> None:
    log = tmp_path / "log"
    threads = [threading.Thread(target=_note_turns, args=(tmp_path, log, 2)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(_turns(log)) == 6
    _assert_one_at_a_time_and_within_the_rate(_turns(log))


def test_processes_take_turns_at_a_host_within_its_rate(tmp_path: Path) -> None:
    log = tmp_path / "log"
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_note_turns, args=(tmp_path, log, 3)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0]
    assert len(_turns(log)) == 6
    _assert_one_at_a_time_and_within_the_rate(_turns(log))


def test_a_holder_that_was_killed_holds_no_turn(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    held = context.Event()
    process = context.Process(target=_hold_for_ever, args=(tmp_path, held))
    process.start()
    assert held.wait(30)
    process.kill()
    process.join()
    with HostTurns(tmp_path, {}).turn("ec.europa.eu"):
        pass


def _hold_for_ever(folder: Path, held: threading.Event) -> None:
    with HostTurns(folder, {}).turn("ec.europa.eu"):
        held.set()
        time.sleep(600)


def test_another_host_is_asked_meanwhile(tmp_path: Path) -> None:
    turns = HostTurns(tmp_path, {})
    with turns.turn("ec.europa.eu"), turns.turn("dati.trentino.it"):
        pass


def test_a_host_that_wants_to_be_left_alone_is_so_by_every_session(tmp_path: Path) -> None:
    turns = HostTurns(tmp_path, {})
    with turns.turn("ec.europa.eu"):
        began = time.time()
        turns.leave_alone("ec.europa.eu", 0.2)
    with HostTurns(tmp_path, {}).turn("ec.europa.eu"):
        assert time.time() - began >= 0.19


@pytest.mark.parametrize(
    "memory", ["", "{", '{"asked": "x"}', '{"asked": [99999999999], "not_before": 9e12}']
)
def test_a_damaged_memory_or_a_clock_set_back_keeps_nobody_waiting(tmp_path: Path, memory: str) -> None:
    (tmp_path / "ec.europa.eu.json").write_text(memory)
    with HostTurns(tmp_path, {"ec.europa.eu": (1, 3600)}).turn("ec.europa.eu"):
        pass


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with (
        pytest.raises(DiskRefused, match=r"file/hosts: the lock of ec\.europa\.eu"),
        HostTurns(tmp_path / "file" / "hosts", {}).turn("ec.europa.eu"),
    ):
        pass


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "1.5"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "٣"}, None),
        ({}, None),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:30 GMT", "date": "Wed, 21 Oct 2026 07:28:00 GMT"}, 30.0),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT", "date": "Wed, 21 Oct 2026 07:29:00 GMT"}, 0.0),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0),
    ],
)
def test_retry_after_is_seconds_or_a_date_against_the_servers_own_clock(
    said: dict[str, str], seconds: float | None
) -> None:
    assert retry_after(said) == seconds
