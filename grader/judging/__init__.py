"""What every check is written with: the registry, the view of a submission, results, bands."""
