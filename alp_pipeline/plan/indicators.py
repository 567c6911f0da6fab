"""`fct_indicator`: the catalogue's formulas over current observations, states and provenance carried.

Belongs here: selecting terms, bringing regions to today's codes, joining terms, deciding the state of a
result. Does not: formulas' grammar (catalog.formula), which recodes are pure (geography.recoding).

State of a result: `reported` when every term is; otherwise the state of the term that weighs most, in the
order confidential, lost_in_concordance, not_applicable, not_yet_published, not_available. A formula that
has no value although all terms do (a zero denominator) is `not_applicable`.
"""

from collections.abc import Iterable
from pathlib import Path

from alp_pipeline.build.outcome import RuleOutcome
from alp_pipeline.build.sql import identifier, literal, parquet
from alp_pipeline.build.stage import Stage, StageContext
from alp_pipeline.catalog.models import Catalog, DatasetEntry, IndicatorEntry, Term
from alp_pipeline.catalog.reference import reference_digest
from alp_pipeline.observations.selection import code_of, has_code
from alp_pipeline.plan.intake import observations_asset
from alp_pipeline.plan.table_stage import table_stage
from alp_pipeline.warehouse.columns import arrow_schema, declared_select
from alp_pipeline.warehouse.tables import TABLES

NAME = "warehouse/fct_indicator"
TOTAL_ACTIVITY = "TOTAL"
# A state weighs more the more it says; the result of a formula takes the heaviest of its terms.
_WEIGHT = {
    "reported": 0,
    "not_available": 1,
    "not_yet_published": 2,
    "not_applicable": 3,
    "lost_in_concordance": 4,
    "confidential": 5,
}


def indicator_stage(catalog: Catalog) -> Stage:
    """The stage that fills `fct_indicator` from every indicator of the catalogue."""
    entries = [catalog.indicators[name] for name in sorted(catalog.indicators)]
    datasets = sorted({name for entry in entries for name in entry.datasets})

    def fill(context: StageContext) -> None:
        _compute(context, catalog, entries)

    return table_stage(
        NAME,
        "fct_indicator",
        fill,
        code=("catalog", "geography", "observations.selection", "plan.indicators"),
        inputs=tuple(observations_asset(catalog.datasets[name]) for name in datasets),
        parameters={
            "indicators": [entry.model_dump(mode="json") for entry in entries],
            "recoding": reference_digest("nuts_codes.csv", "nuts_recodes.csv"),
        },
    )


def _compute(context: StageContext, catalog: Catalog, entries: Iterable[IndicatorEntry]) -> None:
    from alp_pipeline.geography.recoding import recoding_table

    with context.connect() as connection:
        connection.register("recoding_source", recoding_table())
        connection.execute("CREATE TABLE recoding AS SELECT * FROM recoding_source")
        connection.execute("CREATE TABLE state_weight (state VARCHAR, weight INTEGER)")
        connection.executemany("INSERT INTO state_weight VALUES (?, ?)", list(_WEIGHT.items()))
        parts = []
        for entry in entries:
            files = {
                name: context.input(observations_asset(catalog.datasets[name]), "current")
                for name in entry.datasets
            }
            absent = [name for name, file in files.items() if _is_empty(connection.execute, file)]
            if absent:
                # Not a row, not even of missing values: nothing was ever asked for them.
                _report_absence(context, entry, absent, None)
                continue
            terms = {}
            for name, term in sorted(entry.terms.items()):
                dataset = catalog.datasets[term.dataset]
                file = files[term.dataset]
                relation = identifier(f"term {name} of {entry.id}")
                connection.execute(f"CREATE TEMP TABLE {relation} AS {_term_query(term, dataset, file)}")
                terms[name] = relation
                _report_version_conflicts(context, connection.execute, entry, name, relation)
            result = identifier(f"result of {entry.id}")
            connection.execute(f"CREATE TEMP TABLE {result} AS {_formula_query(entry, terms)}")
            parts.append(f"SELECT * FROM {result}")
            _report_absence(
                context, entry, [], connection.execute(f"SELECT count(*) FROM {result}").fetchone()
            )
        if not parts:
            empty = arrow_schema(TABLES["fct_indicator"]).empty_table()
            context.write_arrow("fct_indicator", empty)
            return
        context.write_query(
            connection, "fct_indicator", declared_select(TABLES["fct_indicator"], " UNION ALL ".join(parts))
        )


def _is_empty(execute: "object", file: Path) -> bool:
    counted = execute(f"SELECT count(*) FROM {parquet(file)}").fetchone()  # type: ignore[operator]
    return not counted[0]


def _term_query(term: Term, dataset: DatasetEntry, file: Path) -> str:
    """One operand per region (today's code), activity and period.

    Where a territory stands under two codes the one with an answer wins, its own code before a recoded
    one; a value that only a redrawn predecessor has is lost in concordance, never carried over.
    """
    selection = {"freq": dataset.default_codes["freq"]} | term.select
    conditions = " AND ".join(has_code(name, [code]) for name, code in sorted(selection.items()))
    dimension = dataset.activity_dimension if term.by_activity else None
    activity = code_of(dimension) if dimension else literal(TOTAL_ACTIVITY)
    return f"""
        WITH placed AS (
            SELECT coalesce(target_code, geo) AS region_code, {activity} AS activity_code, time_period,
                   geo AS source_region_code, obs_status, document_id,
                   coalesce(relation, 'identical') AS relation, value AS own_value, cell_state AS own_state
            FROM {parquet(file)} LEFT JOIN recoding ON geo = source_code
            WHERE {conditions}
        ), stated AS (
            SELECT *, relation = 'boundary_shift' AS is_redrawn,
                   own_state IN ('not_available', 'not_yet_published') AS is_empty
            FROM placed
        )
        SELECT region_code, activity_code, time_period, source_region_code, document_id,
               if(is_redrawn, NULL, own_value) AS value,
               if(is_redrawn AND NOT is_empty, 'lost_in_concordance', own_state) AS cell_state,
               if(is_redrawn, '', obs_status) AS obs_status,
               if(relation = 'recoded', 'recoded', 'reported') AS geo_method,
               count(*) FILTER (WHERE NOT is_empty AND NOT is_redrawn)
                   OVER (PARTITION BY region_code, activity_code, time_period) AS answers
        FROM stated
        QUALIFY row_number() OVER (
            PARTITION BY region_code, activity_code, time_period
            ORDER BY is_empty, is_redrawn, source_region_code <> region_code, source_region_code
        ) = 1
    """


