"""Reports written from a published release: reading, wording, charts, pages.

Belongs here: what a reader of a report sees and the checks that every figure names its source. Does not:
computing indicators (benchmark), publishing (warehouse), anything Dagster. A failed report never touches
the release that it reads.
"""
