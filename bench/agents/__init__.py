"""What an agent that was led astray can spend."""
