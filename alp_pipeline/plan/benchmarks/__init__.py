"""The benchmark assets: methods of `benchmark` applied to the build's warehouse tables.

Belongs here: which regions, cells, references and parameters a method is given, and laying its result out
as `bench_*` tables. Does not: the methods (benchmark), the tables' declarations (warehouse.benchmarks).

A module per asset. To add one: declare its tables in `warehouse/benchmarks/<family>.py` (by `bench_table`)
and import that module in `warehouse.tables`; write `plan/benchmarks/<family>.py` with a constant
`BENCHMARK` of the type `registry.Benchmark`; name it in `registry.all_benchmarks`. Lineage, checks,
dictionary, Dagster's asset and the release follow from that. `frames` has what most of them read.

A benchmark whose input was never collected writes tables without rows, which is a warning of its own check:
what is there is published, and what is not there is said.
"""
