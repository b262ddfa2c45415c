"""Which phone numbers the counter takes down."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from applications import wording


@pytest.mark.parametrize(
    "number",
    [
        "13900004217",
        "139 0000 4217",
        "139-0000-4217",
        "+86 139 0000 4217",
        "8613900004217",
        "１３９００００４２１７",
        "025-88002101",
        "025-8800 2101",
        "(025) 8800-2101",
        "（025）88002101",
        "010-62880011",
        "0516-8370221",
        "025-8800 2101-123",
        "025-8800 2101 转 8",
        "025-8800 2101 ext. 12",
        "400-820-8820",
        "+49 30 1234567",
    ],
)
def test_a_number_that_can_be_called_is_taken(number):
    wording.phone(number)


@pytest.mark.parametrize(
    "number",
    [
        "call me",
        "12345",
        "8800-2101",
        "1390000421",
        "139000042170",
        "12900004217",
        "025-880021",
        "025-1800 2101",
        "0000-0000000",
        "025-8800 2101-1234567",
        "139 0000 4217 139 0000 4218",
        "+86 12345678",
        "٠١٢٣٤٥٦٧٨٩٠",
    ],
)
def test_a_number_that_nobody_has_is_refused_with_the_way_to_write_it(number):
    with pytest.raises(ValidationError, match=r"139 0000 4217.*025-8800 2101-123"):
        wording.phone(number)
