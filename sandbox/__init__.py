"""Every vendor on localhost: their protocols, their billing, injected faults. Imports nothing of the project."""
