"""How a region's employment changed beside a reference, and how it stands up to downturns.

Belongs here: finished tables of shift-share and resilience. Does not: SQL (read_change), layout (template).
"""

from typing import Any

from markupsafe import Markup

from alp_pipeline.reports.benchmarks.model import Measure, Resilience, Shift, ShiftShare
from alp_pipeline.reports.markup import Marker
from alp_pipeline.reports.model import RegionReport
from alp_pipeline.reports.wording import Wording


def shift_share(
    report: RegionReport, found: ShiftShare | None, words: Wording, mark: Marker
) -> dict[str, Any] | None:
    """The change by section; None where the release says nothing or nothing is known of the region."""
    key = "benchmarks.shift_share"
    if found is None:
        return None
    known = [shift for shift in found.shifts if shift.change.is_reported]
    about = {"region": report.region.label, "first": found.first_year, "last": found.last_year}
    total = next((shift for shift in found.shifts if shift.activity is None), None)
    said = []
    if total is not None and total.change.value is not None:
        said.append(
            words(
                f"{key}.total",
                change=_signed(words, total.change.value),
                national=_signed(words, total.national_share.value or 0.0),
                mix=_signed(words, total.industry_mix.value or 0.0),
                shift=_signed(words, total.regional_shift.value or 0.0),
                reference=found.reference_label,
                **about,
            )
        )
    elif known:
        said.append(words(f"{key}.no_total", reason=_reason(total, words), **about))
    return {
        "title": words(f"{key}.caption", **about),
        "source": mark.document_anchors(found.document_ids),
        "said": said,
        "rows": [_shift(shift, words, mark) for shift in found.shifts] if known else [],
        "empty": words(f"{key}.empty", reason=_reason(total, words), **about),
        "limits": words(
            f"{key}.limits",
            reference=found.reference_label,
            covered=words.percent(found.covered_pct),
            **about,
        ),
    }


def _reason(shift: Shift | None, words: Wording) -> str:
    notes = words.entry("benchmarks.shift_share.notes")
    note = shift.note if shift else "no_row"
    return str(notes.get(note, note.replace("_", " ")))


def _signed(words: Wording, value: float) -> str:
    return words.number(value, signed=True)


def _shift(shift: Shift, words: Wording, mark: Marker) -> dict[str, Any]:
    cells = (shift.change, shift.national_share, shift.industry_mix, shift.regional_shift)
    return {
        "code": shift.activity.code if shift.activity else "TOTAL",
        "label": shift.activity.label if shift.activity else words("benchmarks.shift_share.sum"),
        "is_total": shift.activity is None,
        "cells": [mark.figure(cell, lambda value: _signed(words, value)) for cell in cells],
    }


def resilience(found: Resilience | None, words: Wording, mark: Marker) -> dict[str, Any] | None:
    """Downturns, then what is measured once; None where nothing at all is known."""
    if found is None or all(each.value.state == "not_available" for each in found.measures):
        return None
    by_key = {(each.measure_id, each.basis_id, each.event_id): each for each in found.measures}
    falls = [each for each in found.measures if each.measure_id == "fall"]
    return {
        "source": mark.document_anchors(found.document_ids),
        "downturns": [
            _downturn(each, by_key, words, mark)
            for each in sorted(falls, key=lambda each: (each.event_id, each.basis_id))
        ],
        "single": [
            _single(each, words, mark)
            for name in ("effective_branches", "volatility_growth", "exposure")
            for each in found.measures
            if each.measure_id == name
        ],
    }


def _downturn(
    fall: Measure, by_key: dict[tuple[str, str, str], Measure], words: Wording, mark: Marker
) -> dict[str, Any]:
    recovery = by_key.get(("recovery", fall.basis_id, fall.event_id))
    resistance = by_key.get(("resistance", fall.basis_id, fall.event_id))
    return {
        "event": _name("events", fall.event_id, words),
        "basis": _name("bases", fall.basis_id, words),
        "key": f"{fall.event_id}/{fall.basis_id}",
        "fall": mark.figure(fall.value, words.percent),
        "span": f"{fall.first_year}–{fall.last_year}" if fall.first_year and fall.last_year else "",
        "recovery": _years(recovery, words, mark) if recovery else "",
        "resistance": mark.figure(resistance.value, lambda value: words.number(value, 2, signed=True))
        if resistance
        else "",
        "reference": resistance.reference_area if resistance else "",
    }


def _years(recovery: Measure, words: Wording, mark: Marker) -> Markup | str:
    if recovery.at_least.value is None:
        return mark.figure(recovery.value, lambda value: words.number(value))
    before, after = words.entry("benchmarks.resilience.censored").split("{years}")
    shown = mark.figure(recovery.at_least, lambda value: words.number(value))
    return Markup("{}{}{}").format(before, shown, after)


def _single(each: Measure, words: Wording, mark: Marker) -> dict[str, Any]:
    key = "benchmarks.resilience"
    event = _name("events", each.event_id, words) if each.event_id else ""
    span = sorted({year for year in (each.first_year, each.last_year) if year})
    return {
        "key": f"{each.measure_id}/{each.basis_id}/{each.event_id}",
        "label": words(f"{key}.measures.{each.measure_id}", event=event),
        "about": " · ".join(
            part for part in (_name("bases", each.basis_id, words), "–".join(map(str, span))) if part
        ),
        "value": mark.figure(
            each.value, words.percent if each.unit == "%" else lambda value: words.number(value, 1)
        ),
    }


def _name(group: str, code: str, words: Wording) -> str:
    return str(words.entry(f"benchmarks.resilience.{group}").get(code, code.replace("_", " ")))
