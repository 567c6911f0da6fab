"""The methods for a region × activity matrix, on anyone's files.

Belongs here: reading a matrix and what stands beside it, choosing the method by name, writing the result.
Does not: any formula (the modules of `benchmark`), the command (cli.specialisation).

How the modules fit: `matrix_file` and `side_files` read, `request` is what a method is given, `methods` names
them all, `outcome` is what a method gives back and how it becomes a file.
"""
