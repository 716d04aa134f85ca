"""What happens to every call of a vendor: billing, limits, faults, work that takes a while."""
