"""The audit report of a composite index: one page per recipe, computed or refused.

Belongs here: what a reader of an index must know before using it, in the order of the OECD/JRC Handbook.
Does not: computing index or audit (benchmark.composite), pictures (reports.plots), other pages.
"""
