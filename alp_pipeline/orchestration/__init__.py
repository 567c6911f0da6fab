"""Everything Dagster and nothing else: assets, checks, jobs, schedules, resources.

Belongs here: wiring. Does not: any logic that could be called without Dagster.
"""
