"""A document's codes are held against the structure that was in force when we had it."""

import pyarrow.parquet as pq

from alp_pipeline.archive.retrieval import Retrieval
from alp_pipeline.build.outcome import RuleOutcome
from alp_pipeline.build.stage import Plan
from alp_pipeline.plan.dimensions import asset_of, dimension_stages
from alp_pipeline.plan.intake import intake_of
from alp_pipeline_tests.plan.one_dataset import DATASET, Folder

DIM_DOCUMENT = asset_of("dim_document")
LIST = '<Codelist id="CL_{name}" version="1">{codes}</Codelist>'
DIMENSION = (
    '<Dimension id="{name}" position="{n}"><LocalRepresentation><Enumeration>'
    '<Ref id="CL_{name}" version="1"/></Enumeration></LocalRepresentation></Dimension>'
)


def structure(**known: list[str]) -> bytes:
    """An SDMX structure message with the codes of each dimension."""
    lists = [
        LIST.format(name=name, codes="".join(f'<Code id="{code}"/>' for code in codes))
        for name, codes in known.items()
    ]
    dimensions = [DIMENSION.format(name=name, n=n) for n, name in enumerate(known, start=1)]
    listed = f"<DimensionList>{''.join(dimensions)}</DimensionList>"
    return f"<Structure><Codelists>{''.join(lists)}</Codelists>{listed}</Structure>".encode()


TABLE = (
    b"sex,age,unit,geo\\time\t2016 \t2015 \nT,Y25-64,PC,ITC4\t8.0 \t7.1 \nT,Y25-64,PC,AT33\t14.0 \t14.2 \n"
)
KNOWN = {"sex": ["T"], "age": ["Y25-64"], "unit": ["PC"], "geo": ["ITC4", "AT33"]}


def add_structure(folder: Folder, day: int, kind: str = "structure", **changed: list[str]) -> Retrieval:
    """A structure that names the dataset's dimensions, `changed` ones with other codes."""
    known = {name: KNOWN.get(name, ["A"]) for name in folder.catalog.datasets[DATASET].dimensions}
    published = {"published_at": None, "published_at_origin": "unknown"} if day > 6 else {}
    return folder.add(
        structure(**(known | changed)),
        day=day,
        dataset_code=f"trng_lfse_04${kind}",
        format=f"sdmx-{kind}-2.1",
        **published,
    )


def codes_rule(folder: Folder, document: Retrieval, kind: str = "structure") -> RuleOutcome | None:
    return folder.outcomes().get((document.retrieval_id, f"codes_in_{kind}"))


def test_without_a_structure_the_rule_is_not_declared(folder: Folder) -> None:
    document = folder.add(TABLE)
    assert codes_rule(folder, document) is None
    assert folder.standings() == ["in use"]


def test_a_code_outside_the_structure_that_was_valid_keeps_the_document_out(folder: Folder) -> None:
    add_structure(folder, 1, geo=["ITC4"])
    document = folder.add(TABLE, day=2)
    add_structure(folder, 3)  # published later, so it was not in force
    outcome = codes_rule(folder, document)
    assert outcome is not None
    assert (outcome.outcome, outcome.severity, outcome.failed) == ("failed", "critical", 1)
    assert "geo: AT33" in outcome.detail
    assert folder.standings() == ["kept out by the intake gate"]
    folder.decide("waive", document, "codes_in_structure", why="the code list is late")
    assert folder.standings() == ["in use"]


def test_the_newest_structure_of_the_documents_time_decides(folder: Folder) -> None:
    add_structure(folder, 1, geo=["ITC4"])
    add_structure(folder, 2)
    document = folder.add(TABLE, day=3)
    add_structure(folder, 4, geo=["ITC4"])
    outcome = codes_rule(folder, document)
    assert outcome is not None
    assert outcome.outcome == "passed"


def test_a_structure_first_seen_after_the_document_may_have_been_in_force(folder: Folder) -> None:
    add_structure(folder, 1, geo=["ITC4"])
    document = folder.add(TABLE, day=7)
    assert folder.standings() == ["kept out by the intake gate"]
    add_structure(folder, 8)  # no publisher's time: it changed between two looks
    outcome = codes_rule(folder, document)
    assert outcome is not None
    assert outcome.outcome == "passed"
    assert folder.standings() == ["in use"]


def test_a_document_older_than_every_structure_is_only_warned_of(folder: Folder) -> None:
    document = folder.add(TABLE, day=1)
    add_structure(folder, 5, geo=["ITC4"])
    outcome = codes_rule(folder, document)
    assert outcome is not None
    assert (outcome.outcome, outcome.severity) == ("failed", "warning")
    assert folder.standings() == ["in use"]


def test_a_code_that_the_constraint_did_not_list_is_a_warning(folder: Folder) -> None:
    add_structure(folder, 1)
    add_structure(folder, 1, "constraint", geo=["ITC4"])
    document = folder.add(TABLE, day=2)
    outcome = codes_rule(folder, document, "constraint")
    assert outcome is not None
    assert (outcome.outcome, outcome.severity) == ("failed", "warning")
    assert folder.standings() == ["in use"]


def test_a_structure_that_cannot_be_read_is_told_and_keeps_nothing_out(folder: Folder) -> None:
    folder.add(b"<html/>", day=1, dataset_code="trng_lfse_04$structure", format="sdmx-structure-2.1")
    document = folder.add(TABLE, day=2)
    outcome = codes_rule(folder, document)
    assert outcome is not None
    assert (outcome.outcome, outcome.severity) == ("not_evaluated", "warning")
    assert folder.standings() == ["in use"]


def test_dim_document_lists_a_structure_under_its_dataset_and_says_how_to_cite(folder: Folder) -> None:
    kept = add_structure(folder, 1)
    cited = folder.add(TABLE, day=2, citation="Eurostat (trng_lfse_04)")
    intake = intake_of(folder.archive, folder.catalog.datasets[DATASET])
    documents = [(d, intake.readers.get(d.retrieval_id)) for d in folder.archive.retrievals()]
    stages = [*intake.stages, *dimension_stages(folder.catalog, folder.archive, documents)]
    plan = Plan([stage for stage in stages if stage.name in {s.name for s in intake.stages} | {DIM_DOCUMENT}])
    for name in plan.stages:
        folder.store.run(plan, name)
    table = pq.read_table(folder.store.file("dim_document", plan.fingerprints[DIM_DOCUMENT]))
    rows = {row["document_id"]: row for row in table.to_pylist()}
    assert len(rows) == 2
    assert rows[kept.retrieval_id]["dataset_id"] == DATASET
    assert rows[kept.retrieval_id]["standing"] == "metadata of its dataset"
    assert rows[kept.retrieval_id]["citation"] is None
    assert rows[cited.retrieval_id]["citation"] == "Eurostat (trng_lfse_04)"
