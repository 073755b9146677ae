"""Recruitment: posts, campaigns, starters, moves, FTE changes and agency cover come in here."""
