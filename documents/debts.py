"""What a case still owes in papers."""

from workflow.models import Case


def owed(case: Case) -> bool:
    """Whether any paper is still owed on the case."""
    return False
