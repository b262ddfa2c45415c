"""What the floor does with a case, each act by its name in the history."""

from django.utils.translation import gettext_lazy

from workflow.verbs import verb

OPENED = verb("opened", gettext_lazy("Case opened"))
CLAIMED = verb("claimed", gettext_lazy("Claimed"))
ASSIGNED = verb("assigned", gettext_lazy("Handed to a colleague"))
PASSED_ON = verb("passed_on", gettext_lazy("Passed on"))
HANDED_OVER = verb("handed_over", gettext_lazy("Customer's turn"))
TAKEN_BACK = verb("taken_back", gettext_lazy("Our turn again"))
STOPPED = verb("stopped", gettext_lazy("Clock stopped"), told=True)
RESUMED = verb("resumed", gettext_lazy("Clock runs again"), told=True)
FINISHED = verb("finished", gettext_lazy("Finished"))
SENT_BACK = verb("sent_back", gettext_lazy("Sent back"), told=True)
EXPLAINED = verb("late_explained", gettext_lazy("Cause of lateness said"))
FACTS = verb("facts_changed", gettext_lazy("Facts changed"))
OFFICE_CHANGED = verb("office_changed", gettext_lazy("Handed to another office"))
DESCRIBED = verb("described", gettext_lazy("Customer data changed"))
WITHDRAWN = verb("withdrawn", gettext_lazy("Withdrawn by the customer"), told=True)
DISCARDED = verb("discarded", gettext_lazy("Draft discarded"))
REFUSED = verb("refused", gettext_lazy("Refused"), told=True)
FAST_LANE_ASKED = verb("fast_lane_asked", gettext_lazy("Fast lane asked for"))
FAST_LANE_APPROVED = verb(
    "fast_lane_approved", gettext_lazy("Fast lane approved"), not_by_whom=("fast_lane_asked",)
)
FAST_LANE_REVOKED = verb("fast_lane_revoked", gettext_lazy("Fast lane revoked"))
DUE_CHANGED = verb("due_changed", gettext_lazy("Due date changed"), told=True)
CONTACTED = verb("contacted", gettext_lazy("Contact with the customer"))
REMINDED = verb("reminded", gettext_lazy("Reminder"))
CONCLUDED = verb("concluded", gettext_lazy("Nothing more is owed"))
