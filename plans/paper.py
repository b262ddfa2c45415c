"""What the papers of this room say."""

from __future__ import annotations

from typing import Any

from documents.models import Paper


def context(paper: Paper) -> dict[str, Any]:
    return {}
