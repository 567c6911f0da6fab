"""A write that dies half-way leaves no document, whatever it dies of."""

import errno
import io
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from alp_pipeline.archive.fixity import verify
from alp_pipeline.archive.objects import ArchiveNotWritable, DocumentUnreadable
from alp_pipeline.archive.store import Archive

FACTS = {"source_id": "eurostat", "format": "tsv", "licence": "Eurostat reuse"}

# A child dies (-9) before its k-th call that can touch the disk, for every k from the first to the one that
# lets it finish. The script's own checks look at what each death left.
KILLED_EVERYWHERE = """
import json, os, signal, sys
from pathlib import Path
from alp_pipeline.archive.fixity import verify
from alp_pipeline.archive.store import Archive

TOUCHING = {"open", "write", "fsync", "close", "mkdir", "link", "replace", "unlink", "__exit__", "flush"}

def add(root):
    Archive(root).add(b"geo" * 1000, source_id="eurostat", dataset_code="tgs00001", format="tsv", licence="x")

def dying(root, point):
    calls = 0
    def count(frame, event, arg):
        nonlocal calls
        if event == "c_call" and arg.__name__ in TOUCHING:
            calls += 1
            if calls == point:
                os.kill(os.getpid(), signal.SIGKILL)
    sys.setprofile(count)
    add(root)
    sys.setprofile(None)
    os._exit(0)

add(Path(sys.argv[1]) / "warm")
seen = {"without": 0, "with": 0, "litter": 0}
point = 0
while True:
    point += 1
    root = Path(sys.argv[1]) / str(point)
    child = os.fork()
    if child == 0:
        dying(root, point)
    _, status = os.waitpid(child, 0)
    archive = Archive(root)
    documents = archive.retrievals()
    findings = verify(archive)
    assert not [f for f in findings if f.is_damage], (point, findings)
    assert len(documents) <= 1
    for document in documents:
        assert archive.open(document).read() == b"geo" * 1000
    seen["with" if documents else "without"] += 1
    seen["litter"] += bool(findings)
    archive.clear_partials(idle_seconds=0)
    add(root)
    assert verify(archive) == [] and len(archive.retrievals()) == 1, point
    if status == 0:
        break
print(json.dumps(seen))
"""


def test_killed_at_any_point_a_write_leaves_a_whole_document_or_none(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", KILLED_EVERYWHERE, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert seen["without"] > 30  # most points lie before the record
    assert seen["with"] > 1  # the record's rename and what follows
    assert seen["litter"] > 10  # and the deaths did leave something to tidy


KILLED_ANYWHEN = """
import sys
from pathlib import Path
from alp_pipeline.archive.store import Archive
archive = Archive(Path(sys.argv[1]))
for n in range(100_000):
    if n == 3:
        print("ready", flush=True)
    archive.add(b"%d" % n * 5000, source_id="eurostat", dataset_code=f"d{n % 7}", format="tsv", licence="x")
"""


def test_killed_at_a_random_moment_every_listed_document_is_whole(archive: Archive) -> None:
    moments = random.Random(7)  # noqa: S311 - a moment, not a secret
    for _ in range(4):
        writer = subprocess.Popen(
            [sys.executable, "-c", KILLED_ANYWHEN, str(archive.root)], stdout=subprocess.PIPE
        )
        assert writer.stdout is not None
        writer.stdout.readline()
        time.sleep(moments.uniform(0.02, 0.15))
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        writer.stdout.close()
        assert [finding for finding in verify(archive) if finding.is_damage] == []
    archive.clear_partials(idle_seconds=0)
    assert len(archive.retrievals()) >= 3
    # The next writer finds the orphan, if the last death left one, and completes it.
    for n in range(len(archive.retrievals()) + 1):
        archive.add(b"%d" % n * 5000, dataset_code=f"d{n % 7}", **{**FACTS, "licence": "x"})
    assert verify(archive) == []


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EROFS])
@pytest.mark.parametrize("refused", ["write", "fsync", "mkdir", "replace"])
def test_a_disk_that_refuses_leaves_no_document_and_is_named(
    archive: Archive, monkeypatch: pytest.MonkeyPatch, refused: str, code: int
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patch:
        patch.setattr(os, refused, refuse)
        with pytest.raises(ArchiveNotWritable, match=os.strerror(code)):
            archive.add(b"geo", dataset_code="tgs00001", **FACTS)
    assert archive.retrievals() == []
    assert [finding.problem for finding in verify(archive)] in ([], ["object without record"])
    archive.add(b"geo", dataset_code="tgs00001", **FACTS)
    assert verify(archive) == []


FULL_HALF_WAY = """
import resource, sys
from pathlib import Path
from alp_pipeline.archive.objects import ArchiveNotWritable
from alp_pipeline.archive.store import Archive
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    Archive(Path(sys.argv[1])).add(
        b"x" * 250_000, source_id="eurostat", dataset_code="tgs00001", format="tsv", licence="x"
    )
except ArchiveNotWritable as error:
    print(error)
"""


def test_a_write_that_the_system_cuts_off_half_way_leaves_nothing(archive: Archive) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FULL_HALF_WAY, str(archive.root)], capture_output=True, text=True, check=True
    )
    assert "could not be written (File too large)" in done.stdout
    assert archive.retrievals() == []
    assert verify(archive) == []


class BreaksOff(io.RawIOBase):
    """A stream that gives one piece and then an input/output error."""

    def __init__(self) -> None:
        self.pieces = [b"geo" * 1000]

    def read(self, size: int = -1) -> bytes:
        if self.pieces:
            return self.pieces.pop()
        raise OSError(errno.EIO, os.strerror(errno.EIO))


def test_an_input_that_cannot_be_read_to_its_end_leaves_nothing(archive: Archive, tmp_path: Path) -> None:
    for content in (BreaksOff(), tmp_path / "absent.tsv", tmp_path):
        with pytest.raises(DocumentUnreadable):
            archive.add(content, dataset_code="tgs00001", **FACTS)  # type: ignore[arg-type]
    assert archive.retrievals() == []
    assert verify(archive) == []
    assert archive.kind() is None
