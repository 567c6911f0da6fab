"""A download that was looked at and is no data does not stay on disk.

Belongs here: removing it. Does not: looking (inspection, the families).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alp_pipeline.sources.errors import SourceError


@contextmanager
def kept_if_sound(path: Path) -> Iterator[None]:
    """Remove `path` when the block finds that it is no data.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "page.html"
    >>> _ = path.write_text("<html>")
    >>> try:
    ...     with kept_if_sound(path):
    ...         raise SourceError("it is a web page", where="x", todo="Ask again.")
    ... except SourceError:
    ...     path.exists()
    False
    """
    try:
        yield
    except SourceError:
        path.unlink(missing_ok=True)
        raise
