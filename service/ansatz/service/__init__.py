"""The server: jobs, workers, store, limits. `ansatz.service.main.serve` runs it."""
