"""The proof that the log of events is what was written, and what it says the states are."""

from __future__ import annotations

from collections.abc import Collection

from workflow.models import Case, Event


def verify(numbers: Collection[str] = ()) -> tuple[int, str]:
    """Walk the chains; returns the events checked and the first fault in words ("" when there is
    none).
    """
    cases = Case.objects.filter(number__in=numbers) if numbers else Case.objects.all()
    checked = 0
    for case in cases.order_by("pk").iterator(chunk_size=500):
        previous, seq = "", 0
        for event in case.events.order_by("seq").iterator(chunk_size=500):
            seq += 1
            where = f"case {case.number}, event {event.seq} (row {event.pk})"
            if event.seq != seq:
                return checked, f"{where}: event {seq} is missing before it"
            if event.previous_hash != previous:
                return checked, f"{where}: does not follow the event before it"
            if event.hash != event.digest():
                return checked, f"{where}: was changed after it was written"
            previous, checked = event.hash, checked + 1
        if (seq, previous) != (case.event_count, case.event_hash):
            return (
                checked,
                f"case {case.number}: its log ends at event {seq}, not at {case.event_count}",
            )
    return checked, ""


def replay(case: Case) -> tuple[str, dict[tuple[str, int], str]]:
    """The state of the case and of each (kind, round), told by its events alone."""
    state, steps = "", {}
    for event in Event.objects.filter(case=case).order_by("seq"):
        state = event.data.get("case", state)
        for kind, number, reached in event.data.get("changes", ()):
            steps[kind, number] = reached
    return state, steps
