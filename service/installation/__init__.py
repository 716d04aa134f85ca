"""What the service runs with while it is open, and how it is opened and closed."""
