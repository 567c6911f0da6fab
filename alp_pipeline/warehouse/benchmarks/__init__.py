"""Declarations of the benchmark tables, a module per family.

Belongs here: `bench_*` tables, and the columns that all of them have. Does not: how a table is filled
(plan.benchmarks), any formula (benchmark). To add a family: a module that declares its tables with
`bench_table`, and its import in `warehouse.tables`.
"""
