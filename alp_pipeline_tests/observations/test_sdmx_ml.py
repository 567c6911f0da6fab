"""SDMX-ML 2.1 on small messages; real ones in test_declared_real."""

import gzip
import io
import zipfile
from dataclasses import replace

import pytest

from alp_pipeline.observations import sdmx_ml
from alp_pipeline.observations import zipped as zipped_module
from alp_pipeline.observations.errors import (
    DamagedDocument,
    DocumentError,
    EmptyDocument,
    HeaderMismatch,
    MalformedDocument,
    NotADataDocument,
    WrongEncoding,
)
from alp_pipeline.observations.schema import DatasetShape, TableLayout
from alp_pipeline_tests.observations.documents import by_cell, reading_of, rows_of

NAMESPACES = (
    'xmlns:m="http://www.sdmx.org/resources/sdmxml/schemas/v2_1/message" xmlns:g="urn:g" xmlns:s="urn:s" '
    'xmlns:xsi="urn:xsi"'
)
SHAPE = DatasetShape("istat.x", ("freq", "geo", "sex"), dimension_aliases={"REF_AREA": "geo"})
ONE = '<Obs TIME_PERIOD="2022" OBS_VALUE="1"/>'
KEY = 'FREQ="A" REF_AREA="IT" SEX="1"'
SERIES = f"<Series {KEY}>{ONE}</Series>"


def specific(data: str, *, header: str = "", footer: str = "", data_set: str = "") -> str:
    """A structure-specific message."""
    return (
        f'<?xml version="1.0"?><m:StructureSpecificData {NAMESPACES}><m:Header>{header}</m:Header>'
        f'<m:DataSet s:structureRef="S" xsi:type="t" {data_set}>{data}</m:DataSet>{footer}'
        "</m:StructureSpecificData>"
    )


def generic(data: str, *, time: str = "TIME_PERIOD") -> str:
    """A generic message; `A=1` in brackets stands for a value."""
    return (
        f'<m:GenericData {NAMESPACES}><m:Header><m:Structure dimensionAtObservation="{time}"/></m:Header>'
        f'<m:DataSet structureRef="S">{data}</m:DataSet></m:GenericData>'
    )


def values(**fields: str) -> str:
    return "".join(f'<g:Value id="{name}" value="{text}"/>' for name, text in fields.items())


def footer(code: str, text: str = "said") -> str:
    words = f'<c:Text xmlns:c="urn:c">{text}</c:Text>'
    return f'<f:Footer xmlns:f="urn:f"><f:Message code="{code}">{words}</f:Message></f:Footer>'


def read(document: str, dataset: DatasetShape = SHAPE) -> list[dict[str, object]]:
    return rows_of(document, format="sdmx-ml-2.1", dataset=dataset)


def test_series_and_observations_of_a_structure_specific_message() -> None:
    document = specific(
        '<Series SEX="1" REF_AREA="IT" FREQ="A"><Obs OBS_VALUE="708" TIME_PERIOD="2022" OBS_STATUS="e"/>'
        '<Obs TIME_PERIOD="2021"/><Obs TIME_PERIOD="2020" OBS_VALUE="NaN" OBS_FLAG="u"/></Series>'
        '<Series SEX="2" REF_AREA="IT" FREQ="A"><Obs TIME_PERIOD="2022" OBS_VALUE="35" CONF_STATUS="C"/>'
        '<Obs TIME_PERIOD="2021-A1" OBS_VALUE="0" CONF_STATUS="F" OBS_STATUS="A"/></Series>'
    )
    rows, reading = reading_of(document, format="sdmx-ml-2.1", dataset=SHAPE)
    assert by_cell(rows, "value", "cell_state", "obs_status", "conf_status", "published") == {
        ("A.IT.1", "2022"): (708.0, "reported", "e", None, "708 e"),
        ("A.IT.1", "2021"): (None, "not_available", "", None, ""),
        ("A.IT.1", "2020"): (None, "not_available", "u", None, ": u"),
        ("A.IT.2", "2022"): (None, "confidential", "", "C", "# @C"),
        ("A.IT.2", "2021"): (0.0, "reported", "", None, "0 A@F"),
    }
    assert (reading.cells, reading.series_count, reading.periods) == (5, 2, ("2020", "2021", "2022"))
    assert reading.header_dimensions == ("sex", "geo", "freq")


