"""The rules for messages: which drafts are stored, who may change a message, and who sees what of it."""
