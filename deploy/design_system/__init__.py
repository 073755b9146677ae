"""The styles and scripts of the GOV.UK Design System, as the pages serve them: fetched at set-up, never from elsewhere.

Invariant: what the lock names is served, except the fonts, which are licensed for GOV.UK alone.
"""
