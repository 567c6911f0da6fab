"""What a recipe may say is uncertain, and what it may not."""

import pytest
from pydantic import ValidationError

from alp_pipeline.benchmark.composite.uncertainty.spec import (
    InclusionFactor,
    StepFactor,
    UncertaintySpec,
    WeightsFactor,
)

NORMALISATION = {"factor": "normalisation", "step": "normalise", "alternatives": [{"method": "minmax"}]}


def test_the_kind_of_a_factor_follows_from_what_it_says() -> None:
    spec = UncertaintySpec.model_validate(
        {"method": [NORMALISATION, {"distribution": "noise", "size": 0.2}, {"leave_out": 1}]}
    )
    assert [type(factor) for factor in spec.method] == [StepFactor, WeightsFactor, InclusionFactor]
    assert spec.factors == ("normalisation", "weights", "inclusion")


def test_every_kind_of_data_uncertainty_is_a_factor_of_its_own() -> None:
    everything = {"flags": {"E": 0.1}, "imputed": "residual", "intervals": "uniform"}
    spec = UncertaintySpec.model_validate(
        {"data": everything | {"revisions": {"LPI": 0.01}, "concordance": 0.03}}
    )
    assert spec.factors == tuple(
        f"data_{kind}" for kind in ("flags", "imputed", "intervals", "revisions", "concordance")
    )
    assert spec.data.flags == {"e": 0.1}


def test_a_spec_reads_what_it_writes() -> None:
    spec = UncertaintySpec.model_validate(
        {"method": [NORMALISATION, {"distribution": "simplex", "levels": [1]}], "classes": {"number": 3}}
    )
    assert UncertaintySpec.model_validate(spec.model_dump(mode="json")) == spec


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ({"method": [NORMALISATION, NORMALISATION]}, "normalisation appears twice"),
        ({"method": [{"distribution": "simplex"}, {"factor": "more", "distribution": "simplex"}]}, "at most"),
        ({"method": [{"distribution": "simplex", "size": 0.1}]}, "simplex has none"),
        ({"method": [{"distribution": "noise"}]}, "needs a size"),
        ({"method": [{"distribution": "noise", "size": 1.5}]}, "needs a size"),
        ({"method": [{"distribution": "noise", "size": {1: 0.1}, "levels": [1]}]}, "not both"),
        ({"method": [{"leave_out": 2, "or_none": True}]}, "or_none"),
        ({"method": [NORMALISATION | {"level": 1}]}, "has levels"),
        ({"method": [NORMALISATION | {"alternatives": []}]}, "alternatives"),
        ({"quantiles": [0.9, 0.1]}, "lower first"),
        ({"classes": {"by": "threshold"}}, "at least one"),
        ({"classes": {"by": "quantile", "limits": [3.0]}}, "go with"),
        ({"classes": {"by": "threshold", "limits": [3.0, 3.0]}}, "each limit once"),
        ({"data": {"flags": {"ep": 0.1}}}, "flags"),
        ({"data": {"flags": {"e": -0.1}}}, "flags"),
        ({"data": {"imputed": "guess"}}, "should be 'residual'"),
        (
            {"data": {"revisions": {"LPI": {"relative_sd": 0.1, "revisions": 3, "vintages": ["1"]}}}},
            "at least 2",
        ),
        (
            {"data": {"revisions": {"LPI": {"relative_sd": 0.1, "revisions": 3, "vintages": ["1", "1"]}}}},
            "once",
        ),
        ({"speed": 3}, "speed"),
        ({"draws": 0}, "draws"),
        ({"seed": -1}, "seed"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(section: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        UncertaintySpec.model_validate(section)


@pytest.mark.parametrize(
    ("section", "unknown", "allowed"),
    [
        ({"speed": 3}, "speed", "draws, seed, method, data, quantiles, target, classes, assumed_draws"),
        ({"data": {"flag": {}}}, "flag", "flags, imputed, intervals, revisions, concordance"),
        ({"classes": {"n": 3}}, "n", "by, number, limits, percent_of_mean"),
        ({"method": [{"distribution": "noise", "sd": 1}]}, "sd", "factor, distribution, size, levels"),
        ({"method": [{"leave_out": 1, "from": []}]}, "from", "factor, leave_out, candidates, or_none"),
        (
            {"method": [NORMALISATION | {"nth": 2}]},
            "nth",
            "factor, step, alternatives, occurrence, level",
        ),
        (
            {"data": {"revisions": {"LPI": {"relative_sd": 0.1, "n": 3}}}},
            "n",
            "relative_sd, revisions, vintages",
        ),
    ],
)
def test_an_unknown_key_is_refused_with_the_list_of_those_there_are(
    section: dict[str, object], unknown: str, allowed: str
) -> None:
    with pytest.raises(ValidationError, match=f"{unknown} is unknown; use one of {allowed}"):
        UncertaintySpec.model_validate(section)


def test_a_number_that_was_typed_is_no_estimate() -> None:
    evidence = {"relative_sd": 0.02, "revisions": 40, "vintages": ["2022", "2023"]}
    spec = UncertaintySpec.model_validate({"data": {"revisions": {"LPI": 0.01, "NEET": evidence}}})
    assert spec.data.revision_sd == {"LPI": 0.01, "NEET": 0.02}
    assert [spec.data.is_estimated(code) for code in ("LPI", "NEET", "GDP")] == [False, True, False]
