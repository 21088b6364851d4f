"""Puts figures, tables and data into one HTML file that needs no network.

The template is Jinja's and escapes every text that is not marked as HTML here.
"""

from __future__ import annotations

import base64
import hashlib
import html
import io
import json
import math
import re
from pathlib import Path
from typing import TypeGuard

import jinja2
import matplotlib
from markupsafe import Markup

from causalyn.report import figures

ASSETS = Path(__file__).resolve().parent / "report_assets"


def count(value: float | None) -> str:
    """A whole number with thousands separators; a dash if missing."""
    return f"{round(value):,}" if _is_known(value) else "–"


def dollars(value: float | None) -> str:
    """Whole dollars; a dash if missing."""
    return figures.dollars(value) if _is_known(value) else "–"


def cents(value: float | None) -> str:
    """Dollars with two decimals; a dash if missing."""
    return f"{'−' if round(value, 2) < 0 else ''}${abs(value):,.2f}" if _is_known(value) else "–"


def share(value: float | None) -> str:
    """A share in percent with one decimal; a dash if missing."""
    return figures.rounded_share(value, 1).replace("-", "−") if _is_known(value) else "–"


def number(value: float | None) -> str:
    """A number without a unit, to three significant digits, or whole if it is large."""
    if not _is_known(value):
        return "unknown"
    return f"{value:,.0f}" if abs(value) >= 100 or value == round(value) else f"{value:.3g}".replace("-", "−")


def measure(value: float | None, unit: str) -> str:
    """A measured value in its unit: `accounts`, `users`, `usd`, `share`, `points` or `ratio`."""
    written = {"accounts": count, "users": count, "usd": dollars, "share": share, "points": _points}
    return written[unit](value) if unit in written else number(value)


def things(n: int, one: str) -> str:
    """A number of things: `1 user`, `2 users`."""
    return f"{count(n)} {one}{'' if n == 1 else 's'}"


def _points(value: float | None) -> str:
    return f"{figures.points(value)} points" if _is_known(value) else "–"


def _is_known(value: float | None) -> TypeGuard[float]:
    return value is not None and math.isfinite(value)


def image(drawn: figures.Drawn) -> Markup:
    """The figure without its title as inline SVG: its text can be selected and takes the page's font."""
    buffer = io.StringIO()
    with matplotlib.rc_context({"svg.fonttype": "none"}):
        drawn.figure.savefig(buffer, format="svg", metadata={"Date": None})
    drawing = buffer.getvalue()[buffer.getvalue().index("<svg") :]
    drawing = re.sub(
        rf"<metadata>.*?</metadata>|<g id=\"({figures.TIP}([^\"]*)|[^\"]*)\">",
        lambda found: "" if found[1] is None else f"<g><title>{found[2]}</title>" if found[2] else "<g>",
        drawing,
        flags=re.S,
    )
    drawing = re.sub(r' (width|height)="[\d.]+pt"', "", drawing, count=2)
    return Markup(drawing.replace("<svg", f'<svg role="img" aria-label="{html.escape(drawn.title)}"', 1))


def script_data(value: object) -> Markup:
    """JSON that is safe inside a script element: no text in the data can end the element."""
    return Markup(json.dumps(value, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c"))


def page(**parts: object) -> str:
    """The whole file; `parts` are the variables of the template `page.html`."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(ASSETS),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "count": count, "dollars": dollars, "cents": cents, "share": share, "number": number, "measure": measure,
        "things": things, "label": figures.label, "points": figures.points, "exp": math.exp,
    }  # fmt: skip
    style, script = (
        Markup("\n".join((ASSETS / name).read_text(encoding="utf-8") for name in names))
        for names in (("uplot.css", "page.css"), ("uplot.js", "decide.js", "page.js"))
    )
    script_hash = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return environment.get_template("page.html").render(parts, style=style, script=script, script_hash=script_hash)
