"""Lookups at FlairBit: its answers, the circuit around it, hostile answers."""
