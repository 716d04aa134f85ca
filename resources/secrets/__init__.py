"""Keys that people make, and the secret that consents are signed with."""
