from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.utils.translation import override

from applications import identity
from applications.models.application import key
from tests.applications.factories import COMPANY, WANG, ZHAO

TODAY = date(2026, 10, 20)


@pytest.mark.parametrize(
    "number",
    [WANG, ZHAO, ZHAO.lower(), "１１０１０５１９４９１２３１００２Ｘ", "110105 19491231 002X"],
)
def test_a_resident_id_with_its_check_digit_is_taken_in_one_spelling(number):
    taken = identity.check("resident_id", number, today=TODAY)

    assert len(taken) == 18
    assert taken == identity.normal(taken)


@pytest.mark.parametrize("place", range(18))
def test_one_wrong_digit_anywhere_is_found(place):
    digit = "1" if WANG[place] != "1" else "2"
    wrong = WANG[:place] + digit + WANG[place + 1 :]

    with pytest.raises(ValidationError):
        identity.check("resident_id", wrong, today=TODAY)


@pytest.mark.parametrize(
    ("number", "says"),
    [
        ("3201041990030704", "18 places"),
        ("320104199003070423A", "18 places"),
        ("32010419900307042Y", "18 places"),
        ("320104199013070428", "date of birth"),
        ("320104199002300428", "date of birth"),
        ("320104209903070428", "possible date"),
        ("320104180003070428", "possible date"),
        ("320104199003070424", "last place"),
        ("", "18 places"),
    ],
)
def test_a_wrong_resident_id_says_what_is_wrong(number, says):
    with override("en"), pytest.raises(ValidationError, match=says):
        identity.check("resident_id", number, today=TODAY)


# The example of GB 32100-2015, and one computed from a made-up body.
@pytest.mark.parametrize("code", ["91350100M000100Y43", COMPANY])
def test_a_credit_code_with_its_check_character_is_taken(code):
    assert identity.check("credit_code", code.lower(), today=TODAY) == code


@pytest.mark.parametrize("place", range(18))
def test_one_wrong_character_in_a_credit_code_is_found(place):
    other = "1" if COMPANY[place] != "1" else "2"

    with pytest.raises(ValidationError):
        identity.check("credit_code", COMPANY[:place] + other + COMPANY[place + 1 :], today=TODAY)


@pytest.mark.parametrize("code", ["91320102MA1MK8KEI8", "9132", "91320102MA1MK8KE588", "<script>"])
def test_a_credit_code_of_the_wrong_shape_is_refused(code):
    with pytest.raises(ValidationError):
        identity.check("credit_code", code, today=TODAY)


def test_other_papers_have_letters_and_digits():
    assert identity.check("passport", "e1234 5678", today=TODAY) == "E12345678"
    with pytest.raises(ValidationError):
        identity.check("passport", "护照", today=TODAY)


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (WANG, "3201**********" + WANG[-4:]),
        ("E12345678", "E123*5678"),
        ("E1234567", "E******7"),
        ("AB", "**"),
        ("", "**"),
    ],
)
def test_a_masked_number_keeps_its_ends_only(number, shown):
    assert identity.mask(number) == shown


def test_addresses_are_compared_without_spaces_width_and_signs():
    assert key("临湖区人民路８号院, 3-201") == key("临湖区 人民路8号院 3 201")
    assert key("人民路 8 号") != key("人民路 9 号")
