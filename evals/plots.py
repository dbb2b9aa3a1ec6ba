"""Plots as inline SVG, coloured by the page's style sheet so that they follow light and dark."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from evals.metrics import Figure, RiskCoverage


@dataclass(frozen=True)
class Bar:
    """One bar: a figure in 0..1, and what it was before if that is known."""

    label: str
    figure: Figure
    before: float | None = None


def bars(rows: Sequence[Bar], title: str) -> str:
    """Horizontal bars with their intervals as whiskers and the baseline as a tick; the axis goes from 0 to 100."""
    left, width, step = 130, 330, 24
    height = step * len(rows) + 24
    parts = [_open(left + width + 110, height, title)]
    for share in (0, 0.25, 0.5, 0.75, 1):
        x = left + width * share
        parts.append(f'<line class="axis" x1="{x:.1f}" x2="{x:.1f}" y1="0" y2="{height - 20}"/>')
        parts.append(f'<text class="soft" x="{x:.1f}" y="{height - 4}" text-anchor="middle">{100 * share:.0f}</text>')
    for row, bar in enumerate(rows):
        top, middle, figure = row * step + 4, row * step + 12, bar.figure
        parts.append(f'<text x="{left - 8}" y="{middle + 4}" text-anchor="end">{escape(bar.label)}</text>')
        parts.append(f'<rect class="bar" x="{left}" y="{top}" width="{width * figure.value:.1f}" height="16" rx="3"/>')
        low, high = left + width * figure.low, left + width * figure.high
        parts.append(f'<line class="whisker" x1="{low:.1f}" x2="{high:.1f}" y1="{middle}" y2="{middle}"/>')
        for x in (low, high):
            parts.append(f'<line class="whisker" x1="{x:.1f}" x2="{x:.1f}" y1="{middle - 4}" y2="{middle + 4}"/>')
        if bar.before is not None:
            x = left + width * bar.before
            parts.append(f'<line class="before" x1="{x:.1f}" x2="{x:.1f}" y1="{top - 2}" y2="{top + 18}"/>')
        text = f"{100 * figure.value:.0f}"
        parts.append(f'<text x="{left + width + 12}" y="{middle + 4}">{text}</text>')
        parts.append(f'<text class="soft" x="{left + width + 46}" y="{middle + 4}">n = {figure.n}</text>')
    return "".join([*parts, "</svg>"])


def risk_coverage_plot(curve: RiskCoverage) -> str:
    """Risk (share of the required facts missing) over the share of questions answered, most confident first."""
    left, top, width, height = 44, 8, 330, 190
    parts = [_open(left + width + 16, top + height + 40, "risk over coverage")]
    for share in (0, 0.25, 0.5, 0.75, 1):
        x, y = left + width * share, top + height * (1 - share)
        parts.append(f'<line class="axis" x1="{left}" x2="{left + width}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text class="soft" x="{left - 6}" y="{y + 4:.1f}" text-anchor="end">{100 * share:.0f}</text>')
        parts.append(
            f'<text class="soft" x="{x:.1f}" y="{top + height + 16}" text-anchor="middle">{100 * share:.0f}</text>'
        )
    if curve.coverage:
        points = [
            f"{left + width * c:.1f},{top + height * (1 - r):.1f}"
            for c, r in zip(curve.coverage, curve.risk, strict=True)
        ]
        start, end = left + width * curve.coverage[0], left + width * curve.coverage[-1]
        floor = top + height
        parts.append(f'<polygon class="shade" points="{start:.1f},{floor} {" ".join(points)} {end:.1f},{floor}"/>')
        parts.append(f'<polyline class="curve" points="{" ".join(points)}"/>')
    middle, below = left + width / 2, top + height + 34
    parts.append(f'<text class="soft" x="{middle:.1f}" y="{below}" text-anchor="middle">% of questions answered</text>')
    return "".join([*parts, "</svg>"])


def whisker(figure: Figure, before: float | None = None) -> str:
    """A figure in 0..1 as a dot on its interval, one line high; the baseline as a tick."""
    width = 140
    parts = [_open(width, 14, "interval"), f'<line class="axis" x1="0" x2="{width}" y1="7" y2="7"/>']
    low, high = width * figure.low, width * figure.high
    parts.append(f'<rect class="bar" x="{low:.1f}" y="4" width="{max(high - low, 1):.1f}" height="6" rx="3"/>')
    if before is not None:
        parts.append(f'<line class="before" x1="{width * before:.1f}" x2="{width * before:.1f}" y1="0" y2="14"/>')
    x = min(max(width * figure.value, 2), width - 2)
    parts.append(f'<line class="whisker" x1="{x:.1f}" x2="{x:.1f}" y1="1" y2="13"/>')
    return "".join([*parts, "</svg>"])


def _open(width: float, height: float, title: str) -> str:
    return f'<svg viewBox="0 0 {width:.0f} {height:.0f}" role="img" aria-label="{escape(title)}">'
