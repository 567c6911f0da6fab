"""From a statistics office's document to one canonical table of observations, states and flags.

Belongs here: reading published documents (TSV, SDMX-CSV, JSON-stat) cell by cell, the states of cells,
what becomes visible only across a dataset (the ragged edge) or across its documents (which row is
current). Does not: fetching and keeping documents (sources, archive), rules that judge rows (quality),
regions and their versions (geography), anything Dagster.
"""
