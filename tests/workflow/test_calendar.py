"""Due dates against a table written by hand from the State Council's notices.

Every row was counted on paper: start, limit, days stopped, the day it must be done by.
"""

from datetime import date, timedelta

import pytest

from workflow import clocks, reference
from workflow.calendar import Calendar, DayKind, due_date, ledger

pytestmark = pytest.mark.django_db

# fmt: off
TABLE = [
    # An ordinary week, 2026
    ("2026-06-01", 1, "", "2026-06-02"),   # Monday + 1
    ("2026-06-01", 3, "", "2026-06-04"),
    ("2026-06-03", 3, "", "2026-06-08"),   # over a weekend
    ("2026-06-05", 1, "", "2026-06-08"),   # Friday + 1 = Monday
    ("2026-06-06", 1, "", "2026-06-08"),   # accepted on a Saturday
    ("2026-06-07", 5, "", "2026-06-12"),   # accepted on a Sunday
    ("2026-06-12", 5, "", "2026-06-22"),   # Dragon Boat 06-19 to 06-21
    # New Year 2026: rest 01-01 to 01-03, Sunday 01-04 worked
    ("2025-12-31", 1, "", "2026-01-04"),
    ("2025-12-31", 2, "", "2026-01-05"),
    ("2026-01-01", 3, "", "2026-01-06"),
    ("2025-12-26", 5, "", "2026-01-05"),
    # Spring Festival 2026: rest 02-15 to 02-23, Saturdays 02-14 and 02-28 worked
    ("2026-02-11", 3, "", "2026-02-14"),
    ("2026-02-11", 10, "", "2026-03-03"),
    ("2026-02-13", 1, "", "2026-02-14"),
    ("2026-02-13", 2, "", "2026-02-24"),
    ("2026-02-14", 1, "", "2026-02-24"),
    ("2026-02-16", 3, "", "2026-02-26"),
    ("2026-02-24", 4, "", "2026-02-28"),
    ("2026-02-24", 5, "", "2026-03-02"),
    ("2026-02-10", 20, "", "2026-03-16"),
    # Tomb Sweeping 04-04 to 04-06; Labour Day 05-01 to 05-05, Saturday 05-09 worked
    ("2026-04-03", 1, "", "2026-04-07"),
    ("2026-04-30", 1, "", "2026-05-06"),
    ("2026-04-30", 4, "", "2026-05-09"),
    ("2026-04-30", 5, "", "2026-05-11"),
    ("2026-04-29", 10, "", "2026-05-15"),
    # Mid-Autumn 09-25 to 09-27, Sunday 09-20 worked; National Day 10-01 to 10-07, Saturday 10-10
    # worked
    ("2026-09-18", 1, "", "2026-09-20"),
    ("2026-09-18", 5, "", "2026-09-24"),
    ("2026-09-18", 6, "", "2026-09-28"),
    ("2026-09-28", 10, "", "2026-10-16"),
    ("2026-09-30", 1, "", "2026-10-08"),
    ("2026-09-30", 3, "", "2026-10-10"),
    ("2026-09-30", 4, "", "2026-10-12"),
    ("2026-10-09", 1, "", "2026-10-10"),
    # 2025: Spring Festival 01-28 to 02-04, worked 01-26 and 02-08; National Day 10-01 to 10-08,
    # worked 09-28, 10-11
    ("2025-01-24", 1, "", "2025-01-26"),
    ("2025-01-27", 1, "", "2025-02-05"),
    ("2025-01-27", 4, "", "2025-02-08"),
    ("2025-09-26", 1, "", "2025-09-28"),
    ("2025-09-30", 3, "", "2025-10-11"),
    # 2024: worked 02-04 and 02-18, rest 02-10 to 02-17
    ("2024-02-02", 1, "", "2024-02-04"),
    ("2024-02-09", 1, "", "2024-02-18"),
    # Stops: their days do not count
    ("2026-09-28", 10, "2026-10-13 2026-10-16", "2026-10-22"),
    ("2026-06-01", 3, "2026-06-02 2026-06-02", "2026-06-05"),
    ("2026-06-01", 3, "2026-06-05 2026-06-07", "2026-06-04"),   # after it was due
    ("2026-06-04", 3, "2026-06-06 2026-06-07", "2026-06-09"),   # over rest days: nothing added
    ("2026-02-11", 3, "2026-02-12 2026-02-24", "2026-02-27"),   # over the whole festival
    ("2026-09-29", 2, "2026-10-09 2026-10-10", "2026-10-08"),
    ("2026-09-29", 3, "2026-10-09 2026-10-10", "2026-10-12"),   # stop over a worked Saturday
    # Past the horizon: Monday to Friday until the notice for 2027 is loaded
    ("2026-12-30", 3, "", "2027-01-04"),
    ("2026-12-31", 1, "", "2027-01-01"),
    ("2027-02-05", 5, "", "2027-02-12"),
    ("2027-09-30", 3, "", "2027-10-05"),
    ("2031-03-03", 5, "", "2031-03-10"),
]
# fmt: on


