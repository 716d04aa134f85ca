"""What use teaches: how often sources know a company of some kind, and how reliable they are, with what is uncertain.

counts of answers -> rates with intervals -> lines that people accept, pin or delete (config/learned.yaml)
answers that can be compared -> estimate_reliability -> config/reliability.yaml, which people accept -> likely_value
"""
