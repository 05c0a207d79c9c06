"""What the caller asks for: options, an ansatz with its parameters, a metric."""
