"""The command line and the wheel."""
