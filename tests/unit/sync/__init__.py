"""Tests of resuming."""
