"""The private build: stages, their fingerprints and the Parquet files they exchange.

Belongs here: what a stage is, when it need not run again, how its output becomes visible, and the
content hash of a table. Does not: what any stage computes, publishing, anything Dagster.
"""
