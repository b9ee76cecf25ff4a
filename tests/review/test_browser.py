"""A tutor marks with the keyboard in a real browser."""

from __future__ import annotations

import shutil
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from reviewed import TUTORS, Room

api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is on this machine (apt install chromium)")

WORDS = "/c/ex2.discussion"
ALIKE = "/c/ex1.accuracy/alike/eve-5?show=lost"
PATHS = (
    "/",
    WORDS,
    f"{WORDS}/s/ada-1",
    f"{WORDS}/s/ada-1?all=1",
    "/c/ex1.accuracy/s/eve-5?show=all",
    ALIKE,
    "/s",
    "/s/eve-5",
    "/s/eve-5/notebook",
)


@pytest.fixture
def room(tmp_path: Path) -> Room:
    """A graded class."""
    return Room(tmp_path)


@pytest.fixture
def home(room: Room) -> Iterator[str]:
    """The address of a server of that class."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(room.app, lifespan="off", ws="none", log_level="error"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    thread.join()
    listening.close()


@pytest.fixture
def page(home: str) -> Iterator[Any]:
    """A page of kim's browser, and in ``page.said`` what its console said and what it asked of others."""
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        made = browser.new_page(base_url=home)
        made.said = []
        made.on("console", lambda message: made.said.append(message.text))
        made.on("pageerror", lambda error: made.said.append(str(error)))
        made.on("request", lambda request: request.url.startswith(home) or made.said.append(request.url))
        made.goto(f"/enter/{next(iter(TUTORS))}")
        yield made
        browser.close()


def look(page: Any) -> None:
    """Looks at the page for as long as it takes no decision."""
    while page.evaluate("performance.now() - shownAt <= SOONEST_MS"):
        page.wait_for_timeout(50)


def test_a_press_that_was_meant_for_the_page_before_decides_nothing(page: Any, room: Room) -> None:
    """Two quick presses mark one answer, not the next one too."""
    key = 'new KeyboardEvent("keydown", {key: "2", code: "Digit2", bubbles: true})'
    page.add_init_script(f'addEventListener("DOMContentLoaded", () => document.body.dispatchEvent({key}))')
    page.goto(f"{WORDS}/s/dee-4")
    look(page)
    assert room.given() == {}


def press(page: Any, key: str) -> None:
    """Looks, and presses a key that leads to another page."""
    look(page)
    with page.expect_navigation():
        page.keyboard.press(key)


def test_a_group_takes_three_keys(page: Any, room: Room) -> None:
    """One to look at all, one to choose, one to give; the console is silent, and nothing is asked of others."""
    page.goto(f"{WORDS}/s/ada-1")
    press(page, "g")
    page.keyboard.press("2")
    assert room.given() == {}
    press(page, "Enter")
    assert room.given() == {"ada-1": 2, "bob-2": 2}
    assert page.said == []


def test_one_key_marks_and_one_takes_back(page: Any, room: Room) -> None:
    """A digit that is typed into a field is no mark."""
    page.goto(f"{WORDS}/s/dee-4")
    page.keyboard.press("t")
    page.keyboard.type("012")
    page.keyboard.press("Escape")
    press(page, "Shift+Digit1")
    assert room.given() == {"dee-4": 1.5}
    press(page, "u")
    assert room.given() == {}
    assert page.said == []


def test_keys_can_be_switched_off(page: Any, room: Room) -> None:
    """Who dictates or uses other tools presses no key by accident."""
    page.goto(f"{WORDS}/s/dee-4")
    page.uncheck("#keys")
    page.keyboard.press("2")
    page.reload()
    page.keyboard.press("2")
    assert room.given() == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_are_accessible_and_fit_a_phone(page: Any, scheme: str) -> None:
    """axe-core finds nothing, and nothing is wider than 390 px."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    page.set_viewport_size({"width": 390, "height": 844})
    page.emulate_media(color_scheme=scheme)
    for path in PATHS:
        page.goto(path)
        page.evaluate(Path(axe.__file__).with_name("axe.min.js").read_text())
        assert page.evaluate("axe.run().then(found => found.violations.map(one => one.id))") == [], path
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
