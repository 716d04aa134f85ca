"""What use teaches: how often sources know a company of some kind, with the uncertainty that is left.

counts of answers -> rates with intervals -> lines that people accept, pin or delete (config/learned.yaml)
"""
