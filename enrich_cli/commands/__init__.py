"""What one can type: one file per command group, a function per command.

options (enrich_cli/options.py) -> one call -> show(what was found, as JSON or for people)

Commands import what they need when they run: these files load nothing heavy, so that --help stays quick.
"""
