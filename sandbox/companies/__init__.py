"""The companies that the vendors of the sandbox can know, and what each vendor knows of them."""
