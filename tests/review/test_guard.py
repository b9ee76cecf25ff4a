"""Nobody but a tutor's own browser gets anything, and nothing of a submission runs in it."""

from __future__ import annotations

import re

import pytest
from reviewed import HOME, TUTORS, Room
from starlette.testclient import TestClient

SECRET = next(iter(TUTORS))


@pytest.fixture
def room(tmp_path):
    """A graded class."""
    return Room(tmp_path)


def fresh(room, **headers):
    """A browser that does not know the secret."""
    return TestClient(room.app, base_url=HOME, headers=headers, follow_redirects=False)


def test_without_the_secret_nothing_is_shown(room):
    """Every address is refused, also one that does not exist."""
    client = fresh(room)
    for path in ("/", "/c/ex2.discussion", "/static/review.css", "/s/ada-1/feedback.html", "/nothing"):
        assert client.get(path).status_code == 403


def test_a_wrong_secret_is_refused(room):
    """Neither a part of the secret nor another word lets anybody in."""
    client = fresh(room)
    for wrong in ("", SECRET[:-1], f"{SECRET}x", "\u00e4"):
        assert client.get(f"/enter/{wrong}").status_code == 403
    assert not client.cookies


def test_the_secret_becomes_a_cookie_that_no_page_can_read(room):
    """The address of what follows holds no secret, and the cookie stays with this server."""
    answer = fresh(room).get(f"/enter/{SECRET}")
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert {"HttpOnly", "SameSite=strict"} <= set(answer.headers["set-cookie"].split("; "))
    assert SECRET not in answer.headers["set-cookie"]


@pytest.mark.parametrize("host", ["grader.example.org", "127.0.0.1.example.org", "", "127.0.0.1@evil", "a b"])
def test_another_host_is_refused(room, host):
    """A name that somebody points to this machine is no way in, whoever has the cookie."""
    browser = room.browser()
    assert browser.client.get("/", headers={"Host": host}).status_code == 403


def test_a_tunnel_to_another_port_is_let_in(room):
    """Behind ssh -L the port is another one."""
    client = TestClient(room.app, base_url="http://localhost:9000", headers={"Origin": "http://localhost:9000"})
    assert client.get(f"/enter/{SECRET}").status_code == 200
    assert client.post("/undo").status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example.org"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:9999"},
        {"Origin": HOME, "Sec-Fetch-Site": "cross-site"},
    ],
)
def test_a_form_of_another_page_is_refused(room, headers):
    """Also with the cookie: a page of another origin decides nothing."""
    browser = room.browser()
    browser.open("/c/ex2.discussion/s/dee-4")
    before = room.file.read()
    assert browser.client.post("/c/ex2.discussion/decide", headers=headers).status_code == 403
    assert room.file.read() == before


def test_a_form_without_an_origin_is_refused(room):
    """Every browser says where a form was sent from."""
    browser = room.browser()
    del browser.client.headers["Origin"]
    assert browser.client.post("/undo").status_code == 403


def test_other_methods_are_refused(room):
    """GET, HEAD and POST are all there is."""
    assert room.browser().client.put("/").status_code == 405


def test_policy_lets_only_our_own_files_run(room):
    """Scripts and styles need this answer's nonce, and no page of the review holds any inline."""
    browser = room.browser()
    for path in ("/", "/c/ex2.discussion", "/c/ex2.discussion/s/ada-1?all=1", "/s", "/s/ada-1", "/s/ada-1/notebook"):
        answer = browser.client.get(path)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        (nonce,) = set(re.findall(r"'nonce-([^']+)'", policy))
        assert set(re.findall(r'nonce="([^"]+)"', answer.text)) == {nonce}
        assert not re.search(r"<style|<script(?! src)|\son\w+=|\sstyle=|javascript:", answer.text)


def test_nonces_differ(room):
    """A nonce that was seen once opens nothing later."""
    browser = room.browser()
    policies = {browser.client.get("/").headers["content-security-policy"] for _ in range(2)}
    assert len(policies) == 2


def test_a_students_page_runs_nothing(room):
    """It is of no origin, and may not even run scripts of its own."""
    answer = room.browser().client.get("/s/ada-1/feedback.html")
    assert answer.text == "<p>page of the student</p>"
    assert answer.headers["content-security-policy"].startswith("sandbox; default-src 'none';")


@pytest.mark.parametrize(
    "path",
    [
        "/static/..%2fguard.py",
        "/static/../guard.py",
        "/s/..%2f..%2fout/feedback.html",
        "/s/%2e%2e%2fada-1",
        "/s/.%2e/feedback.html",
        "/s/ada-1/figures/99.png",
        "/s/ada-1/figures/-1.png",
        "/c/..%2f..",
        "/s/ada-1/evidence/evidence.json",
    ],
)
def test_no_path_leads_out(room, path):
    """Only ids that were graded and files that are named are known."""
    assert room.browser().client.get(path).status_code == 404


def test_an_answer_is_text(tmp_path):
    """Markup in an answer, in code and in what a tutor types is shown, and is nothing else."""
    room = Room(tmp_path)
    evil = "<script>alert(1)</script><img src=x onerror=alert(2)> [a](javascript:alert(3)) ![b](http://x.org/b.png)"
    from reviewed import write_submission

    write_submission(room.output, "eve-5", evil)
    browser = room.browser()
    for path, where in (("/c/ex2.discussion/s/eve-5", ".said"), ("/s/eve-5/notebook", "#cell-3")):
        page = browser.open(path)
        assert evil.partition(" [")[0] in page.select_one(where).get_text()
        assert not page.select("script:not([src]), img[onerror], a[href^=javascript], img[src^=http]")


def test_a_form_that_is_too_long_is_refused(room):
    """Memory is not given to whoever sends much."""
    browser = room.browser()
    assert browser.client.post("/c/ex2.discussion/decide", content=b"a" * (2**20 + 1)).status_code == 413
