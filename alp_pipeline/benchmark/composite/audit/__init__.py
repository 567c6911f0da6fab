"""The audit of an index, in the order of the OECD/JRC Handbook.

Belongs here: tables and findings about a computed index. Does not: computing it, pages and charts (reports).
"""

from alp_pipeline.benchmark.composite.audit.compose import SECTIONS, Audit, audit
from alp_pipeline.benchmark.composite.audit.findings import Finding, Section, Thresholds

__all__ = ["SECTIONS", "Audit", "Finding", "Section", "Thresholds", "audit"]
