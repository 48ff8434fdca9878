"""RECEIPTs of sends, transactions and ACKs."""
