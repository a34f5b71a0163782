"""Instances and their sessions: what is wanted of them, what is so, and what happens in between."""
