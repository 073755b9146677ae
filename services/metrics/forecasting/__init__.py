"""Forecasts of vacancies: what is known of the coming months, what present rates add, and how good earlier forecasts
were.

Invariant: a forecast is a pure function of a snapshot, a date and a change. The same question gives the same digits,
in whatever order the events came. Start at `forecast.py`; the model is in `simulation.py`.
"""
