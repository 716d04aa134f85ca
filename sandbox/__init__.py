"""Every vendor on localhost: their protocols, their bills, their bad days. Imports nothing of the project."""
