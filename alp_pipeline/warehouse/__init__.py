"""The warehouse: tables declared once, their stages, and the release that readers see.

Belongs here: declarations, dimensions, facts, indicators, the release gate, publishing, the dictionary.
Does not: parsing (observations), methods (benchmark), anything Dagster.
"""
