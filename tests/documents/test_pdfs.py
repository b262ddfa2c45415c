"""PDFs: what every reader opens is taken as it came, and what none could show says why."""

import pytest
from django.core.exceptions import ValidationError

from documents.files import bare, validate_upload
from tests.documents.factories import PDF, pdf, upload


@pytest.mark.parametrize(
    "content",
    [
        PDF,
        PDF + b"\0" * 9000,
        PDF.rstrip() + b"\r\n" * 3000 + b"\x1a",
        b"\xef\xbb\xbf" + PDF,
        b"\r\n\r\n" + PDF,
        b"Content-Type: application/pdf\r\nX-Mailer: 5\r\n\r\n" + PDF,
        bytes(range(1, 256)) * 3 + PDF,
        pdf(300),
        pdf(user_password="", owner_password="secret", algorithm="RC4-128"),
        pdf(user_password="", owner_password="secret", algorithm="AES-128"),
        pdf(user_password="", owner_password="secret", algorithm="AES-256"),
        PDF.replace(b"startxref\n", b"startxref\n9"),
    ],
)
def test_what_a_reader_opens_is_kept_byte_for_byte(content):
    checked = validate_upload(upload(content))

    assert checked.content_type == "application/pdf"
    assert bare(checked).content == content


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (pdf(user_password="1", algorithm="RC4-40"), "needs a password"),
        (pdf(user_password="1", algorithm="RC4-128"), "needs a password"),
        (pdf(user_password="1", algorithm="AES-128"), "needs a password"),
        (pdf(user_password="1", algorithm="AES-256"), "needs a password"),
        (pdf(0), "no pages"),
        (PDF[: len(PDF) // 2], "cut off"),
        (PDF + b"\n5 0 obj <</Length 900>> stream", "cut off"),
        (b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\nstartxref\n0\n%%EOF\n", "is damaged"),
        (b"%PDF-1.7\n%%EOF", "is damaged"),
        (PDF + b"PK\3\4 payload.js", "something else"),
        (PDF + b"\n<html>", "something else"),
        (b"<html>" + PDF, "a web page"),
        (b"MZ\x90" + PDF, "a program"),
        (b" " * 2000 + PDF, "no file that is known"),
    ],
)
def test_what_no_reader_could_show_says_why(content, said):
    with pytest.raises(ValidationError, match=said):
        validate_upload(upload(content))
