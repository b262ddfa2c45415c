"""The bill 收费通知单 and the receipt 收费收据: each line with the document that allows it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.utils import timezone

from documents.models import Paper, PaperKind
from fees.models import Bill, Correction, Payment
from workflow import words
from workflow.models import Case, Step

DIGITS = "零壹贰叁肆伍陆柒捌玖"
PLACES = ("", "拾", "佰", "仟")
GROUPS = ("", "万", "亿")


def context(paper: Paper) -> dict[str, Any]:
    """The bill with its lines; on a receipt also the payment."""
    payment = None
    if paper.kind == PaperKind.PAYMENT:
        payment = Payment.objects.select_related("bill", "received_by").get(
            pk=paper.data["payment"]
        )
        bill = payment.bill
    else:
        bill = Bill.objects.get(pk=paper.data["bill"])
    rest = Decimal(paper.data.get("rest", bill.total))
    asked = payment.amount if payment else abs(rest)
    return {
        "bill": bill,
        "payment": payment,
        "plan": bill.plan,
        "lines": list(bill.lines.all()),
        "in_words": capitals(asked or bill.total),
        # What was paid before, and what of the total is to be paid now or comes back.
        "before": [
            row | {"amount": Decimal(row["amount"])} for row in paper.data.get("before", ())
        ],
        "rest": rest,
        "asked": asked,
        "kept": paper.data.get("kept", False),
        # Papers of before this was kept say that money goes back, as they always did.
        "paid": paper.data.get("paid", True),
        # A bill waived or corrected since says so only on the paper issued for that.
        "ended": words.from_data(paper.data.get("ended", "")),
        "ended_on": paper.data.get("ended_on", ""),
        "decided": paper.data.get("decided", {}),
    }


def frozen(case: Case, step: Step | None, data: dict[str, Any]) -> dict[str, Any]:
    """Whether the bill holds as it is issued, and what was paid before; if not, why, since when,
    who decided it and when, whether anything was ever `paid` in the case, and whether what was
    paid counts for the next bill (`kept`).
    """
    held = list(Payment.objects.held(case))
    if payment := data.get("payment"):
        return _paid_before([row for row in held if row.pk != payment])
    bill = Bill.objects.filter(pk=data.get("bill")).first()
    if bill is None:
        return {}
    if bill.state in Bill.STANDING:
        booked = sum((row.left for row in held), Decimal(0))
        return _paid_before(held) | ({"rest": str(bill.total - booked)} if held else {})
    approved = bill.corrections.filter(answer=Correction.Answer.APPROVED)
    found = approved.select_related("proposed_by", "answered_by").first()
    decided = found and {
        "kind": found.kind,
        "proposed_by": str(found.proposed_by),
        "by": str(found.answered_by),
        "at": f"{timezone.localtime(found.answered_at):%Y-%m-%d %H:%M}",
    }
    return {
        "ended": words.as_data(bill.reason),
        "ended_on": f"{timezone.localtime(bill.ended_at):%Y-%m-%d}" if bill.ended_at else "",
        "kept": bool(held),
        "paid": Payment.objects.filter(bill__step__case=case).exists(),
        "decided": decided or {},
    }


def _paid_before(payments: list[Payment]) -> dict[str, Any]:
    """The receipts that count for the bill, the oldest first; nothing where there are none."""
    rows = [
        {
            "receipt": payment.receipt_number,
            "on": f"{timezone.localtime(payment.received_at):%Y-%m-%d}",
            "amount": str(payment.left),
        }
        for payment in reversed(payments)
    ]
    return {"before": rows} if rows else {}


def capitals(amount: Decimal) -> str:
    """An amount below 1,000,000,000,000 yuan in the capital figures that cannot be altered (大写).

    >>> capitals(Decimal("12080.50"))
    '人民币壹万贰仟零捌拾元伍角整'
    >>> capitals(Decimal("100000000.06"))
    '人民币壹亿元零陆分'
    """
    yuan, cents = divmod(int(amount * 100), 100)
    jiao, fen = divmod(cents, 10)
    text = f"{_integer(yuan)}元" if yuan else ""
    if jiao:
        text += f"{DIGITS[jiao]}角"
    elif fen and yuan:
        text += "零"
    text += f"{DIGITS[fen]}分" if fen else "整"
    return f"人民币{'零元' if text == '整' else ''}{text}"


def _integer(number: int) -> str:
    """The figures of a whole number, in groups of four; a gap of noughts is one 零."""
    text, gap = "", False
    digits = str(number)
    for index, figure in enumerate(digits):
        place = len(digits) - index - 1
        if figure == "0":
            gap = True
        else:
            text += ("零" if gap and text else "") + DIGITS[int(figure)] + PLACES[place % 4]
            gap = False
        if place % 4 == 0 and place and int(digits[max(0, index - 3) : index + 1]):
            text += GROUPS[place // 4]
    return text
