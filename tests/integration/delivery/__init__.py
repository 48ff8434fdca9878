"""Guarantees of delivery, while parts are killed, stopped or slow."""
