"""What users and services can ask for: one use case in each file."""