def test_a_generic_message_says_the_same_in_more_words() -> None:
    series = f"<g:Series><g:SeriesKey>{values(FREQ='A', REF_AREA='IT', SEX='1')}</g:SeriesKey>"
    document = generic(
        f"{series}<g:Attributes>{values(TITLE='x', DECIMALS='1', UNIT_MULT='0')}</g:Attributes>"
        '<g:Obs><g:ObsDimension value="2022"/><g:ObsValue value="708"/>'
        f"<g:Attributes>{values(OBS_STATUS='P')}</g:Attributes></g:Obs>"
        '<g:Obs><g:ObsDimension id="TIME_PERIOD" value="2021"/></g:Obs></g:Series>'
    )
    rows = read(document)
    assert by_cell(rows, "value", "cell_state", "obs_status", "published") == {
        ("A.IT.1", "2022"): (708.0, "reported", "p", "708 P"),
        ("A.IT.1", "2021"): (None, "not_available", "", ""),
    }


def test_flat_messages_have_the_whole_key_in_each_observation() -> None:
    expected = {("A.IT.1", "2022"): (1.0,), ("A.FR.1", "2022"): (2.0,)}
    flat = specific(
        '<Obs FREQ="A" REF_AREA="IT" SEX="1" TIME_PERIOD="2022" OBS_VALUE="1"/>'
        '<Obs FREQ="A" REF_AREA="FR" SEX="1" TIME_PERIOD="2022" OBS_VALUE="2"/>'
    )
    assert by_cell(read(flat), "value") == expected
    key = "<g:Obs><g:ObsKey>{}</g:ObsKey><g:ObsValue value='{}'/></g:Obs>"
    fields = {"FREQ": "A", "SEX": "1", "TIME_PERIOD": "2022"}
    flat = generic(
        key.format(values(**fields, REF_AREA="IT"), 1) + key.format(values(**fields, REF_AREA="FR"), 2),
        time="AllDimensions",
    )
    assert by_cell(read(flat), "value") == expected
    across = generic(
        f"<g:Series><g:SeriesKey>{values(**fields)}</g:SeriesKey>"
        '<g:Obs><g:ObsDimension value="IT"/><g:ObsValue value="1"/></g:Obs>'
        '<g:Obs><g:ObsDimension value="FR"/><g:ObsValue value="2"/></g:Obs></g:Series>',
        time="REF_AREA",
    )
    assert by_cell(read(across), "value") == expected


def test_what_a_series_says_of_status_holds_where_the_observation_says_nothing() -> None:
    document = specific(
        f'<Series {KEY} OBS_STATUS="P"><Obs TIME_PERIOD="2021" OBS_VALUE="1"/>'
        '<Obs TIME_PERIOD="2022" OBS_VALUE="2" OBS_STATUS="E"/></Series>'
    )
    assert [row["obs_status"] for row in read(document)] == ["p", "e"]


def test_an_attribute_may_be_a_dimension_and_an_unknown_one_is_refused_by_name() -> None:
    document = specific(f'<Series {KEY} UNIT_MULT="3" BASE_PER="2010">{ONE}</Series>')
    with pytest.raises(HeaderMismatch, match=r"in units of 10\^3 \(UNIT_MULT\)"):
        read(document)
    declared = replace(SHAPE, dimensions=(*SHAPE.dimensions, "unit_mult"))
    with pytest.raises(HeaderMismatch, match="nobody has said what BASE_PER means"):
        read(document, declared)
    ignoring = replace(declared, layout=TableLayout(ignore=("BASE_PER",)))
    assert [row["series_key"] for row in read(document, ignoring)] == ["A.IT.1.3"]
    with pytest.raises(HeaderMismatch, match="among the data"):
        read(specific(f"{SERIES}<Comp/>"))
    with pytest.raises(HeaderMismatch, match="a group of series carries a status"):
        read(specific(f'<Group {KEY} OBS_STATUS="p"/>{SERIES}'))
    assert len(read(specific(f'<Group {KEY} TITLE="x"/>{SERIES}'))) == 1


