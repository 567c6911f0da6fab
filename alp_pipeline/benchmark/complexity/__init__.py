"""Structure of a region × activity matrix: presence, relatedness, density, complexity, fitness, outlook.

Belongs here: what a table of ones and zeros (is the activity present in the region?) says about activities
that occur together and about regions that have them. Does not: location quotients (location_quotient), plain
concentration and diversity measures (specialisation), choosing datasets or territories (catalogue).

How the modules fit: `presence` turns quotients into present, absent and unknown, and `without_unknown` or
`spread_over_unknown` deal with the unknown cells in the open; everything after it takes a matrix M of ones
and zeros. Compute over all regions there are and name those to report (`report=`): second eigenvectors of 43
regions × 60 activities are unstable, so M and relatedness belong to all of Europe even where only the Alps
are shown. Labels are sorted before anything is accumulated; the order of rows and columns cannot matter.
"""
