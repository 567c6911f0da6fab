"""alp_pipeline: a repeatable observatory of Alpine clusters.

Open data and partner files go into an archive that is never edited; everything else (observations,
warehouse, benchmarks, reports) is a pure function of archive, catalogue and code.
"""

__version__ = "0.1.0"
