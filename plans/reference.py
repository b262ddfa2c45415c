"""Approval levels and validity as shipped: editable rows, each with its basis."""

from __future__ import annotations

APPROVALS = (
    # from kVA, class, important only, approvers, basis
    (0, "", False, 1, "Company rule"),
    (1260, "", False, 2, "Joint review from 1260 kVA (company rule)"),
    (0, "hv_dual", False, 2, "Joint review of multi-source plans (company rule)"),
    (0, "", True, 2, "Joint review for important customers (company rule)"),
)
VALIDITY = (
    ("lv_residential", 3, "供电营业规则 2024", False),
    ("lv_other", 3, "供电营业规则 2024", False),
    ("hv_single", 12, "供电营业规则 2024", True),
    ("hv_dual", 12, "供电营业规则 2024", True),
)


def load(apps) -> None:
    """Write the shipped rows where there are none."""
    approval, validity = (apps.get_model("plans", n) for n in ("ApprovalRule", "ValidityRule"))
    if not approval.objects.exists():
        for from_kva, customer_class, important, approvers, basis in APPROVALS:
            approval.objects.create(
                from_kva=from_kva,
                customer_class=customer_class,
                important_only=important,
                approvers=approvers,
                basis=basis,
            )
    for customer_class, months, basis, confirmed in VALIDITY:
        validity.objects.get_or_create(
            customer_class=customer_class,
            defaults={"months": months, "basis": basis, "confirmed": confirmed},
        )
