"""The formula language: what it accepts, and that SQL and plain numbers agree."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alp_pipeline.catalog.formula import LONGEST, FormulaError, parse_formula

NAMES = ("a", "b", "c")
numbers = st.integers(-50, 50).map(float)
leaves = st.sampled_from(NAMES) | st.integers(0, 9).map(str) | st.just("2.5")
formulas = st.recursive(
    leaves,
    lambda inner: (
        st.tuples(inner, st.sampled_from("+-*/"), inner).map(lambda part: f"({part[0]} {part[1]} {part[2]})")
        | inner.map(lambda part: f"-{part}")
    ),
    max_leaves=8,
)


def _python(text, terms):
    """Python's own reading, with its zero division as missing."""
    try:
        return eval(text, {"__builtins__": {}}, dict(terms))  # noqa: S307 - text from the strategy above
    except ZeroDivisionError:
        return None


@given(formulas, st.fixed_dictionaries(dict.fromkeys(NAMES, numbers)))
def test_a_formula_has_the_value_that_python_gives(text, terms):
    formula = parse_formula(f"a + 0 * b + {text}")
    expected = _python(formula.text, terms)
    assert formula.value(terms) == (None if expected is None else pytest.approx(expected))


@given(st.lists(st.tuples(formulas, st.fixed_dictionaries(dict.fromkeys(NAMES, numbers))), max_size=5))
def test_sql_gives_the_same_value_as_plain_numbers(cases):
    import duckdb

    with duckdb.connect() as connection:
        for text, terms in cases:
            formula = parse_formula(f"a + {text}")
            columns = ", ".join(f"{value}::DOUBLE AS {name}" for name, value in terms.items())
            expression = formula.sql({name: f"t.{name}" for name in NAMES})
            found = connection.execute(f"SELECT {expression} FROM (SELECT {columns}) AS t").fetchone()[0]
            expected = formula.value(terms)
            if expected is None:
                assert found is None
            else:
                assert math.isclose(found, expected, rel_tol=1e-12, abs_tol=1e-9)


def test_a_missing_term_makes_the_result_missing_not_zero():
    formula = parse_formula("a + b")
    assert formula.value({"a": 1.0, "b": None}) is None


def test_division_by_zero_is_missing_not_infinite():
    import duckdb

    formula = parse_formula("100 * born / active")
    assert formula.value({"born": 3, "active": 0}) is None
    query = f"SELECT {formula.sql({'born': '3.0::DOUBLE', 'active': '0.0::DOUBLE'})}"
    assert duckdb.sql(query).fetchone() == (None,)


def test_names_come_in_the_order_of_their_first_appearance():
    assert parse_formula("b * a / (b + c)").names == ("b", "a", "c")


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("a ** b", 1),
        ("a + sum(b)", 5),
        ("a + b.value", 5),
        ("a + 'x'", 5),
        ("a if b else c", 1),
        ("a + True", 5),
        ("à + b[0]", 5),
        ("a // b", 1),
        ("a < b", 1),
        ("a + 1e999", 5),
    ],
)
def test_anything_but_arithmetic_is_refused_with_its_position(text, position):
    with pytest.raises(FormulaError, match=rf"position {position} of"):
        parse_formula(text)


@pytest.mark.parametrize(
    "text", ["", "1 + 2", "a +", "a b", "a" + " + a" * LONGEST, "(" * 500 + "a" + ")" * 500]
)
def test_what_names_no_term_or_never_ends_is_refused(text):
    with pytest.raises(FormulaError):
        parse_formula(text)


def test_a_term_that_is_not_given_is_named():
    with pytest.raises(FormulaError, match="names b, which is not among its terms"):
        parse_formula("a / b").sql({"a": "x"})
