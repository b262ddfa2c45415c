"""What the worker does for documents. Tasks take ids and are safe to run twice."""

from __future__ import annotations

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from documents.models import Paper

LATE = timedelta(minutes=1)


@shared_task
def render(paper_id: int) -> None:
    """Render one paper, unless it is rendered already."""
    from documents import pdf, services  # WeasyPrint stays out of the web processes

    paper = Paper.objects.select_related("case__unit", "step").get(pk=paper_id)
    if paper.rendered_at is None:
        services.keep(paper, *pdf.render(paper))


@shared_task
def render_missing() -> int:
    """Send again what was asked for and never rendered: a worker died, or the broker lost it."""
    late = Paper.objects.unrendered().filter(issued_at__lt=timezone.now() - LATE)
    ids = list(late.values_list("pk", flat=True)[:200])
    for paper_id in ids:
        render.delay(paper_id)
    return len(ids)
