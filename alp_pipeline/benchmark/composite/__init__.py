"""Composite indicators after the OECD/JRC Handbook (Nardo et al. 2008), step by step.

Belongs here: the framework and the units of an index, the steps from raw indicators to scores, their
kernels, the recipe that strings them together, what is said about an index afterwards.
Does not: which indices are computed (recipes in the catalogue), reading the warehouse, Dagster.

Two layers. A *kernel* is a function of arrays `(..., units, indicators)`, float64 with NaN where there is no
number; any number of leading axes, so that the very same kernel runs on one table and on a stack of Monte
Carlo draws. A *step* `(units, framework, *, parameters) -> StepResult` wraps kernels on labelled frames and
says in `details` what it did to which cell.
"""
