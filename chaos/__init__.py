"""What is promised, held against what many clients see while everything under them is killed. `make chaos` runs it."""
