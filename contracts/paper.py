"""The supply contract 供用电合同: word for word what both parties sign, with its checksum."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from contracts.models import Contract, ContractKind
from documents.models import Paper
from workflow.models import Case, Step

# In the order in which a decrease reads: before → given up → after.
CAPACITIES = ("capacity_before", "capacity_taken", "capacity_kva")


def context(paper: Paper) -> dict[str, Any]:
    """The frozen content; the signatures only on the copy made when both had signed."""
    contract = Contract.objects.select_related("officer").get(pk=paper.data["contract"])
    said = paper.data["content"]
    kva = {name: Decimal(said[name]) for name in CAPACITIES if said.get(name)}
    return {
        "contract": contract,
        "said": {**said, **kva},
        "decrease": " → ".join(f"{value.normalize():f}" for value in kva.values()),
        "kind": ContractKind(said["kind"]).label,
        "settlement": Contract.Settlement(said["settlement"]).label,
        "clauses": said["clauses"],
        "checksum": paper.data["checksum"],
        "signed": paper.data["signed"],
    }


def frozen(case: Case, step: Step | None, data: dict[str, Any]) -> dict[str, Any]:
    """The words as they were drawn (they may be drawn anew), and whether both had signed."""
    contract = Contract.objects.get(pk=data["contract"])
    return {
        "content": contract.content,
        "checksum": contract.content_hash,
        "signed": contract.state == Contract.State.SIGNED,
    }
