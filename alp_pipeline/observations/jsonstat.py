"""JSON-stat: bundles and datasets of version 1, datasets of version 2; one cube, numbered cell by cell.

Belongs here: finding the cube, its dimensions and categories, dense and sparse values and statuses. Does not:
what a cell says (cells). Source: https://json-stat.org/full/.

A cube is a JSON document, so it is read whole, up to `MOST_BYTES` of text; larger tables come as TSV. Numbers
stay as they were written. A cell is every position of the cube, because a position without value is null by
the format's own rule. A status is `flags|confidentiality`, the form in which Eurostat writes it.

A layout of the dataset translates a publisher's own codes (`codes`, `code_table`; categories that a dimension
of `drop_unmapped` does not know are left out, their cells counted as set aside) and says what the status of a
cell without a number means where it is a sign (`markers`: PxWeb writes `-`, `..`). Its columns are not looked
at.

Time is named by its codes, or by its labels where the codes only number the periods: some PxWeb tables write
`"0": "2022"`.
"""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, NoReturn, TypeGuard

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from alp_pipeline.observations.batches import TIME_NAMES, SeriesTable, assembled, checked_dimensions
from alp_pipeline.observations.cells import Cells, Codes, composed, read_cells, refused
from alp_pipeline.observations.code_maps import CodeMap, ReadCode, code_maps
from alp_pipeline.observations.declared_cells import DeclaredCells
from alp_pipeline.observations.documents import api_message, not_data
from alp_pipeline.observations.errors import (
    AmbiguousBundle,
    HeaderMismatch,
    MalformedDocument,
    NotADataDocument,
)
from alp_pipeline.observations.periods import normalised_headings, time_headings
from alp_pipeline.observations.reading import Reading

MOST_BYTES: Final = 1 << 26  # parsed, a document takes some sixteen times its size
MOST_CELLS: Final = 20_000_000  # Eurostat's service hands out 5 million at most
_CELLS_PER_BATCH: Final = 1 << 19


@dataclass(frozen=True)
class _Cube:
    """A dataset taken apart and checked."""

    names: tuple[str, ...]
    categories: tuple[tuple[str, ...], ...]
    time_at: int
    time_headings: tuple[str, ...]
    values: "_Texts"
    statuses: "_Texts"

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(len(codes) for codes in self.categories)


@dataclass(frozen=True)
class _Texts:
    """Distinct texts, and for every cell which of them it has: the last one, "", where it has none."""

    distinct: pa.StringArray
    codes: Codes


@dataclass(frozen=True)
class _Axis:
    """The categories of a dimension that are kept."""

    places: npt.NDArray[np.int64]  # their positions in the document
    codes: tuple[str, ...]  # in our words
    problems: tuple[str | None, ...]  # why one is not understood

    @classmethod
    def of(cls, categories: Sequence[str], known: CodeMap | None) -> "_Axis":
        read = [known.read(code) if known else ReadCode(code) for code in categories]
        places = [at for at, one in enumerate(read) if one.is_kept]
        return cls(
            np.array(places, dtype=np.int64),
            tuple(read[at].code for at in places),
            tuple(read[at].problem for at in places),
        )


