"""The answers of a paged API, kept as received in one ZIP; and what to do when the table moves meanwhile.

Belongs here: the file of pages, starting over. Does not: asking for pages, knowing how many there are (the
families).
"""

import zipfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from alp_pipeline.durable import replacing
from alp_pipeline.sources.errors import AnswerIncomplete

# The earliest time that a ZIP can hold: equal pages give equal bytes whenever they came.
_NO_TIME = (1980, 1, 1, 0, 0, 0)
_UNIX, _FILE_READABLE_BY_ALL = 3, 0o100644 << 16

Result = TypeVar("Result")


class TableMoved(AnswerIncomplete):
    """The table changed while its pages were read: they do not belong together."""


class PageFile:
    """Pages in the order of their coming, as members `0001.json`, `0002.json` … of one ZIP, stored.

    The file takes its place when the block ends without an exception, whole and flushed; otherwise nothing is
    left of it.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "pages.zip"
    >>> with PageFile(path) as pages:
    ...     pages.add(b'[{"anno": "2021"}]', "json")
    ...     pages.add(b'[{"anno": "2022"}]', "json")
    >>> zipfile.ZipFile(path).namelist()
    ['0001.json', '0002.json']
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as opening:
            temporary = opening.enter_context(replacing(self.path))
            self._zip = opening.enter_context(zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED))
            self._stack = opening.pop_all()
        return self

    def add(self, content: bytes, suffix: str) -> None:
        """Append one answer as received."""
        self.count += 1
        member = zipfile.ZipInfo(f"{self.count:04d}.{suffix}", date_time=_NO_TIME)
        member.create_system, member.external_attr = _UNIX, _FILE_READABLE_BY_ALL
        self._zip.writestr(member, content)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool | None:
        return self._stack.__exit__(kind, error, traceback)


def start_over_once(read: Callable[[], Result]) -> Result:
    """What `read` returns; when the table moved under it, what it returns the second time.

    Raises: TableMoved, when it moved again; whatever else `read` raises, at once.
    """
    try:
        return read()
    except TableMoved:
        return read()
