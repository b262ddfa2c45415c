"""What a case still owes its customer after power on: asked by the door before it archives."""

from __future__ import annotations

from metering.models import CallBack
from workflow.models import Case


def owed(case: Case) -> bool:
    """Whether the follow-up of a call-back is still to be done."""
    return CallBack.objects.to_follow_up().filter(step__case=case).exists()
