"""Territory: the codes of all NUTS versions, which of them mean the same place, and perimeters.

Belongs here: reading the reference tables of regions, pure recodes, version detection, the rows of the
region dimension. Does not: geometry, observations, aggregation of values.
"""
