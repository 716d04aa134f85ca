"""Batches: the CPU of a purchase, beside a bare script that makes the same calls; memory; what users measure."""
