"""Discovery on one table: prepares it, searches, judges, and evaluates a formula given by the caller."""
