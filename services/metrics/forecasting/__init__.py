"""Forecasts of vacancies: what is known of the coming months, what present rates add to it, and how well that did.

Invariant: a forecast is a pure function of a snapshot, a date and a wish; the same question is answered with the same
digits, in whatever order the events came. Start at `forecast.py`; the model stands in `simulation.py`.
"""
