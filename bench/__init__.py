"""Measurements: what each command costs on the table, and what a process costs before and around it."""
