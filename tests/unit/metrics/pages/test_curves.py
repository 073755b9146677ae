"""Charts of staying and of what is to come have the numbers they were given on them."""

import re
from datetime import date

from lets_plot.plot.core import PlotSpec

from services.metrics.pages.charts import as_svg
from services.metrics.pages.curves import Ahead, Curve, Survived, fan, survival_curve, survival_curves
from services.metrics.pages.ranked import Dot, ranked_dots
from services.metrics.pages.shades import Shaded, heat_map


def written(plot: PlotSpec) -> list[str]:
    """What stands on a chart, text by text."""
    return [text.strip() for text in re.findall(r"<tspan[^>]*>([^<]*)</tspan>", as_svg(plot, "A chart").decode())]


ACADEMY = Curve("Academy", [Survived(0, 1.0, 1.0, 1.0), Survived(12, 0.84, 0.78, 0.88), Survived(24, 0.74, 0.67, 0.8)])
DIRECT = Curve("Direct", [Survived(0, 1.0), Survived(12, 0.5)])


def test_a_survival_curve_says_its_last_share_and_who_was_at_risk_each_year() -> None:
    text = written(survival_curve(ACADEMY, [(0, 229), (1, 159), (2, 98)]))
    assert {"Academy 74%", "229 at risk", "159 at risk", "98 at risk", "Start", "1 year", "2 years"} <= set(text)


def test_several_curves_have_their_names_at_their_ends() -> None:
    text = written(survival_curves([ACADEMY, DIRECT, Curve("Nobody", [])], marked=12))
    assert {"Academy 74%", "Direct 50%"} <= set(text)
    assert not [each for each in text if each.startswith("Nobody")]


def test_the_share_that_the_headline_tells_has_a_dot_on_each_curve_that_reaches_it() -> None:
    def dots(*curves: Curve) -> int:
        return as_svg(survival_curves(curves, marked=12), "Still in post after a year").decode().count("<circle")

    short = Curve("Short", [Survived(0, 1.0), Survived(6, 0.5)])
    assert dots(ACADEMY, DIRECT) - dots(short) == 2


def test_a_forecast_says_what_is_expected_known_and_would_be_otherwise() -> None:
    months = [
        Ahead(date(2023, 11, 30), 25.9, (23.1, 29.5), (21.8, 32.1), 23.0, 25.1),
        Ahead(date(2023, 12, 31), 28.6, (24.2, 33.6), (21.8, 37.2), 24.0, 27.2),
    ]
    assert {"expected 28.6", "known now 24", "what if 27.2"} <= set(written(fan(date(2023, 10, 31), 22.5, months)))
    plain = [Ahead(date(2023, 11, 30), 25.9, (23.1, 29.5), (21.8, 32.1), 23.0)]
    text = written(fan(date(2023, 10, 31), 22.5, plain))
    assert "expected 25.9" in text
    assert not [each for each in text if each.startswith("what if")]


def test_a_heat_map_has_a_number_in_each_cell_that_is_known() -> None:
    rows = [Shaded("Cohort 01", [1.0, 0.91, 0.55]), Shaded("Cohort 02", [1.0, 0.62, None])]
    text = written(heat_map(rows, ["0", "3", "6"]))
    assert sorted(each for each in text if each in ("100", "91", "55", "62")) == ["100", "100", "55", "62", "91"]
    assert {"Cohort 01", "Cohort 02"} <= set(text)


def test_ranked_places_have_their_names_and_figures() -> None:
    dots = [Dot("Dudley", "neighbour", 12.5, "12.5%"), Dot("Coventry", "authority", 18.0, "18.0%")]
    assert {"Dudley", "12.5%", "Coventry", "18.0%"} <= set(written(ranked_dots(dots, 15.3)))
