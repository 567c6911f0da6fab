"""Eurostat's dissemination API: what is new, and the raw documents behind it.

Belongs here: URLs, the dialogue (prepared files, slices, the queue), recognising answers that are not data.
Does not: parsing observations (observations), what is collected (catalog), retry and rates (sources.http).
"""
