"""Complexity of real regions: Eurostat's business statistics of 2014, all NUTS 2 regions, the Alps reported.

The parse here is deliberately a second one, independent of the project's readers.
"""

# ruff: noqa: N806 (M is the literature's name)

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from alp_pipeline.benchmark.complexity.density import diversification_opportunities, relatedness_density
from alp_pipeline.benchmark.complexity.eci import complexity
from alp_pipeline.benchmark.complexity.fitness import fitness_complexity
from alp_pipeline.benchmark.complexity.presence import Presence, presence, without_unknown
from alp_pipeline.benchmark.complexity.reflections import reflections_agreement
from alp_pipeline.benchmark.complexity.relatedness import relatedness
from alp_pipeline.benchmark.location_quotient import location_quotient
from alp_pipeline_tests.benchmark.complexity.matrices import ecomplexity_of

EUSALP = ["AT13", "AT31", "AT33", "AT34", "DE11", "DE21", "ITC4", "ITH1", "SI03", "SI04"]


@pytest.fixture(scope="module")
def found(realdata: Path) -> Presence:
    """Presence by division: quotients over published cells and country totals, at least 500 persons."""
    raw = pd.read_csv(realdata / "eurostat/bulk2017/sbs_r_nuts06_r2.tsv.gz", sep="\t", dtype=str)
    keys = raw.iloc[:, 0].str.split(",", expand=True).set_axis(["activity", "indicator", "geo"], axis=1)
    cell = raw["2014 "].str.strip().str.extract(r"^(?P<number>[0-9.]+|:) ?(?P<flags>[a-z]*)$")
    table = keys.assign(value=pd.to_numeric(cell["number"], errors="coerce"))
    table["state"] = np.where(cell["flags"].str.contains("c"), "confidential", "not_available")
    table.loc[table["value"].notna(), "state"] = "reported"
    table = table[(table["indicator"] == "V16110") & table["activity"].str.fullmatch("[A-Z][0-9]{2}")]
    regions = table[table["geo"].str.fullmatch("(?!NO)[A-Z]{2}..(?<!ZZ)")]  # Norway is outside the reference
    # A code without a single value belongs to another version of NUTS.
    regions = regions[regions.groupby("geo")["value"].transform("count") > 0]
    persons = regions.pivot(index="geo", columns="activity", values="value")
    states = regions.pivot(index="geo", columns="activity", values="state").fillna("not_available")
    countries = table[table["geo"].isin({code[:2] for code in persons.index})]
    reference = countries.groupby("activity")["value"].sum()
    return presence(
        location_quotient(persons, reference=reference), sizes=persons, minimum_size=500, states=states
    )


@pytest.fixture(scope="module")
def known(found: Presence) -> pd.DataFrame:
    return without_unknown(found.matrix).matrix


def test_hidden_cells_are_many_and_each_is_counted_by_its_reason(found: Presence):
    assert found.unknown_cells == found.unknown_by_state.sum()
    assert found.unknown_by_state["confidential"] > 2000
    assert found.below_minimum_size > 100


def test_on_a_real_matrix_scores_and_densities_are_py_ecomplexitys(known: pd.DataFrame):
    ours, theirs = complexity(known), ecomplexity_of(known)
    sign = np.sign(np.corrcoef(ours.eci, theirs["eci"].iloc[:, 0])[0, 1])
    np.testing.assert_allclose(ours.eci, sign * theirs["eci"].iloc[:, 0], atol=1e-9)
    np.testing.assert_allclose(ours.pci, sign * theirs["pci"].iloc[0], atol=1e-8)
    density = relatedness_density(known, relatedness(known, diagonal=1.0))
    np.testing.assert_allclose(density, 100 * theirs["density"], rtol=1e-12)


def test_the_axis_runs_from_workshops_to_the_services_of_large_cities(known: pd.DataFrame):
    # What Mealy, Farmer and Teytelboym (2019) find for employment of regions: the index is an axis of
    # similarity, with the services of large cities at one end.
    found = complexity(known)
    assert set(found.pci.nlargest(6).index) >= {"M70", "J62", "M72"}
    assert set(found.pci.nsmallest(8).index) >= {"C25", "C28", "C31"}
    assert found.eci["UKI3"] > 1.5  # Inner London
    alps = complexity(known, report=[code for code in EUSALP if code in known.index]).eci
    assert set(alps.nlargest(2).index) == {"AT13", "DE21"}  # Vienna; Munich and Upper Bavaria
    assert set(alps.nsmallest(3).index) == {"AT34", "AT31", "SI03"}  # the most industrial of these
    assert not found.is_near_degenerate


def test_reflections_and_fitness_bear_the_eigenvector_out(known: pd.DataFrame):
    found = complexity(known)
    assert reflections_agreement(known, found.eci)["correlation"].iloc[-1] == pytest.approx(1, abs=1e-5)
    fitness = fitness_complexity(known)
    assert fitness.status == "converged"
    assert fitness.fitness.corr(found.diversity) > 0.8


def test_the_order_stands_whatever_is_assumed_of_hidden_cells_and_the_sign_by_diversity_does_not(
    found: Presence, known: pd.DataFrame
):
    M = found.matrix[found.matrix.notna().any(axis=1)]
    dropped = complexity(known)
    absent = complexity(M.fillna(0.0))
    assert abs(dropped.eci.corr(absent.eci)) > 0.95
    assert dropped.eci.corr(absent.eci) < 0
    assert absent.is_sign_weak
    anchored = complexity(M.fillna(0.0), anchor=M["M70"].fillna(0.0))  # head offices
    assert dropped.eci.corr(anchored.eci) > 0.95


def test_machinery_is_related_to_metal_and_electrical_goods_and_tyrol_is_closest_to_what_it_nearly_has(
    known: pd.DataFrame,
):
    phi = relatedness(known)
    assert {"C25", "C27"} <= set(phi["C28"].nlargest(3).index)
    assert phi["I55"].idxmax() == "I56"  # hotels and restaurants
    density = relatedness_density(known, phi, report=["AT33"])
    assert known.loc["AT33", "I55"] == 1
    nearest = diversification_opportunities(known, density, report=["AT33"])
    assert len(nearest) == (known.loc["AT33"] == 0).sum()
    assert nearest["rank"].iloc[0] == 1
