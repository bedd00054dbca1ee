"""Studies: groups of runs that answer a question together: baselines, several seeds, sweeps; and the queue."""
