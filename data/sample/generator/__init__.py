"""The invented economy behind the sample, and the documents that tell of it.

Belongs here: every number of the sample, made from a seed and from hand-written sizes and tendencies.
Does not: any number of a statistical office, anything of alp_pipeline (the sample must not agree with the
code under test because it shares it), any randomness that a library's next version could change.
"""
