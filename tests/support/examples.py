"""How many examples hypothesis tries."""

from hypothesis import settings


def more_examples(factor: float) -> settings:
    """Tries `factor` times as many examples as other tests of the profile."""
    return settings(max_examples=round(factor * settings().max_examples))
