"""What every page of the reports shares: the templates, style, print margins, the sources table.

Belongs here: parts that are the same whatever a page is about. Does not: the content of one kind of page
(page, index), geometry (charts, plots).

A page is whole by itself: style inlined, system fonts, pictures as SVG, no script, nothing fetched.
"""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from alp_pipeline.reports.model import Document, Source
from alp_pipeline.reports.wording import Wording

if TYPE_CHECKING:
    from jinja2 import Template

_TEMPLATES = Path(__file__).parent / "templates"
HASH_DIGITS = 12


@cache
def template(name: str) -> "Template":
    """A page's template; a name that it is not given is an error, never a blank."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template(name)


def style() -> Markup:
    """The style of every page."""
    # The project's own file.
    return Markup((_TEMPLATES / "report.css").read_text(encoding="utf-8"))  # noqa: S704


def page_style(footer: str, words: Wording, *, is_synthetic: bool) -> Markup:
    """What stands in the margin of every printed page, where the printer's browser knows margins."""
    quiet = "font: 7.5pt system-ui, sans-serif; color: #4d5b66;"
    band = "font: 700 8.5pt system-ui, sans-serif; color: #7a1f0b;"
    top = f"@top-center {{ content: {css_string(words('synthetic_band'))}; {band} }}" if is_synthetic else ""
    # Every character of the words is escaped.
    return Markup(  # noqa: S704
        f"@page {{ {top} @bottom-left {{ content: {css_string(footer)}; {quiet} }} "
        f"@bottom-right {{ content: counter(page) ' / ' counter(pages); {quiet} }} }}"
    )


def css_string(words: str) -> str:
    """Words as a CSS string that can neither end the string nor the style element.

    >>> print(css_string('a"</style>'))
    "a\\22 \\3c \\2f style\\3e "
    """
    return '"' + "".join(c if c.isalnum() or c in " .,-" else f"\\{ord(c):x} " for c in words) + '"'


def vintage(documents: Sequence[Document], words: Wording) -> str:
    """When the documents were published, in words."""
    if not documents:
        return words("head.vintage_none")
    days = sorted({words.day(d.published_at) for d in documents if d.published_at})
    unknown = sum(d.published_at is None for d in documents)
    said = []
    if days:
        key = "head.vintage_single" if len(days) == 1 else "head.vintage_range"
        said.append(words(key, first=days[0], last=days[-1]))
    if unknown:
        said.append(words("head.vintage_unknown", n=unknown, total=len(documents)))
    return "; ".join(said)


def source_rows(sources: Sequence[Source], words: Wording) -> list[dict[str, Any]]:
    """The sources table, numbered as the anchors are."""
    return [_source(source, number, words) for number, source in enumerate(sources, start=1)]


def _source(source: Source, number: int, words: Wording) -> dict[str, Any]:
    meaning = [words("sources.statistical_unit", unit=words.word(source.statistical_unit))]
    if source.classification_version:
        meaning.append(words("sources.classification", version=source.classification_version))
    if source.nuts_version_rule:
        meaning.append(words("sources.nuts", rule=words.word(source.nuts_version_rule)))
    if source.discontinued:
        meaning.append(words("sources.discontinued", period=source.discontinued))
        if source.successor_id:
            meaning.append(words("sources.successor", dataset=source.successor_id))
    return {
        "number": number,
        "source": source,
        "meaning": meaning,
        "doi": words("sources.doi", doi=source.doi) if source.doi else "",
        "licences": _licences(source),
        "documents": [_document(document, words) for document in source.documents],
    }


def _licences(source: Source) -> list[str]:
    """The terms stated for the dataset and with its documents; a shorter wording of the same goes."""
    stated = sorted({source.licence, *(document.licence for document in source.documents)})
    return [terms for terms in stated if not any(o != terms and o.startswith(terms) for o in stated)]


def _document(document: Document, words: Wording) -> dict[str, str]:
    published, seen = document.published_at, document.seen_at
    return {
        "published": words(
            "sources.published", time=words.moment(published), origin=document.published_at_origin
        )
        if published
        else words("sources.published_unknown"),
        "seen": words("sources.seen", time=words.moment(seen), origin=document.seen_at_origin)
        if seen
        else words("sources.seen_unknown"),
        "format": document.document_format,
        "id": words(
            "sources.document",
            id=document.document_id[:HASH_DIGITS],
            hash=document.content_sha256[:HASH_DIGITS],
        ),
    }
