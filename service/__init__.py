"""The service: the pipeline over HTTP, one process that lives long; it buys within the same caps as all others."""
