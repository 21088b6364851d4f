"""Puts figures, tables and data into one HTML file that needs no network."""

from __future__ import annotations

import base64
import html
import json
from pathlib import Path
from string import Template

import pandas as pd

ASSETS = Path(__file__).resolve().parent / "report_assets"


def _cell(value: object) -> str:
    if pd.isna(value):
        return ""
    if isinstance(value, float):
        return f"{value:,.2f}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def table(frame: pd.DataFrame | None) -> str:
    """`frame` as an HTML table with every text escaped; a sentence where there is none."""
    if frame is None or frame.empty:
        return "<p>Not available in this warehouse.</p>"
    head = "".join(f"<th scope=col>{html.escape(name.replace('_', ' '))}</th>" for name in frame.columns)
    rows = (
        "".join(f"<td>{html.escape(_cell(value))}</td>" for value in row) for row in frame.astype(object).to_numpy()
    )
    return f"<div class=scroll><table><tr>{head}</tr>{''.join(f'<tr>{row}</tr>' for row in rows)}</table></div>"


def image(svg: bytes, title: str) -> str:
    """The picture, inside the page, with its finding as the text for those who can't see it."""
    source = base64.b64encode(svg).decode()
    return f'<figure><img src="data:image/svg+xml;base64,{source}" alt="{html.escape(title)}"></figure>'


def script_data(value: object) -> str:
    """JSON that can stand in a script element: no text of the data can end the element."""
    return json.dumps(value, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")


def page(parts: dict[str, str], data: object) -> str:
    """The whole file; `parts` are the template's named places, already HTML."""
    style, script = (
        "\n".join((ASSETS / name).read_text() for name in names)
        for names in (("uplot.css", "page.css"), ("uplot.js", "decide.js", "page.js"))
    )
    template = Template((ASSETS / "page.html").read_text())
    return template.substitute(parts, style=style, data=script_data(data), script=script)
