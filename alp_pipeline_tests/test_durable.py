"""A full disk is called by its name, whoever notices it first."""

import errno
import sqlite3
from pathlib import Path

from alp_pipeline.durable import is_disk_full


def sqlite_without_room(path: Path) -> sqlite3.Error:
    """The error of a real database that may not grow."""
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE t (x TEXT)")
    connection.execute("PRAGMA max_page_count = 4")
    try:
        connection.execute("INSERT INTO t VALUES (?)", ("x" * 100_000,))
    except sqlite3.Error as error:
        return error
    finally:
        connection.close()
    raise AssertionError("SQLite found room")


def test_what_sqlite_says_of_a_full_disk_is_understood_when_it_was_wrapped(tmp_path: Path) -> None:
    wrapped = RuntimeError("(sqlite3.OperationalError)")
    wrapped.__cause__ = sqlite_without_room(tmp_path / "x.db")
    assert is_disk_full(wrapped, tmp_path)


def test_an_exhausted_quota_counts_as_a_full_disk(tmp_path: Path) -> None:
    wrapped = ValueError("while writing")
    wrapped.__context__ = OSError(errno.EDQUOT, "quota")
    assert is_disk_full(wrapped, tmp_path)


def test_a_failed_steps_text_is_enough(tmp_path: Path) -> None:
    assert is_disk_full("OSError: [Errno 28] No space left on device: '/x'\n\nStack Trace:", tmp_path)


def test_another_error_on_a_disk_with_room_is_not_taken_for_one(tmp_path: Path) -> None:
    error = ValueError("a disk is round")
    error.__context__ = error  # an error that leads to itself ends the search
    assert not is_disk_full(error, tmp_path)
    assert not is_disk_full("PermissionError: [Errno 13]", tmp_path)
