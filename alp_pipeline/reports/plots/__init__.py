"""Plots of the benchmark as pure functions: frames in, SVG text out.

Belongs here: what a picture of ranks, profiles, correlations, sensitivities, relatedness and opportunities
looks like. Does not: computing any of it (benchmark), which rows a page shows (reports), its sentences (the
caller passes finished words, so that every language has the same picture).

All follow the same rules: a number without its interval is not drawn where there is an interval; a unit
without a number is listed with its state, never left out and never at zero; a state has a pattern and a code
beside its colour; the same frame in another order gives the same bytes.
"""
