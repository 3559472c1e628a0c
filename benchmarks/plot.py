"""Line plots as SVG."""

import math
from collections.abc import Mapping, Sequence
from html import escape

WIDTH, HEIGHT = 640, 360
LEFT, RIGHT, TOP, BOTTOM = 80, 170, 40, 50
SPREAD = 8
COLOURS = ["#0b6e4f", "#c8553d", "#2d5d9f", "#8a6fb0", "#b08900", "#555555"]

SVG = "http://www.w3.org/2000/svg"

Series = Mapping[str, Sequence[tuple[float, float]]]


def line_plot(*, title: str, x: str, y: str, series: Series) -> str:
    """A line for each series; an axis is logarithmic where its values spread over more than a factor of eight."""
    xs = sorted({point[0] for points in series.values() for point in points})
    ys = [max(point[1], 1e-3) for points in series.values() for point in points]
    across = _Scale(xs[0], xs[-1], LEFT, WIDTH - RIGHT)
    ticks = _ticks(min(ys), max(ys))
    up = _Scale(ticks[0], ticks[-1], HEIGHT - BOTTOM, TOP)
    middle = (TOP + HEIGHT - BOTTOM) / 2
    parts = [
        f'<svg xmlns="{SVG}" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        f'<text x="{LEFT}" y="22" font-size="14" font-weight="bold">{escape(title)}</text>',
        f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 12}" text-anchor="middle">{escape(x)}</text>',
        f'<text transform="translate(16 {middle}) rotate(-90)" text-anchor="middle">{escape(y)}</text>',
    ]
    for value in ticks:
        at = up(value)
        parts.append(f'<path d="M{LEFT} {at:.1f}H{WIDTH - RIGHT}" stroke="#ddd"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{at + 4:.1f}" text-anchor="end">{_number(value)}</text>')
    for value in xs:
        parts.append(
            f'<text x="{across(value):.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{_number(value)}</text>'
        )
    for place, (name, points) in enumerate(series.items()):
        colour = COLOURS[place % len(COLOURS)]
        places = [(across(point[0]), up(max(point[1], 1e-3))) for point in points]
        line = "L".join(f"{left:.1f} {top:.1f}" for left, top in places)
        parts.append(f'<path d="M{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{left:.1f}" cy="{top:.1f}" r="3" fill="{colour}"/>' for left, top in places]
        text = f'<text x="{WIDTH - RIGHT + 14}" y="{TOP + 14 + 18 * place}" fill="{colour}">{escape(name)}</text>'
        parts.append(text)
    return "\n".join([*parts, "</svg>", ""])


class _Scale:
    """Where a value stands between two edges."""

    def __init__(self, low: float, high: float, start: float, end: float) -> None:
        self._log = low > 0 and high > SPREAD * low
        self._low = math.log(low) if self._log else low
        self._high = math.log(high) if self._log else high
        self._start = start
        self._end = end

    def __call__(self, value: float) -> float:
        place = (math.log(value) if self._log else value) - self._low
        return self._start + place / ((self._high - self._low) or 1) * (self._end - self._start)


def _ticks(low: float, high: float) -> list[float]:
    """Powers of ten around the values, or five even steps from zero."""
    if high > SPREAD * low:
        return [10.0**power for power in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)]
    unit = 10 ** math.floor(math.log10(high))
    step = next(unit * part for part in (0.25, 0.5, 1, 2) if unit * part * 5 >= high)
    return [step * count for count in range(6)]


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:.3g}"
