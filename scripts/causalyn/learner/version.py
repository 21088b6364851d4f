"""The version of the code that fits and scores, without importing it, which takes seconds."""

from __future__ import annotations

import hashlib
from importlib.metadata import version
from pathlib import Path

CODE = tuple(Path(__file__).parents[1] / file for file in ("engines/engine.py", "learner/uplift.py"))


def library_version() -> str:
    """An md5 of the code that fits and scores, and of the scikit-learn release."""
    text = "\n".join([f"scikit-learn {version('scikit-learn')}", *(file.read_text(encoding="utf-8") for file in CODE)])
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
