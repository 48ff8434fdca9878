"""What users and services can do, one use case a file."""
