"""Uncertainty and sensitivity of a composite index: Monte Carlo over method and data, Sobol indices.

Belongs here: what is uncertain (spec), the draws, the recipe evaluated on stacks of draws, what the draws say
of ranks, and which factor the spread comes from. Does not: any step of an index (composite.*), whose kernels
are called as they are; plots and pages.
"""
