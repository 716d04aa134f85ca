"""The files of config/: checked, remarked on, read anew when they change, written where use has taught something."""
