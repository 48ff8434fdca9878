"""Bounds of the settings that hold durations."""

LEAST_DURATION = 0.01
"""The least duration in seconds, except for settings in which 0 has a meaning."""

MAY_BE_ZERO = frozenset(
    {"delete_window", "edit_window", "heartbeat", "outbox_retention", "profile_cache_ttl", "profile_negative_ttl"}
)
