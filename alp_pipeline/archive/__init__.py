"""The archive: raw documents stored once by hash, and an immutable record for each retrieval of one.

Belongs here: bytes, retrieval records, vintages, decisions, fixity, import, export, lawful erasure. Does
not: reading what is inside a document beyond its own statement of time (observations), fetching (sources),
deciding what is collected (catalog), anything Dagster.

    <archive>/kind.json                                           {"kind": "synthetic" | "real"}
    <archive>/objects/<2 hex>/<sha256>                            the bytes as received
    <archive>/retrievals/<source>/<dataset>/<retrieval id>.json   one record for each retrieval
    <archive>/decisions/<decision id>.json                        what a person decided about a document
    <archive>/erasures/<sha256>.json                              what is left of a withdrawn document
"""
