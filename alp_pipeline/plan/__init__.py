"""The plan of a build: which stages there are, what each reads, and how each table is filled.

Belongs here: putting catalogue, archive and the domain packages together into stages. Does not: the
parts themselves (parsing, rules, methods, publishing), scheduling, anything Dagster.
"""
