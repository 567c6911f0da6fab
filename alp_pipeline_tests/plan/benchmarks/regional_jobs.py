"""Jobs of four Tyrolean neighbours by division in several years, with sections and countries that add up."""

from alp_pipeline.catalog.loader import load_catalog
from alp_pipeline_tests.plan.benchmark_inputs import activity, employment, region

DIVISIONS = ("C10", "C11", "C28", "I55", "I56")
PERSONS = {
    "AT31": {"C10": 30, "C11": 20, "C28": 90, "I55": 40, "I56": 20},
    "AT32": {"C10": 10, "C11": 10, "C28": 20, "I55": 40, "I56": 20},
    "AT33": {"C10": 10, "C11": 30, "C28": 20, "I55": 100, "I56": 40},
    "AT34": {"C10": 20, "C11": 40, "C28": 70, "I55": 20, "I56": 10},
}
"""The first year."""
CATALOG = load_catalog()
AUSTRIA = CATALOG.model_copy(
    update={
        "perimeters": {
            **CATALOG.perimeters,
            **{
                name: CATALOG.perimeters[name].model_copy(update={"members": [("AT", 0)]})
                for name in ("eu28", "eu27_2020")
            },
        }
    }
)
"""The catalogue with reference territories of Austria alone."""


def jobs(persons_by_year: dict[int, dict[str, dict[str, int]]]) -> list[dict]:
    """Cells of divisions and sections, of regions and of Austria."""
    rows = []
    for year, persons in persons_by_year.items():
        country = {name: sum(cells[name] for cells in persons.values()) for name in DIVISIONS}
        for code, cells in {**persons, "AT": country}.items():
            rows += [employment(code, name, year, value) for name, value in cells.items()]
            rows += [
                employment(code, section, year, sum(x for name, x in cells.items() if name[0] == section))
                for section in ("C", "I")
            ]
    return rows


def changed(rows: list[dict], code: str, names: tuple[str, ...], year: int, **fields) -> list[dict]:
    """The same rows with other fields in some cells."""
    return [
        row | fields
        if (row["region_code"], row["year"]) == (code, year) and row["activity_code"] in names
        else row
        for row in rows
    ]


def hidden(rows: list[dict], code: str, names: tuple[str, ...], year: int) -> list[dict]:
    """The same rows with some cells confidential."""
    return changed(rows, code, names, year, employment_persons=None, employment_state="confidential")


def tables(cells: list[dict]) -> dict[str, list[dict]]:
    """The input tables."""
    return {
        "fct_regional_activity": cells,
        "dim_region": [*(region(code) for code in PERSONS), region("AT", 0)],
        "dim_activity": [activity(code) for code in (*DIVISIONS, "C", "I")],
    }