def test_a_star_ignores_no_value_status_confidentiality_or_multiplier() -> None:
    starred = replace(SHAPE, layout=TableLayout(ignore=("*", "OBS_VALUE", "UNIT_MULT")))
    document = specific(
        f'<Series {KEY} BASE_PER="2010" UNIT_MULT="0"><Obs TIME_PERIOD="2021" OBS_VALUE="1" OBS_STATUS="E"/>'
        '<Obs TIME_PERIOD="2022" obs_value="2" CONF_STATUS="C" NOTE="x"/></Series>'
    )
    assert by_cell(read(document, starred), "value", "cell_state", "obs_status", "published") == {
        ("A.IT.1", "2021"): (1.0, "reported", "e", "1 E"),
        ("A.IT.1", "2022"): (None, "confidential", "", "# @C"),
    }
    with pytest.raises(HeaderMismatch, match=r"in units of 10\^3 \(UNIT_MULT\)"):
        read(document.replace('UNIT_MULT="0"', 'UNIT_MULT="3"'), starred)


def test_dimensions_must_be_those_of_the_catalogue_in_every_series() -> None:
    with pytest.raises(HeaderMismatch, match="it lacks sex"):
        read(specific(f'<Series FREQ="A" REF_AREA="IT">{ONE}</Series>'))
    with pytest.raises(HeaderMismatch, match="it lacks sex"):
        read(specific(f'{SERIES}<Series FREQ="A" REF_AREA="IT">{ONE}</Series>'))
    with pytest.raises(HeaderMismatch, match="what CITIZENSHIP means"):
        read(specific(f'<Series {KEY} CITIZENSHIP="1">{ONE}</Series>'))
    by_default = read(specific(f'<Series REF_AREA="IT" SEX="1">{ONE}</Series>{SERIES}'))
    assert [row["series_key"] for row in by_default] == ["A.IT.1", "A.IT.1"]


def test_codes_are_translated_as_the_layout_says() -> None:
    layout = TableLayout(codes={"geo": {"ITD1": "ITH1"}, "sex": {"1": "M"}}, drop_unmapped=("geo",))
    document = specific(
        f'<Series FREQ="A" REF_AREA="ITD1" SEX="1">{ONE}</Series>{SERIES}'
        f'<Series FREQ="A" REF_AREA="ITD1" SEX="9">{ONE}</Series>'
    )
    rows, reading = reading_of(document, format="sdmx-ml-2.1", dataset=replace(SHAPE, layout=layout))
    assert by_cell(rows, "value", "problem") == {
        ("A.ITH1.M", "2022"): (1.0, None),
        ("A.ITH1.9", "2022"): (None, "the codes of sex do not know '9'"),
    }
    assert (reading.cells, reading.set_aside) == (2, 1)


def test_an_observation_that_is_not_understood_keeps_its_place_in_the_account() -> None:
    document = specific(
        f'<Series {KEY}><Obs TIME_PERIOD="2022" OBS_VALUE="1,5"/><Obs OBS_VALUE="1"/>'
        '<Obs TIME_PERIOD="2021" OBS_VALUE="1" OBS_STATUS="Y"/></Series>'
        f'<Series FREQ="A" REF_AREA="" SEX="1">{ONE}</Series>'
    )
    rows, reading = reading_of(document, format="sdmx-ml-2.1", dataset=SHAPE)
    assert reading.cells == 4
    assert [row["problem"] for row in rows] == [
        "not a number, ':' or a known form of flags",
        "TIME_PERIOD is not a time period",
        "unknown flag letter 'Y'",
        "no code for the dimension geo",
    ]


def test_a_footer_that_says_the_data_are_not_all_there_refuses_the_document() -> None:
    with pytest.raises(NotADataDocument, match="footer says 413: come later"):
        read(specific(SERIES, footer=footer("413", "come\n later.")))
    with pytest.raises(NotADataDocument, match="footer says 100: No results"):
        read(specific("", footer=footer("100", "No results")))
    with pytest.raises(NotADataDocument, match="footer says 413"):
        read(f"<m:GenericData {NAMESPACES}><m:Header/>{footer('413')}</m:GenericData>")
    assert len(read(specific(SERIES, footer=footer("110", "a remark")))) == 1


@pytest.mark.parametrize(
    ("document", "error", "said"),
    [
        (f"<m:GenericData {NAMESPACES}><m:Header/></m:GenericData>", NotADataDocument, "no data set"),
        ("<html><title>Down</title></html>", NotADataDocument, r"a web page \('Down'\)"),
        ('{"error": {"status": 1, "label": "x"}}', NotADataDocument, "error message of the API"),
        (specific(SERIES).replace("v2_1", "v3_0"), NotADataDocument, "another version than SDMX-ML 2.1"),
        (specific(SERIES, data_set='action="Delete"'), NotADataDocument, "which observations are deleted"),
        (specific(SERIES)[:-30], MalformedDocument, "not well-formed XML"),
        ("", EmptyDocument, "empty"),
        (specific(SERIES).replace("IT", "\0"), WrongEncoding, "NUL"),
    ],
)
def test_a_message_without_data_is_named(document: str, error: type[DocumentError], said: str) -> None:
    with pytest.raises(error, match=said):
        read(document)