def day(text: str) -> date:
    return date.fromisoformat(text)


def stopped(text: str) -> set[date]:
    if not text:
        return set()
    first, last = map(day, text.split())
    return {first + timedelta(days=n) for n in range((last - first).days + 1)}


@pytest.mark.parametrize(("start", "limit", "stops", "due"), TABLE)
def test_a_due_date_is_the_one_counted_by_hand(start, limit, stops, due):
    calendar = clocks.calendar()

    assert due_date(calendar, day(start), limit, stopped(stops)) == day(due)
    assert ledger(calendar, day(start), limit, stopped(stops))[-1].day == day(due)


def test_the_table_is_long_enough_and_covers_the_hard_days():
    assert len(TABLE) >= 40
    assert {row[3][:4] for row in TABLE} >= {"2024", "2025", "2026", "2027"}


def test_the_first_day_counts_where_a_utility_says_so():
    calendar = clocks.calendar()

    assert due_date(calendar, day("2026-06-01"), 3, count_first_day=True) == day("2026-06-03")
    assert due_date(calendar, day("2026-06-06"), 3, count_first_day=True) == day("2026-06-10")


def test_a_worked_saturday_is_told_apart_from_a_weekday_in_the_ledger():
    days = {d.day: d for d in ledger(clocks.calendar(), day("2026-09-28"), 10)}

    assert days[day("2026-10-10")].kind == DayKind.WORKED_WEEKEND
    assert days[day("2026-10-05")].kind == DayKind.REST
    assert days[day("2026-09-28")].kind == DayKind.START


def test_past_its_notice_the_calendar_says_that_it_is_not_confirmed():
    calendar = clocks.calendar()

    assert calendar.is_confirmed(day("2026-12-31"))
    assert not calendar.is_confirmed(day("2027-01-01"))


def test_counting_forth_and_back_agree():
    calendar = clocks.calendar()
    for offset in range(0, 400, 7):
        start = day("2025-12-01") + timedelta(days=offset)
        for n in (1, 5, 22):
            end = calendar.add(start, n)
            assert calendar.between(start, end) == n
            assert calendar.is_working(end)


def test_bisection_and_walking_give_the_same_days_at_the_edge_of_the_list():
    rows = list(reference.exceptions())
    wide = Calendar([(r["day"], r["worked"]) for r in rows], day("2026-12-31"), day("2033-12-31"))
    narrow = Calendar([(r["day"], r["worked"]) for r in rows], day("2026-12-31"), day("2026-12-31"))
    for start in (day("2026-12-01"), day("2026-12-30"), day("2027-06-05")):
        for n in (-3, 0, 1, 5, 40):
            assert wide.add(start, n) == narrow.add(start, n)


def test_every_state_council_day_of_the_domain_is_in_the_shipped_calendar():
    calendar = clocks.calendar()
    worked = (
        "2026-01-04 2026-02-14 2026-02-28 2026-05-09 2026-09-20 2026-10-10 2025-01-26 2025-02-08 "
        "2025-04-27 2025-09-28 2025-10-11 2024-02-04 2024-02-18 2024-04-07 2024-04-28 2024-05-11 "
        "2024-09-14 2024-09-29 2024-10-12"
    )
    assert all(calendar.is_working(day(d)) for d in worked.split())
    for first, last in (
        ("2026-01-01", "2026-01-03"),
        ("2026-02-15", "2026-02-23"),
        ("2026-04-04", "2026-04-06"),
        ("2026-05-01", "2026-05-05"),
        ("2026-06-19", "2026-06-21"),
        ("2026-09-25", "2026-09-27"),
        ("2026-10-01", "2026-10-07"),
    ):
        assert not any(calendar.is_working(d) for d in stopped(f"{first} {last}"))
