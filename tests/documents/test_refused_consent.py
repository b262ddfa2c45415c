"""A consent refused is told to the customer in writing, with options; the case goes on."""

import pytest

from documents import pdf
from documents.models import Paper
from tests.documents.factories import papers_of
from tests.surveys.factories import answered, asked, candidate, contested

pytestmark = pytest.mark.django_db


def test_a_refused_consent_is_told_with_options_and_does_not_close_the_case():
    case = contested()

    answered(asked(candidate(case)), "no", words="不愿再共用表箱")

    notice = Paper.objects.get(pk=papers_of(case, "refusal")["en"].pk)
    text = pdf.html(notice)
    assert "不愿再共用表箱" in text
    assert "改接院内 2# 分支箱" in text
    assert "We have not closed your request." in text
    assert "We cannot supply as you asked" not in text
