"""The Social Work Academy: cohorts and what became of their members."""
