"""Structure messages: codes and order as they stand there, and nothing from another message."""

import gzip
import io
from pathlib import Path

import pytest

from alp_pipeline.observations.errors import (
    DamagedDocument,
    EmptyDocument,
    MalformedDocument,
    NotADataDocument,
)
from alp_pipeline.observations.structure import codes_of, read_structure

DATASTRUCTURE = b"""<?xml version="1.0"?>
<m:Structure xmlns:m="m" xmlns:s="s" xmlns:c="c"><m:Structures>
<s:Dataflows><s:Dataflow id="X"><c:Annotations>
  <c:Annotation><c:AnnotationTitle>1234</c:AnnotationTitle><c:AnnotationType>OBS_COUNT</c:AnnotationType></c:Annotation>
  <c:Annotation><c:AnnotationTitle>2024</c:AnnotationTitle>
    <c:AnnotationType>OBS_PERIOD_OVERALL_LATEST</c:AnnotationType></c:Annotation></c:Annotations>
  <c:Name xml:lang="de">Tabelle</c:Name><c:Name xml:lang="en">Table</c:Name></s:Dataflow></s:Dataflows>
<s:Codelists>
  <s:Codelist id="GEO" version="13.0"><s:Code id="OLD"/></s:Codelist>
  <s:Codelist id="GEO" version="13.1"><s:Code id="IT"/><s:Code id="AT"/></s:Codelist>
  <s:Codelist id="UNIT" version="1.0"><s:Code id="NR"/></s:Codelist></s:Codelists>
<s:DataStructures><s:DataStructure id="X"><s:DataStructureComponents><s:DimensionList>
  <s:Dimension id="geo" position="2"><s:LocalRepresentation><s:Enumeration><Ref id="GEO" version="13.1"/>
    </s:Enumeration></s:LocalRepresentation></s:Dimension>
  <s:Dimension id="unit" position="1"><s:LocalRepresentation><s:Enumeration><Ref id="UNIT" version="9.9"/>
    </s:Enumeration></s:LocalRepresentation></s:Dimension>
  <s:TimeDimension id="TIME_PERIOD" position="3"/></s:DimensionList></s:DataStructureComponents>
</s:DataStructure></s:DataStructures></m:Structures></m:Structure>"""

CONSTRAINT = b"""<Structure><ContentConstraint>
<CubeRegion include="true"><KeyValue id="geo"><Value>AT</Value><Value>AT</Value></KeyValue>
  <KeyValue id="TIME_PERIOD"><Value>2021</Value><Value>2020-Q1</Value></KeyValue></CubeRegion>
<CubeRegion include="false"><KeyValue id="geo"><Value>NO</Value></KeyValue></CubeRegion>
</ContentConstraint></Structure>"""


def test_dimensions_stand_in_the_order_of_their_positions_without_time() -> None:
    assert read_structure(io.BytesIO(DATASTRUCTURE)).dimensions == ("unit", "geo")


def test_a_code_list_of_another_version_is_not_taken_for_the_one_referred_to() -> None:
    found = read_structure(io.BytesIO(DATASTRUCTURE))
    assert found.codes == {"geo": ("IT", "AT")}
    assert found.codelists == {"GEO": {"OLD", "IT", "AT"}, "UNIT": {"NR"}}


def test_title_count_and_latest_period_are_those_of_the_dataflow() -> None:
    found = read_structure(io.BytesIO(DATASTRUCTURE))
    assert (found.title, found.observations, found.latest_period) == ("Table", 1234, "2024")


def test_a_constraint_gives_what_is_there_and_not_what_it_excludes() -> None:
    found = read_structure(io.BytesIO(CONSTRAINT))
    assert found.present == {"geo": ("AT",)}
    assert found.dimensions == ("geo",)
    assert (found.periods, found.latest_period) == (("2020-Q1", "2021"), "2021")


def test_a_code_list_decides_over_a_constraint_in_the_same_message() -> None:
    both = DATASTRUCTURE.replace(
        b"</m:Structures>", CONSTRAINT.replace(b"Structure>", b"Part>") + b"</m:Structures>"
    )
    assert codes_of(io.BytesIO(both)) == {"geo": {"IT", "AT"}}


def test_a_reference_in_the_manner_of_sdmx_3_is_followed() -> None:
    text = b"urn:sdmx:org.sdmx.infomodel.codelist.Codelist=ESTAT:GEO(13.0)"
    message = DATASTRUCTURE.replace(b'<Ref id="GEO" version="13.1"/>', text)
    assert read_structure(io.BytesIO(message)).codes == {"geo": ("OLD",)}


def test_compressed_messages_read_the_same(tmp_path: Path) -> None:
    path = tmp_path / "structure.xml"
    path.write_bytes(gzip.compress(CONSTRAINT))
    assert codes_of(path) == {"geo": {"AT"}}


@pytest.mark.parametrize(
    ("message", "error"),
    [
        (b"", EmptyDocument),
        (b"  \n", EmptyDocument),
        (b"<html><body>Maintenance</body></html>", NotADataDocument),
        (b'<S:Fault xmlns:S="s"><faultcode>100</faultcode></S:Fault>', NotADataDocument),
        (CONSTRAINT[:-20], MalformedDocument),
        (gzip.compress(CONSTRAINT)[:-12], DamagedDocument),
        (b"{}", MalformedDocument),
    ],
)
def test_what_is_no_structure_message_is_refused_by_name(message: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        read_structure(io.BytesIO(message), where="x")


def test_no_entity_is_ever_expanded() -> None:
    bomb = b'<!DOCTYPE s [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><Structure>&b;</Structure>'
    with pytest.raises(MalformedDocument, match="document type declaration"):
        read_structure(io.BytesIO(bomb), where="x")


def test_no_file_is_read_through_an_external_entity(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s3cret")
    message = f'<!DOCTYPE s SYSTEM "file://{secret}"><Structure/>'.encode()
    with pytest.raises(MalformedDocument):
        read_structure(io.BytesIO(message), where="x")


def test_the_real_constraint_of_demo_r_d2jan_holds_521_regions_until_2025(realdata: Path) -> None:
    found = read_structure(realdata / "eurostat/sdmx/demo_r_d2jan_constraint.xml")
    assert found.dimensions == ("freq", "unit", "sex", "age", "geo")
    assert {name: len(codes) for name, codes in found.present.items()} == {
        "freq": 1, "unit": 1, "sex": 3, "age": 103, "geo": 521
    }  # fmt: skip
    assert (found.periods[0], found.latest_period, len(found.periods)) == ("1990", "2025", 36)


def test_the_real_structures_name_their_dimensions_in_order(realdata: Path) -> None:
    folder = realdata / "eurostat/sdmx"
    found = read_structure(folder / "demo_r_d2jan_datastructure.xml")
    assert (found.dimensions, found.codes) == (("freq", "unit", "sex", "age", "geo"), {})
    old = read_structure(folder / "apro_mk_cola_structure.xml")
    assert {name: len(old.codes[name]) for name in old.dimensions} == {
        "FREQ": 6, "PRODMILK": 12, "UNIT": 1, "GEO": 41
    }  # fmt: skip
    flow = read_structure(folder / "gov_10q_ggnfa_structure.xml")
    assert flow.title == "Quarterly non-financial accounts for general government"
    assert (flow.latest_period, flow.observations) == ("2022-Q3", 1331280)
    assert read_structure(folder / "cl_freq.xml").codelists == {"FREQ": {"P"}}
