"""Figures: what measures come to, what each is made of, and what changed between two reports."""
