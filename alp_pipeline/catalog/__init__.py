"""What is collected and computed, as reviewed data, and the models that load it.

Belongs here: entries (YAML) for datasets, indicators, perimeters, schemes, sector groups, sources and
pillars, their models, the formula language, the place of the reference tables. Does not: data, network,
parsing, computing. May be imported by every other package; imports none of them.
"""
