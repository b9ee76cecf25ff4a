"""How models were trained: epochs, batches, validation, and the rows that a fit saw."""
