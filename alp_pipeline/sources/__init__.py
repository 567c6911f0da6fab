"""Where the data come from: one module per API family, over one polite HTTP session.

Belongs here: asking what is new, fetching raw documents, recognising answers that are not data. Does not:
parsing observations (observations), keeping documents (archive), what is collected (catalog), Dagster.
"""
