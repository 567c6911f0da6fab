"""Benchmark methods: pure functions on frames and arrays, one module per method.

Belongs here: formulas, rules of ranking and of stars, and what a hidden or missing cell does to them.
Does not: reading the warehouse, choosing datasets or territories (catalogue), anything SQL or Dagster.
Frames in, frames out: every function here works on anyone's region × activity table.

What all of them keep to:

- a cell that is not `reported` gives no number, only a state; zero is a number;
- the same rows in another order give the same result to the last bit: keys are sorted before anything is
  accumulated and sums are exactly rounded (`math.fsum`);
- a confidential cell has no point value in any output, nor can one be read off as a remainder: totals are
  taken as their publisher gives them, and no function returns a total minus the published cells. (With a
  single hidden cell that difference *is* the cell.)
"""
