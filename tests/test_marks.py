"""What a sheet needs is marked before it is handed in, not only named afterwards."""

from __future__ import annotations

import re

import pytest

from tests.test_editions import DRAFTS, Typed, sheet, world

__all__ = ["world"]

pytestmark = pytest.mark.django_db
# The application's stars follow what is typed: tests/applications and tests/browser/test_intake.
SHEETS = [desk for desk in DRAFTS if desk != "counter"]
NEEDED = re.compile(r'id="(id_\w+)_error"[^>]*>(?:(?!</span></span>).)*Needed to sign', re.DOTALL)


def marked(html: str, id_: str) -> bool:
    """The label or legend of this field carries the mark, and a screen reader is told."""
    group = re.search(rf'<fieldset[^>]*id="{id_}"[^>]*>\s*<legend>.*?</legend>', html, re.DOTALL)
    if group:
        return "☆" in group[0] and 'aria-required="true"' in group[0]
    label = re.search(rf'<label for="{id_}">.*?</label>', html, re.DOTALL)
    control = re.search(rf'<(?:input|select|textarea)[^>]*id="{id_}"[^>]*>', html)
    assert label, id_
    assert control, id_
    return "☆" in label[0] and 'aria-required="true"' in control[0]


@pytest.mark.parametrize("desk", SHEETS)
def test_what_is_needed_to_sign_was_marked_before(world, desk):
    client, url = sheet(world, desk)
    page = client.get(url).content.decode()
    empty = {
        name: values if name.endswith("_FORMS") or name == "edition" else ""
        for name, values in Typed(page).fields.items()
    }

    answer = client.post(url, empty | {"submit": "1"}).content.decode()

    needed = NEEDED.findall(answer)
    assert needed
    assert [id_ for id_ in needed if not marked(page, id_)] == []
    assert "needed to sign; a draft can do without" in page


def test_a_survey_with_a_bad_row_hears_of_everything_at_once(world):
    client, url = sheet(world, "survey")
    form = Typed(client.get(url).content.decode()).fields
    bad = form | {"loads-0-name": "空调", "loads-0-quantity": "x", "on_site_at": "gestern"}
    before = client.get(url).context["step"].sheet_edition

    answer = client.post(url, bad | {"submit": "1"})

    html = answer.content.decode()
    assert 'id="id_loads-0-quantity_error"' in html
    assert answer.context["form"].errors["on_site_at"] == ["Enter a valid date/time."]
    assert "meter_position" in answer.context["form"].errors
    assert "at least two source points" in html or "No source point" in html
    # Only heard, not done.
    assert client.get(url).context["step"].sheet_edition == before