def test_a_document_type_declaration_is_refused_before_anything_is_expanded() -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'
    document = specific(SERIES).replace('<?xml version="1.0"?>', f'<?xml version="1.0"?>{bomb}')
    with pytest.raises(MalformedDocument, match="document type declaration"):
        read(document)


def test_a_tag_without_end_is_refused_before_it_fills_the_memory() -> None:
    with pytest.raises(MalformedDocument, match="a tag has no end within 16 MiB"):
        read(specific(f'<Series {KEY} TITLE="{"x" * (18 << 20)}">{ONE}</Series>'))


def zipped(*documents: str, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", method) as archive:
        for number, document in enumerate(documents):
            archive.writestr(f"DataResponse-{number}.xml", document)
    return content.getvalue()


def read_zipped(content: bytes) -> list[dict[str, object]]:
    return rows_of(content, format="sdmx-ml-2.1", dataset=SHAPE)


def test_a_message_may_come_as_the_only_file_of_a_zip() -> None:
    assert read_zipped(zipped(specific(SERIES))) == read(specific(SERIES))
    with pytest.raises(NotADataDocument, match=r"footer says 413"):
        read_zipped(zipped(specific(SERIES, footer=footer("413", "later"))))


def patched(content: bytes, at: int, new: bytes) -> bytes:
    return content[:at] + new + content[at + len(new) :]


ZIPPED = zipped(specific(SERIES))
STORED = zipped(specific(SERIES), method=zipfile.ZIP_STORED)
CENTRAL = ZIPPED.index(b"PK\x01\x02")


@pytest.mark.parametrize(
    ("content", "error", "said"),
    [
        (zipped(), MalformedDocument, "0 files in the place of one"),
        (zipped(specific(SERIES), specific(SERIES)), MalformedDocument, "2 files .* in the place of one"),
        (ZIPPED[:-40], DamagedDocument, "damaged or ends early"),
        (patched(ZIPPED, 80, b"\xff" * 8), DamagedDocument, "file DataResponse-0.xml: the bytes"),
        (patched(STORED, STORED.index(b"2022"), b"2021"), DamagedDocument, "file DataResponse-0.xml: .*CRC"),
        (patched(ZIPPED, CENTRAL + 8, b"\x01"), MalformedDocument, "DataResponse-0.xml is encrypted"),
        (patched(ZIPPED, CENTRAL + 10, b"\x09"), MalformedDocument, "in a way that is not read"),
        (patched(ZIPPED, CENTRAL + 24, b"\x10\0\0\0"), DamagedDocument, "0.xml: .*CRC"),
    ],
    ids=["no file", "two", "cut", "damaged bytes", "another checksum", "encrypted", "method", "false size"],
)
def test_a_zip_that_is_not_one_whole_message_is_refused_by_name(
    content: bytes, error: type[DocumentError], said: str
) -> None:
    with pytest.raises(error, match=said):
        read_zipped(content)


def test_a_zipped_message_is_not_unpacked_beyond_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zipped_module, "MOST_UNPACKED_BYTES", 100)
    with pytest.raises(MalformedDocument, match="which is too much"):
        read_zipped(ZIPPED)


def test_long_messages_come_in_batches_and_close_their_account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sdmx_ml, "_ROWS_AT_A_TIME", 100)
    monkeypatch.setattr(sdmx_ml, "_BLOCK", 4096)
    observations = "".join(f'<Obs TIME_PERIOD="{year}" OBS_VALUE="{year}"/>' for year in range(1000, 1900))
    document = specific(
        f"<Series {KEY}>{observations}</Series><Series {KEY.replace('IT', 'FR')}>{observations}</Series>"
    )
    rows, reading = reading_of(gzip.compress(document.encode()), format="sdmx-ml-2.1", dataset=SHAPE)
    assert (reading.cells, reading.series_count, reading.period_count) == (1800, 2, 900)
    assert all(row["value"] == float(row["time_period"]) for row in rows)
    assert [row["geo"] for row in rows] == ["IT"] * 900 + ["FR"] * 900
