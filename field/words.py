"""What the scripts of the tablet say; {name} is filled in there."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

WORDS = {
    "offline": _("Offline"),
    "waits": _("{n} records to send"),
    "waits_one": _("1 record to send"),
    "login": _("Your session has ended. Nothing is lost: sign in, and it is sent."),
    "sign_in": _("Sign in"),
    "other": _("This tablet is signed in as somebody else, or as nobody. Sign in to go on."),
    "clock": _("This tablet's clock is {n} minutes wrong. Both times are kept."),
    "no_worker": _("This browser cannot work without a signal: stay connected until all is sent."),
    "full": _(
        "The tablet's storage is full: this was NOT kept. Send what waits, write a rescue file, "
        "or delete other things from the tablet."
    ),
    "bound": _(
        "600 MB of photos wait on this tablet: this one was NOT kept. Send what waits first, or "
        "write a rescue file."
    ),
    "broken": _("Something went wrong on this tablet: {why}"),
    "unreadable": _("The tablet cannot read the photo {file} any more. Write a rescue file."),
    "draft": _("Begun on this tablet"),
    "to_send": _("To send"),
    "to_send_files": _("To send: the server holds {held} of {of}"),
    "returned": _("To be corrected"),
    "note": _("{n} records to send, the server holds {held} of {of} photos"),
    "note_one": _("1 record to send, the server holds {held} of {of} photos"),
    "note_sub": _("Last connected {at}. All of it lies on this tablet; go on working."),
    "send": _("Send now ({n} records)"),
    "send_one": _("Send now (1 record)"),
    "all_sent": _("All is sent"),
    "go_on": _("Go on"),
    "correct": _("Correct"),
    "open": pgettext_lazy("button", "Open"),
    "look": _("Look"),
    "signal": _("This page is not on the tablet: it needs a signal. Nothing is lost."),
    "forgotten": _(
        "All pages and records of yours are deleted from this tablet. Log out as soon as there is "
        "a signal."
    ),
    "again": _("Send again"),
    "space": _("{used} of {all} MB used"),
    "kept": _(
        "{n} visits are saved on this tablet. What you write stays here until the server has it."
    ),
    "nothing": _("Nothing waits on this tablet."),
    "rescued": _("A rescue file with {n} records was written to the tablet's downloads."),
    "taken_in": _("{n} records were taken in from the rescue file. What was closed is sent now."),
    "taken_in_short": _(
        "{n} records were taken in, but {lost} photos were missing or spoilt in the rescue file."
    ),
    "rescue_other": _("This rescue file is somebody else's. Sign in as the person who wrote it."),
    "rescue_none": _("This is no rescue file of a tablet."),
    "forget": _("Delete all pages and records of yours from this tablet?"),
    "forget_left": _(
        "{n} records on this tablet are NOT on the server yet. They would be lost. Delete them all?"
    ),
    "no_picture": _("{file} is no picture this tablet can read."),
    "less": _("less:"),
    "more": _("more:"),
    "photo": _("Photo"),
    "photos": _("Add photos"),
    "take": _("Take a photo"),
    "retake": _("Take it again"),
    "many": _("At most {n} photos go with one record; close this one, and begin another."),
    "heavy": _("The photos of one record are too large together."),
    "twice": _("This photo is here already."),
    "scan": _("Scan the barcode"),
    "no_code": _("No barcode was found on the picture. Type the number."),
    "known": _("Among the meters this tablet knows."),
    "unknown": _("Not among the meters this tablet knows; check the number."),
    "as_signature": _("Customer's signature"),
    "as_sketch": _("Sketch"),
    "on_photo": _("Sketch on the last photo"),
    "first_photo": _("Take a photo first."),
    "accuracy": _("GPS accuracy"),
    "distance": _("From the declared address"),
    "locate": _("Use my location"),
    "no_place": _("No location yet. Go outside, or type the coordinates."),
    "saved": _("{at} kept here\n{n} of {of} sections"),
    "next": _("Next: {section}"),
    "wrong": _("{n} fields are to be put right before it is closed."),
    "wrong_one": _("One field is to be put right before it is closed."),
    "corrections": _("The server could not accept this. Correct what is marked."),
    "lost": _("A photo is not on the tablet any more: take it again."),
    "closed_here": _("This sheet is closed already; open the visit again to see it."),
    "stuck": _(
        "The server failed at one record. It stays here and is tried again; others are sent."
    ),
    "not_closed": _("Nothing to send yet: close what is begun"),
    "not_kept": _("{n} of {of} photos were NOT kept:"),
    "nothing_drawn": _("Nothing was drawn."),
    "alone": _("This visit is open in another tab of this tablet. Go on there, or close that tab."),
    "back": _("Back to today"),
    "old": _(
        "This visit is not yours any more, or is finished. What you wrote is kept: close it, and "
        "it is sent; then somebody decides between both versions."
    ),
    "kept_one": _(
        "1 visit is saved on this tablet. What you write stays here until the server has it."
    ),
    "closed": _("All sheets of this visit are closed and wait to be sent."),
}
