import duckdb
import pyarrow as pa
import pytest

from alp_pipeline.observations.ragged_edge import RaggedEdge

COLUMNS = ("geo", "time_period", "cell_state")


def edged(*rows: tuple[str | None, str, str | None]) -> list[tuple[str | None, str, str | None]]:
    texts = [pa.array([row[place] for row in rows], pa.string()) for place in range(len(COLUMNS))]
    with duckdb.connect() as connection:
        connection.register("o", pa.table(texts, names=COLUMNS))
        edge = RaggedEdge.of(connection, "SELECT * FROM o")
    batch = pa.RecordBatch.from_arrays([text.dictionary_encode() for text in texts], names=COLUMNS)
    found = [tuple(row.values()) for row in edge.applied(batch).to_pylist()]
    return sorted(found, key=lambda row: (row[0] or "", row[1]))


def test_a_whole_country_empty_to_the_end_has_not_yet_published() -> None:
    assert edged(
        ("FR1", "2013", "reported"),
        ("FR2", "2013", "not_available"),
        ("FR1", "2014", "not_available"),
        ("FR2", "2014", "not_available"),
        ("FR1", "2015", "not_available"),
        ("AT1", "2015", "reported"),
        ("AT2", "2015", "not_available"),
    ) == [
        ("AT1", "2015", "reported"),
        ("AT2", "2015", "not_available"),  # another region of the country has it
        ("FR1", "2013", "reported"),
        ("FR1", "2014", "not_yet_published"),
        ("FR1", "2015", "not_yet_published"),
        ("FR2", "2013", "not_available"),  # the country delivered that year
        ("FR2", "2014", "not_yet_published"),
    ]


def test_a_country_that_fell_silent_years_ago_is_not_expected_any_more() -> None:
    assert edged(
        ("AT1", "2023", "reported"),
        ("IE1", "2021", "reported"),
        ("IE1", "2022", "not_available"),
        ("UK1", "2020", "reported"),
        ("UK1", "2021", "not_available"),
    ) == [
        ("AT1", "2023", "reported"),
        ("IE1", "2021", "reported"),
        ("IE1", "2022", "not_yet_published"),
        ("UK1", "2020", "reported"),
        ("UK1", "2021", "not_available"),
    ]


def test_a_gap_before_the_edge_stays_a_gap() -> None:
    assert edged(("AT1", "2013", "reported"), ("AT1", "2014", "not_available"), ("AT1", "2015", "reported"))[
        1
    ] == ("AT1", "2014", "not_available")


def test_a_country_that_never_had_anything_has_no_edge() -> None:
    assert edged(("CH1", "2014", "not_available"), ("AT1", "2014", "reported"))[1] == (
        "CH1",
        "2014",
        "not_available",
    )
    assert edged(("CH1", "2014", "not_available")) == [("CH1", "2014", "not_available")]
    assert edged() == []


@pytest.mark.parametrize("state", ["confidential", "not_applicable", "lost_in_concordance", None])
def test_any_other_state_is_a_delivery(state: str | None) -> None:
    assert edged(("DE1", "2013", "reported"), ("DE1", "2014", state), ("DE2", "2014", "not_available"))[
        2
    ] == ("DE2", "2014", "not_available")


def test_years_and_quarters_have_edges_of_their_own() -> None:
    found = edged(
        ("SI0", "2014", "reported"),
        ("SI0", "2015", "not_available"),
        ("SI0", "2014-Q4", "reported"),
        ("SI0", "2015-Q1", "not_available"),
        ("SI0", "2014-12", "not_available"),
        ("SI0", "2015-01", "not_available"),
    )
    assert [row[1:] for row in found] == [
        ("2014", "reported"),
        ("2014-12", "not_available"),  # no month was ever delivered
        ("2014-Q4", "reported"),
        ("2015", "not_yet_published"),
        ("2015-01", "not_available"),
        ("2015-Q1", "not_yet_published"),
    ]


def test_rows_without_a_territory_are_left_alone() -> None:
    assert edged((None, "2014", "reported"), (None, "2015", "not_available"))[1] == (
        None,
        "2015",
        "not_available",
    )


def test_a_batch_that_has_no_word_for_a_missing_cell_stays_as_it_is() -> None:
    edge = RaggedEdge({("AT", "#"): "2013"})
    for states in (["reported"], [None]):
        batch = pa.RecordBatch.from_arrays(
            [pa.array(words, pa.string()).dictionary_encode() for words in (["AT1"], ["2014"], states)],
            COLUMNS,
        )
        assert edge.applied(batch) is batch


def test_a_batch_with_both_words_keeps_each_of_them_once() -> None:
    words = (["AT1", "AT1"], ["2013", "2014"], ["not_yet_published", "not_available"])
    batch = pa.RecordBatch.from_arrays([pa.array(w).dictionary_encode() for w in words], COLUMNS)
    states = RaggedEdge({("AT", "#"): "2013"}).applied(batch).column("cell_state")
    assert states.to_pylist() == ["not_yet_published", "not_yet_published"]
    assert sorted(states.dictionary.to_pylist()) == ["not_available", "not_yet_published"]
