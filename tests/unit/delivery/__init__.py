"""Receipts and replay."""
