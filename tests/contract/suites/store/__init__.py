"""What every store promises, whatever keeps the rows. An adapter's test gives a `repositories` fixture."""
