"""Retention: leavers, panel decisions and working-life events come in here."""
