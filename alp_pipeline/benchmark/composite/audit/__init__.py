"""The audit of an index, in the order of the OECD/JRC Handbook.

Belongs here: tables and findings about a computed index. Does not: computing it, pages and charts (reports).
"""
