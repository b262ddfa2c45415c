"""Which sheet belongs to which step."""

from __future__ import annotations

from workflow.process import Kind
from works.forms.check import AcceptanceForm, MidCheckForm
from works.forms.drawing import DrawingForm
from works.forms.licence import LicenceCheckForm
from works.forms.room import RoomForm

FORMS: dict[str, type[RoomForm]] = {
    Kind.DESIGNER: LicenceCheckForm,
    Kind.DRAWINGS: DrawingForm,
    Kind.CONTRACTOR: LicenceCheckForm,
    Kind.MID_CHECK: MidCheckForm,
    Kind.ACCEPTANCE: AcceptanceForm,
}