def _formula_query(entry: IndicatorEntry, terms: dict[str, str]) -> str:
    """Join the terms on region, activity and period; a term without a row there is not available."""
    broad = [name for name in terms if not entry.terms[name].by_activity]
    ordered = sorted(terms, key=lambda name: (name in broad, name)) if entry.by_activity else sorted(terms)
    # A term may have any name, a word of SQL included.
    alias = {name: identifier(f"term {name}") for name in ordered}
    first, *others = ordered
    source = f"{terms[first]} AS {alias[first]}"
    key = {column: f"{alias[first]}.{column}" for column in ("region_code", "activity_code", "time_period")}
    for name in others:
        own = alias[name]
        on = [f"{key['region_code']} = {own}.region_code", f"{key['time_period']} = {own}.time_period"]
        spread = entry.by_activity and name in broad
        if not spread:
            on.insert(1, f"{key['activity_code']} = {own}.activity_code")
        source += f" {'LEFT' if spread else 'FULL'} JOIN {terms[name]} AS {own} ON {' AND '.join(on)}"
        if not spread:
            key = {column: f"coalesce({expression}, {own}.{column})" for column, expression in key.items()}
    states = [f"coalesce({name}.cell_state, 'not_available')" for name in alias.values()]
    weights = ", ".join(f"(SELECT weight FROM state_weight WHERE state = {state})" for state in states)
    formula = entry.expression.sql({name: f"{own}.value" for name, own in alias.items()})
    methods = " OR ".join(f"{name}.geo_method = 'recoded'" for name in alias.values())
    sources = ", ".join(f"{name}.source_region_code" for name in alias.values())
    documents = ", ".join(f"{name}.document_id" for name in alias.values())
    flags = ", ".join(f"{name}.obs_status" for name in alias.values())
    return f"""
        WITH joined AS (
            SELECT {key["region_code"]} AS region_code, {key["activity_code"]} AS activity_code,
                   {key["time_period"]} AS time_period, {formula} AS computed, greatest({weights}) AS weight,
                   concat({flags}) AS flags, coalesce({methods}, FALSE) AS is_recoded,
                   coalesce({sources}) AS source_region_code, [{documents}] AS documents
            FROM {source}
        )
        SELECT '{entry.id}' AS indicator_id, region_code, activity_code, time_period,
               if(weight = 0, computed, NULL) AS value,
               CASE WHEN weight = 0 AND computed IS NULL THEN 'not_applicable'
                    ELSE (SELECT state FROM state_weight AS s WHERE s.weight = joined.weight)
                    END AS cell_state,
               coalesce(list_aggregate(list_sort(list_distinct(regexp_extract_all(flags, '.'))),
                        'string_agg', ''), '') AS obs_status,
               if(is_recoded, 'recoded', 'reported') AS geo_method, source_region_code,
               list_aggregate(list_sort(list_distinct(list_filter(documents, d -> d IS NOT NULL))),
                        'string_agg', ' ') AS document_ids
        FROM joined
    """


def _report_version_conflicts(
    context: StageContext, execute: "object", entry: IndicatorEntry, name: str, relation: str
) -> None:
    """Two codes of one territory that both answer in the same year: the own code is used, and it is said."""
    answered = execute(  # type: ignore[operator]
        f"SELECT count(*), count(*) FILTER (WHERE answers > 1), "
        f"min(region_code || ' ' || time_period) FILTER (WHERE answers > 1) FROM {relation}"
    ).fetchone()
    checked, conflicts, example = answered
    context.outcomes.append(
        RuleOutcome(
            f"one_code_per_territory_{name}",
            "fct_indicator",
            entry.id,
            "warning",
            "failed" if conflicts else "passed",
            checked,
            conflicts,
            f"two codes answer for {example}; the territory's own code is used" if conflicts else "",
        )
    )


def _report_absence(
    context: StageContext, entry: IndicatorEntry, absent: list[str], counted: tuple[int] | None
) -> None:
    """An indicator without a row: a warning where its selection names codes that nobody publishes.

    Where a dataset has no accepted observation there is nothing to judge: the rule passes over no row, and
    says which. That the document is absent is told where datasets are (outcomes, sources).
    """
    if absent:
        detail = f"not computed: no accepted observation of {', '.join(absent)}"
        context.outcomes.append(
            RuleOutcome("indicator_has_rows", "fct_indicator", entry.id, "warning", "passed", 0, 0, detail)
        )
        return
    rows = counted[0] if counted else 0
    context.outcomes.append(
        RuleOutcome(
            "indicator_has_rows",
            "fct_indicator",
            entry.id,
            "warning",
            "passed" if rows else "failed",
            rows,
            int(not rows),
            "" if rows else f"no observation of {', '.join(entry.datasets)} matches its terms",
        )
    )
