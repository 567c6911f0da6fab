"""The region report's section on benchmarks: composite indices, reference regions, related activities.

Belongs here: reading these tables for one region and laying them out. Does not: computing them (benchmark),
the audit of an index (reports.index), the rest of the region report.
"""
