"""Arrays in, arrays out: composing stations, coverage, diffusion, labels, candidates, measurements."""
