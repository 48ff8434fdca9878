"""What the use cases need from the outside world, each port as small as its consumers."""
