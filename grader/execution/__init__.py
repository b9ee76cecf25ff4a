"""One notebook in, evidence out: the only part that runs what students wrote."""
