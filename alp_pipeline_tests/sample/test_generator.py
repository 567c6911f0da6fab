"""The committed sample is what the generator writes, whatever the machine."""

import hashlib
import os
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

from alp_pipeline_tests.sample.published import SAMPLE, manifest

TRUNCATED = "eurostat/nama_10r_2gdp.2018-03-05.tsv.gz"


@pytest.fixture(scope="module")
def anew(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample written anew, without any installed package and with another order of hashes."""
    folder = tmp_path_factory.mktemp("sample")
    command = [sys.executable, "-S", str(SAMPLE / "generate.py"), str(folder)]
    environment = {**os.environ, "PYTHONHASHSEED": "7", "PYTHONDONTWRITEBYTECODE": "1"}
    environment.pop("PYTHONPATH", None)
    subprocess.run(command, check=True, capture_output=True, env=environment)
    return folder


def written_files(folder: Path) -> dict[str, bytes]:
    files = [file for file in folder.rglob("*") if file.is_file()]
    named = {file.relative_to(folder).as_posix(): file.read_bytes() for file in files}
    hand_written = ("generate.py", "generator/", ".gitattributes")
    return {name: content for name, content in named.items() if not name.startswith(hand_written)}


def unpacked(content: bytes) -> tuple[bytes, bytes, bool]:
    """A gzip file's header, as much of its content as there is, and whether that is all of it."""
    stream = zlib.decompressobj(zlib.MAX_WBITS | 16)
    return content[:10], stream.decompress(content), stream.eof


def test_the_generator_writes_the_files_that_are_committed(anew: Path) -> None:
    assert sorted(written_files(anew)) == sorted(written_files(SAMPLE))


def test_documents_are_equal_in_header_and_content(anew: Path) -> None:
    # Compressed bytes depend on the zlib build (zlib, zlib-ng, their versions); everything else may not.
    committed, fresh = written_files(SAMPLE), written_files(anew)
    for name in sorted(committed):
        if name.endswith(".gz") and name != TRUNCATED:
            assert unpacked(fresh[name]) == unpacked(committed[name]), name
            assert unpacked(committed[name])[2], name
        elif not name.endswith(".gz") and name != "manifest.csv":
            assert fresh[name] == committed[name], name


def test_the_broken_document_breaks_off_within_the_same_content(anew: Path) -> None:
    (head, fresh, fresh_is_whole), (committed_head, committed, committed_is_whole) = (
        unpacked((folder / TRUNCATED).read_bytes()) for folder in (anew, SAMPLE)
    )
    shorter = min(len(fresh), len(committed))
    assert not fresh_is_whole
    assert not committed_is_whole
    assert head == committed_head
    assert shorter > 10_000
    assert fresh[:shorter] == committed[:shorter]


def test_the_manifest_is_equal_but_for_hashes_of_compressed_files(anew: Path) -> None:
    def without_hashes(folder: Path) -> list[list[str]]:
        rows = [line.split(",") for line in (folder / "manifest.csv").read_text().splitlines()]
        return [row[:6] if row[0].endswith(".gz") else row for row in rows]

    assert without_hashes(anew) == without_hashes(SAMPLE)


def test_the_manifest_holds_the_hash_and_size_of_every_committed_document() -> None:
    listed = {row["path"]: (row["sha256"], int(row["bytes"])) for row in manifest()}
    found = {
        name: (hashlib.sha256(content).hexdigest(), len(content))
        for name, content in written_files(SAMPLE).items()
        if name.startswith("eurostat/")
    }
    assert found == listed


def test_the_sample_stays_small() -> None:
    assert sum(map(len, written_files(SAMPLE).values())) < 1_500_000


def test_the_first_line_that_a_reader_sees_says_that_the_numbers_are_invented() -> None:
    first = (SAMPLE / "README.md").read_text(encoding="utf-8").splitlines()[0]
    assert first == "# All numbers in this folder are invented; no statistical office published any of them"
