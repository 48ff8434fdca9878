"""The tables: what they are, migrations, and sizes."""