class JsonStat(Reading):
    """A reading of one JSON-stat document of version 1 or 2."""

    def _read(self) -> Iterator[pa.RecordBatch]:
        cube = self._cube(self._dataset(self._parsed()))
        others = [name for at, name in enumerate(cube.names) if at != cube.time_at]
        self._header_dimensions = checked_dimensions(self.dataset, others, where=self.where)
        self._periods = normalised_headings(cube.time_headings, where=self.where)
        names = iter(self._header_dimensions)
        maps = code_maps(self.dataset.layout)
        axes = [
            _Axis.of(self._periods, None) if at == cube.time_at else _Axis.of(codes, maps.get(next(names)))
            for at, codes in enumerate(cube.categories)
        ]
        kept = tuple(len(axis.codes) for axis in axes)
        self._cells = math.prod(kept)
        self._set_aside = math.prod(cube.shape) - self._cells
        if self._set_aside and not self._cells:
            raise HeaderMismatch(
                f"the layout's codes know none of its categories: all {self._set_aside:,} cells would be set "
                "aside",
                where=self.where,
                todo="Correct codes or code_table in the catalogue entry's layout.",
            )
        self._series_count = math.prod(n for at, n in enumerate(kept) if at != cube.time_at)
        for start in range(0, self._cells, _CELLS_PER_BATCH):
            positions = np.arange(start, min(start + _CELLS_PER_BATCH, self._cells))
            yield self._batch(cube, axes, positions)

    def _parsed(self) -> dict[str, Any]:
        text = self.document.whole(limit=MOST_BYTES)
        if text.lstrip()[:1] == "<":
            raise not_data(text.encode()[: 1 << 16], where=self.where)
        try:
            # Numbers as they were written: the published text is kept, and NaN or Infinity become no number.
            answer = json.loads(text, parse_float=str, parse_int=str, parse_constant=str)
        except (ValueError, RecursionError) as error:
            self._malformed(f"it is not JSON ({error})")
        message = api_message(answer)
        if message:
            raise NotADataDocument(
                f"it is {message}",
                where=self.where,
                todo="Fetch it again, in smaller parts if it is too big.",
            )
        if not isinstance(answer, dict):
            self._malformed("its outermost value is not an object")
        return answer

    def _dataset(self, answer: dict[str, Any]) -> dict[str, Any]:
        """The one dataset: the document itself, a bundle's only member, or that with the dataset's code."""
        kind = answer.get("class", "dataset")
        if kind != "dataset":
            raise NotADataDocument(
                f"it is a JSON-stat {kind}, which holds no observations",
                where=self.where,
                todo="Fetch the datasets that it names.",
            )
        if "value" in answer or "version" in answer or "class" in answer:
            return answer
        members = {
            name: member
            for name, member in answer.items()
            if isinstance(member, dict) and "value" in member and "dimension" in member
        }
        if len(members) > 1:
            chosen = [name for name in members if name.lower() == self.dataset.code]
            if len(chosen) != 1:
                raise AmbiguousBundle(
                    f"it holds {len(members)} datasets ({', '.join(members)}), none of them called "
                    f"'{self.dataset.code}'",
                    where=self.where,
                    todo="Give the catalogue entry the code of the one that is wanted.",
                )
            return members[chosen[0]]
        if not members:
            self._malformed("it holds no dataset with values and dimensions")
        return next(iter(members.values()))

    def _cube(self, dataset: dict[str, Any]) -> _Cube:
        dimension = dataset.get("dimension")
        if not isinstance(dimension, dict) or "value" not in dataset:
            self._malformed("it holds no dataset with values and dimensions")
        names = dataset.get("id", dimension.get("id"))
        sizes = dataset.get("size", dimension.get("size"))
        if not _is_list_of_text(names) or not _is_list_of_text(sizes):
            self._malformed("`id` and `size` are not lists")
        if len(names) != len(sizes):
            self._malformed(f"it names {len(names)} dimensions and {len(sizes)} sizes")
        categories = tuple(
            self._categories(name, dimension.get(name), size) for name, size in zip(names, sizes, strict=True)
        )
        count = math.prod(len(codes) for codes in categories)
        if count > MOST_CELLS:
            self._malformed(f"it spans {count:,} cells, more than the {MOST_CELLS:,} that are read")
        renamed = self.dataset.renamed(tuple(names))
        time_at = self._time_dimension(renamed, names, dataset.get("role", dimension.get("role")))
        return _Cube(
            names=tuple(names),
            categories=categories,
            time_at=time_at,
            time_headings=time_headings(
                categories[time_at], _labels(dimension[names[time_at]], categories[time_at])
            ),
            values=self._texts("value", dataset["value"], count),
            statuses=self._texts("status", _statuses(dataset.get("status"), count), count),
        )

    def _time_dimension(self, renamed: Sequence[str], names: Sequence[str], role: object) -> int:
        """By its name, else by its role."""
        found = [at for at, name in enumerate(renamed) if name.lower() in TIME_NAMES]
        if not found and isinstance(role, dict):
            times = role.get("time") or []
            found = [at for at, name in enumerate(names) if name in times]
        if len(found) != 1:
            raise HeaderMismatch(
                f"{len(found)} of its dimensions ({', '.join(names)}) are time",
                where=self.where,
                todo="Give the catalogue entry an alias to 'time' for the dimension that is time.",
            )
        return found[0]

    def _categories(self, name: str, dimension: object, size: str) -> tuple[str, ...]:
        """The codes of a dimension in their order."""
        category = dimension.get("category") if isinstance(dimension, dict) else None
        if not isinstance(category, dict):
            self._malformed(f"the dimension {name} has no categories")
        index = category.get("index")
        if index is None:  # a single category needs no order
            index = list(category.get("label") or {})
            if len(index) > 1:
                self._malformed(f"the dimension {name} has {len(index)} categories and no order")
        if isinstance(index, Mapping):
            codes = sorted(index, key=lambda code: int(index[code]) if str(index[code]).isdigit() else -1)
            if [str(index[code]) for code in codes] != [str(at) for at in range(len(codes))]:
                self._malformed(f"the categories of {name} are not numbered from 0 without gaps")
        elif _is_list_of_text(index):
            codes = list(index)
        else:
            self._malformed(f"the categories of {name} are neither a list nor an object")
        if str(len(codes)) != size:
            self._malformed(f"the dimension {name} has {len(codes)} categories and says {size}")
        return tuple(codes)

    def _texts(self, field: str, given: object, count: int) -> _Texts:
        """Dense (a list) or sparse (an object) texts, numbered."""
        if isinstance(given, dict):
            places = self._places(field, given, count)
            texts = list(given.values())
        elif isinstance(given, list):
            if len(given) != count:
                self._malformed(f"`{field}` has {len(given)} entries for {count} cells")
            places, texts = np.arange(count), given
        else:
            self._malformed(f"`{field}` is neither a list nor an object")
        try:
            encoded = pa.array(texts, pa.string()).dictionary_encode()
        except (pa.ArrowInvalid, pa.ArrowTypeError, UnicodeEncodeError) as error:
            self._malformed(f"`{field}` holds something that is neither number, text nor null ({error})")
        none = len(encoded.dictionary)
        codes = np.full(count, none, dtype=np.int32)
        codes[places] = encoded.indices.fill_null(none).to_numpy()
        return _Texts(pa.concat_arrays([encoded.dictionary, pa.array([""])]), codes)

    def _places(self, field: str, given: Mapping[str, object], count: int) -> npt.NDArray[np.int64]:
        try:
            places = pa.array(list(given), pa.string()).cast(pa.int64()).to_numpy()
        except (pa.ArrowInvalid, UnicodeEncodeError) as error:
            self._malformed(f"`{field}` is keyed by something that is not a cell's number ({error})")
        if len(places) and (places.min() < 0 or places.max() >= count):
            self._malformed(f"`{field}` names the cell {places.max()} of {count}")
        is_named = np.zeros(count, dtype=np.bool_)
        is_named[places] = True
        if is_named.sum() != len(places):  # "1" and "01"
            self._malformed(f"`{field}` names a cell twice")
        result: npt.NDArray[np.int64] = places
        return result

    def _batch(self, cube: _Cube, axes: Sequence[_Axis], positions: npt.NDArray[np.int64]) -> pa.RecordBatch:
        """The cells at some positions of the kept cube."""
        kept = tuple(len(axis.codes) for axis in axes)
        by_dimension = np.unravel_index(positions, kept)
        others = [at for at in range(len(kept)) if at != cube.time_at]
        # Series are numbered like cells, without the time dimension.
        number = np.zeros(len(positions), dtype=np.int64)
        for at in others:
            number = number * kept[at] + by_dimension[at]
        _, first, of_cell = np.unique(number, return_index=True, return_inverse=True)
        codes = {
            name: pa.DictionaryArray.from_arrays(
                pa.array(by_dimension[at][first].astype(np.int32)), pa.array(axes[at].codes, pa.string())
            )
            for name, at in zip(self._header_dimensions, others, strict=True)
        }
        in_document = positions
        if kept != cube.shape:
            places = tuple(axis.places[own] for axis, own in zip(axes, by_dimension, strict=True))
            in_document = np.ravel_multi_index(places, cube.shape)
        cells = self._cells_of(cube, in_document)
        for axis, categories in zip(axes, by_dimension, strict=True):
            if any(axis.problems):
                reasons = pa.array(axis.problems, pa.string()).take(pa.array(categories))
                cells = refused(cells, reasons, pc.is_valid(reasons))
        series_of_cell = pa.array(of_cell.astype(np.int32))
        return assembled(
            self.dataset,
            self.document_id,
            SeriesTable.of(self.dataset, codes, len(first)),
            lambda own: own.take(series_of_cell),
            pa.DictionaryArray.from_arrays(
                pa.array(by_dimension[cube.time_at].astype(np.int32)), pa.array(self._periods)
            ),
            cells,
        )

    def _cells_of(self, cube: _Cube, positions: npt.NDArray[np.int64]) -> Cells:
        kinds = len(cube.statuses.distinct)
        pair = cube.values.codes[positions].astype(np.int64) * kinds + cube.statuses.codes[positions]
        distinct, codes = np.unique(pair, return_inverse=True)
        values = pc.fill_null(cube.values.distinct.take(pa.array(distinct // kinds)), "")
        flags, conf = _split(cube.statuses.distinct, kinds)
        status = pa.array(distinct % kinds)
        # Eurostat's service wrote ":" into the status of missing cells before 2022.
        flags = pc.if_else(
            pc.equal(values, ""),
            pc.ascii_trim_whitespace(pc.replace_substring_regex(flags.take(status), "^:", "")),
            flags.take(status),
        )
        conf, where = conf.take(status), pa.array(codes.astype(np.int32))
        layout = self.dataset.layout
        if layout is None or not layout.markers:
            return read_cells(composed(values, flags, conf), where.to_numpy(), sdmx=True)
        signs = pa.array(list(layout.markers), pa.string())
        is_sign = pc.and_(pc.equal(values, ""), pc.is_in(flags, value_set=signs))
        marks = pc.if_else(pc.equal(conf, ""), flags, pc.binary_join_element_wise(flags, conf, "@"))
        return DeclaredCells(replace(layout, decimal=".", thousands="")).read(
            pa.DictionaryArray.from_arrays(where, pc.if_else(is_sign, flags, values)),
            pa.DictionaryArray.from_arrays(where, pc.if_else(is_sign, "", marks)),
        )

    def _malformed(self, what: str) -> NoReturn:
        raise MalformedDocument(
            f"it breaks the rules of JSON-stat: {what}",
            where=self.where,
            todo="Fetch it again; if it comes the same, tell the publisher.",
        )


def _labels(dimension: Mapping[str, Any], codes: Sequence[str]) -> list[str]:
    """The labels of a dimension's codes, in their order; "" where there is none."""
    given = dimension["category"].get("label")
    labels = given if isinstance(given, Mapping) else {}
    return [label if isinstance(label := labels.get(code), str) else "" for code in codes]


def _split(statuses: pa.StringArray, kinds: int) -> tuple[pa.StringArray, pa.StringArray]:
    parts = [text.partition("|") for text in statuses.to_pylist()]
    flags = pa.array([flag.strip() for flag, _, _ in parts], pa.string())
    return flags, pa.array([conf.strip() for _, _, conf in parts], pa.string())


def _statuses(given: object, count: int) -> object:
    """The forms of `status` brought to two: a list of one or a text for all, absence as nothing."""
    if given is None:
        return {}
    if isinstance(given, str):
        return [given] * count
    if isinstance(given, list) and len(given) == 1:
        return given * count
    return given


def _is_list_of_text(given: object) -> TypeGuard[list[str]]:
    return isinstance(given, list) and all(isinstance(entry, str) for entry in given)
