"""Rules and their verdicts: suites generated from declarations, the Great Expectations runner, two gates.

Belongs here: turning declarations into expectations, running them, quarantine, what a gate refuses, the
validation report. Does not: what the rules are about (catalog, warehouse declarations), deciding what a
kept-out document means for the dataset (plan), anything Dagster.
"""
