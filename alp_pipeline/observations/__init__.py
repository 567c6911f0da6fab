"""From a statistics office's document to one canonical table of observations, states and flags.

Belongs here: reading published documents (TSV, SDMX-CSV and -ML, JSON-stat, declared tables) cell by cell,
what their structures say, the states of cells, a digest of what a document says, what becomes visible only
across a dataset (the ragged edge) or across its documents (which row is current). Does not: fetching and
keeping documents (sources, archive), rules that judge rows (quality), regions and their versions (geography),
anything Dagster.
"""
