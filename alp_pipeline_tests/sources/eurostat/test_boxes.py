"""Dividing a part of a table: together the parts are the whole, and none overlaps another."""

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from alp_pipeline.sources.eurostat.boxes import Box, Claim, widened

Cell = tuple[str, ...]


def cells(claim: Claim, space: dict[str, tuple[str, ...]]) -> list[Cell]:
    return list(product(*(sorted(claim.get(name, frozenset(codes))) for name, codes in space.items())))


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    sizes = draw(st.lists(st.integers(1, 5), min_size=1, max_size=4))
    codes = {
        f"d{at}": tuple(f"{at}{chr(65 + code)}" for code in range(size)) for at, size in enumerate(sizes)
    }
    return Box(codes, frozenset(draw(st.sets(st.sampled_from(list(codes))))), periods=draw(st.integers(0, 3)))


def divided(box: Box, most_cells: int, longest_key: int, empty: set[Cell]) -> list[Claim]:
    """What `Slices` does with a service that finds nothing where all cells are empty."""
    pieces = box.pieces(most_cells=most_cells, longest_key=longest_key)
    along = box.widest()
    if pieces == 1 or along is None:
        return [] if set(product(*box.codes.values())) <= empty else [box.claim]
    found: list[Claim] = []
    owner, lost = None, []
    for one in box.divided(along, pieces):
        here = divided(one, most_cells, longest_key, empty)
        found += here
        owner = owner or (one if here else None)
        lost += [] if here else list(one.codes[along])
    return widened(found, along, owner.codes[along], lost) if owner else []


@given(boxes(), st.integers(1, 20), st.integers(3, 30), st.data())
def test_the_answers_claim_every_cell_exactly_once_whatever_is_empty(
    box: Box, most_cells: int, longest_key: int, data: st.DataObject
) -> None:
    space = dict(box.codes)
    everything = list(product(*space.values()))
    empty = data.draw(st.sets(st.sampled_from(everything)))
    claims = divided(box, most_cells, longest_key, empty)
    claimed = [cell for claim in claims for cell in cells(claim, space)]  # type: ignore[arg-type]
    if set(everything) <= empty:
        assert claims == []
    else:
        assert sorted(claimed) == sorted(everything)


@given(boxes(), st.integers(1, 20))
def test_no_request_costs_more_than_the_limit_while_it_can_be_divided(box: Box, most_cells: int) -> None:
    def leaves(one: Box) -> list[Box]:
        pieces, along = one.pieces(most_cells=most_cells, longest_key=1000), one.widest()
        if pieces == 1 or along is None:
            return [one]
        return [leaf for part in one.divided(along, pieces) for leaf in leaves(part)]

    assert all(leaf.cells <= most_cells or leaf.widest() is None for leaf in leaves(box))


def test_a_key_names_only_what_is_limited() -> None:
    box = Box({"freq": ("A",), "unit": ("NR", "PC"), "geo": ("AT",)}, frozenset({"unit"}), 1)
    assert box.key == ".NR+PC."
    assert box.claim == {"unit": {"NR", "PC"}}


def test_the_dimension_asked_for_is_divided_first_then_filtered_ones() -> None:
    box = Box({"freq": ("A",), "unit": ("NR", "PC"), "geo": ("AT", "IT", "SI")}, frozenset({"unit"}), 1)
    assert box.widest() == "unit"
    assert box.widest("geo") == "geo"
    assert box.widest("freq") == "unit"
    assert Box({"freq": ("A",)}, frozenset(), 1).widest() is None


def test_a_long_key_is_divided_though_it_costs_little() -> None:
    box = Box({"geo": tuple(f"R{n:04}" for n in range(100))}, frozenset({"geo"}), 1)
    assert box.pieces(most_cells=500_000, longest_key=200) == 3
    assert [len(part.codes["geo"]) for part in box.divided("geo", 3)] == [33, 33, 34]
