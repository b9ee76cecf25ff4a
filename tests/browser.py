"""A real browser for tests of pages: Chromium by Playwright, and axe-core's rules of WCAG."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
"""What Chromium is called, by distribution."""

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@contextmanager
def chromium() -> Iterator[Any]:
    """A browser; the test is skipped where there is none."""
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed (the extra dev)")
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    with playwright.sync_playwright() as started:
        if found is None and not Path(started.chromium.executable_path).is_file():
            pytest.skip("there is no Chromium: install it, or run `playwright install chromium`")
        # The superuser's Chromium has no sandbox; a page of ours is all that it opens.
        arguments = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
        browser = started.chromium.launch(executable_path=found, args=arguments)
        yield browser
        browser.close()


class Opened:
    """A page that is open, and what happened meanwhile.

    Attributes:
        said: Messages of the console, and errors.
        asked: Addresses that were requested besides the file itself.
    """

    def __init__(self, browser: Any, path: Path, *, fragment: str = "", **settings: Any) -> None:
        self.page = browser.new_page(**settings)
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        address = path.as_uri()
        self.page.goto(f"{address}{fragment}")
        self.asked = [one for one in self.asked if not one.startswith((address, "data:"))]

    def violations(self) -> list[str]:
        """What axe-core finds, with everything unfolded."""
        axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
        self.page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
        found = axe.run(self.page, options={"runOnly": TAGS}).response["violations"]
        return [f"{one['id']}: {node['html'][:200]}" for one in found for node in one["nodes"]]

    def texts(self, selector: str) -> list[str]:
        """The texts of the elements that are found."""
        return [text.strip() for text in self.page.locator(selector).all_inner_texts()]
