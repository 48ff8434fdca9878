"""A chart with a linear x axis and a logarithmic y axis, as SVG."""

from collections.abc import Sequence
from html import escape
from math import ceil, floor, log10

WIDTH, HEIGHT = 760, 360
LEFT, RIGHT, TOP, BOTTOM = 64, 16, 40, 52
_ROUND = (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)
_FONT = 'font-family="sans-serif" font-size="12" fill="#333"'

Point = tuple[float, float]


class Chart:
    """A chart. Clips values to the ranges of the axes."""

    def __init__(self, title: str, x_label: str, y_label: str, x_most: float, y_range: tuple[float, float]) -> None:
        """Begins a chart. Widens `y_range` to whole powers of ten."""
        self._x_most = _round_up(max(x_most, 1e-9))
        self._low, self._high = floor(log10(y_range[0])), ceil(log10(y_range[1]))
        self._high = max(self._high, self._low + 1)
        self._parts = [
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
            _text(WIDTH / 2, 18, title, anchor="middle", weight="bold"),
            _text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10, x_label, anchor="middle"),
            f'<text transform="translate(14 {(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)" text-anchor="middle" {_FONT}>'
            f"{escape(y_label)}</text>",
        ]
        self._legend_x = float(LEFT + 8)
        self._draw_grid()

    def add_line(self, name: str, points: Sequence[Point], colour: str, *, marks: bool = False) -> None:
        """Draws a line, with its `name` in the legend. With `marks`, draws a dot at each point."""
        places = [f"{self._x(x):.1f},{self._y(y):.1f}" for x, y in points]
        self._parts.append(f'<polyline points="{" ".join(places)}" fill="none" stroke="{colour}" stroke-width="1.8"/>')
        if marks:
            dots = (place.split(",") for place in places)
            self._parts += [f'<circle cx="{x}" cy="{y}" r="3.2" fill="{colour}"/>' for x, y in dots]
        x = self._legend_x
        self._parts.append(f'<line x1="{x}" y1="30" x2="{x + 22}" y2="30" stroke="{colour}" stroke-width="3"/>')
        self._parts.append(_text(x + 28, 34, name))
        self._legend_x += 48 + 7 * len(name)

    def add_section(self, begin: float, name: str) -> None:
        """Draws a vertical line at `begin`, with the name of the section that follows."""
        x = self._x(begin)
        self._parts.append(
            f'<line x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{HEIGHT - BOTTOM}" stroke="#999" stroke-dasharray="3 3"/>'
        )
        self._parts.append(
            f'<text transform="translate({x + 12:.1f} {TOP + 6}) rotate(90)" font-family="sans-serif" font-size="11"'
            f' fill="#666">{escape(name)}</text>'
        )

    def render(self) -> str:
        """The chart as SVG."""
        head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" role="img">'
        return "\n".join([head, *self._parts, "</svg>", ""])

    def _draw_grid(self) -> None:
        for power in range(self._low, self._high + 1):
            y = self._y(10.0**power)
            self._parts.append(f'<line x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}" stroke="#ddd"/>')
            self._parts.append(_text(LEFT - 6, y + 4, f"{10.0**power:g}", anchor="end"))
        for step in range(6):
            value = self._x_most * step / 5
            self._parts.append(_text(self._x(value), HEIGHT - BOTTOM + 18, f"{value:,.0f}", anchor="middle"))

    def _x(self, value: float) -> float:
        share = min(1.0, max(0.0, value / self._x_most))
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    def _y(self, value: float) -> float:
        power = log10(value) if value > 0 else self._low
        share = min(1.0, max(0.0, (power - self._low) / (self._high - self._low)))
        return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)


def _text(x: float, y: float, text: str, *, anchor: str = "start", weight: str = "normal") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-weight="{weight}" {_FONT}>{escape(text)}</text>'


def _round_up(value: float) -> float:
    """Rounds up to a round multiple of a power of ten."""
    power = 10.0 ** floor(log10(value))
    return next(step * power for step in _ROUND if step * power >= value)
