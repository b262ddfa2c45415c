"""The product in a real browser.

A click returns as soon as the next page has begun to arrive. What acts (`fill`, another click) and
what expects waits for its element by itself; what only reads (`count`, `all`, `inner_text`) finds
half a page on a busy machine, so a link whose page is read is opened with `follow`.
"""

from playwright.sync_api import Page, expect

PATIENCE = 60_000
"""Milliseconds to wait for a page or an element: long, for a machine that is busy."""

expect.set_options(timeout=PATIENCE)


def follow(page: Page, link: str) -> None:
    """Open a link, and be there when its page is complete."""
    with page.expect_navigation():
        page.click(link)
