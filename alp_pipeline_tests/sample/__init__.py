"""The synthetic sample: that it is what its generator writes, and that it is what its README says."""
