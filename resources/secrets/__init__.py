"""Keys that people make, the secret that consents are signed with, and folders for one user alone."""
