"""Marks 300 answers in a real browser as a person would, and counts presses and seconds.

Of the answers, made from templates, 20 % are near-identical to another one and 10 % hold no words. In the middle the
server is killed; then it is asked whether anything is lost, whether anything was marked that nobody saw, and what
happens to the second of two presses on one answer. Needs Chromium and playwright.

    python benchmarks/marking.py [ANSWERS]
"""

from __future__ import annotations

import argparse
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from grader.marks import Decisions, MarksFile
from grader.records import (
    CellRun,
    Evidence,
    ExecutionSummary,
    GradedSubmission,
    Measurements,
    RubricSummary,
    SectionMatch,
    SubmissionSummary,
    Verdict,
)
from grader.store import OutputFolder

CRITERION = "stop.discussion"
SHA = "0" * 64
WORDS_A_MINUTE = 238
"""Silent reading of English. Source: Brysbaert, Journal of Memory and Language 109 (2019)."""

LOOK_MS = 350
"""So long the review takes no decision after a page is there; nobody reads faster."""

OPENINGS = (
    "In our curves", "Looking at the plot", "As the figure shows", "From the two histories", "With these settings",
    "In this notebook", "On the validation data", "For both networks", "In the last run", "Comparing the two",
)  # fmt: skip
FINDINGS = (
    ("the validation loss rises after epoch {n} while the training loss keeps falling", 1),
    ("the deeper network overfits from epoch {n} on and the shallow one does not", 1),
    ("both losses fall until epoch {n}, so there is no overfitting yet", 1),
    ("the training loss rises after epoch {n}, which is overfitting", 0),
    ("accuracy is high, so the network is good", 0),
    ("the gap between the curves grows from epoch {n}", 1),
    ("the loss is noisy and I cannot see anything in it", 0),
)
RULES = (
    ("I would stop at the lowest validation loss", 1),
    ("one should keep the weights of epoch {n} and wait {m} epochs for a better one", 1),
    ("early stopping with a patience of {m} would end it", 1),
    ("I would train for {n}0 epochs more to be sure", 0),
    ("we should not stop before the training loss is zero", 0),
    ("a smaller learning rate would do instead of stopping", 0),
)
REASONS = (
    "because more weights can learn the noise by heart",
    "because ten layers pass on small gradients to the first ones",
    "as the data set has only {n}00 images of some digits",
    "since dropout was left out here",
    "which we also saw in the lecture on page {n}{m}",
    "but my computer was slow and I did not try it",
    "and the confusion matrix shows mostly {m} taken for {n}",
)
SYNONYMS = {"so": "hence", "while": "whereas", "because": "since", "would": "'d", "also": "too", "curves": "plots"}


@dataclass
class Made:
    """An answer: its text, the points it deserves, and the one that it was copied from."""

    text: str
    points: int
    family: str


@dataclass
class Tally:
    """What the marking took."""

    presses: Counter[str] = field(default_factory=Counter)
    alone: int = 0
    grouped: int = 0
    groups: int = 0
    seconds: float = 0.0
    seen: set[str] = field(default_factory=set)
    mixed: int = 0


def made_answers(count: int) -> dict[str, Made]:
    """The class: answers by submission."""
    draw = random.Random(9)  # noqa: S311
    near, empty = round(0.2 * count), round(0.1 * count)
    originals = [_answer(draw, number) for number in range(count - near - empty)]
    answers = list(originals)
    while len(answers) < len(originals) + near:
        first = draw.choice(originals[: max(1, near // 4)])
        answers.append(Made(_varied(draw, first.text), first.points, first.family))
    answers += [Made(draw.choice(["", "  ", "...", "-"]), 0, "empty") for _ in range(empty)]
    draw.shuffle(answers)
    return {f"s{number:03}": one for number, one in enumerate(answers)}


def write_out(folder: Path, answers: dict[str, Made]) -> None:
    """The output folder as grading leaves it."""
    output = OutputFolder(folder)
    for name, one in answers.items():
        cell = CellRun(index=0, kind="markdown", source=one.text)
        output.submission(name).write(Evidence(submission=name, file_name="a.ipynb", sha256=SHA, cells=(cell,)))
        output.submission(name).write(Measurements(submission=name))
        sums = ("points_earned", "points_pending", "points_possible", "bonus_earned", "bonus_pending", "bonus_possible")
        verdict = Verdict(
            criterion=CRITERION, section="stop", title="When to stop", outcome="needs_review", cause="by_hand",
            earned=0.0, pending=2.0, points=2.0, basis="manual", cells=(0,), required="when to stop, and why",
            expected=f"an answer in words (lowest validation loss of exercise 4: 0.28 in epoch {len(one.text) % 10})",
            seen=f"{sum(map(ord, one.text)):x}{len(one.text):x}",
        )  # fmt: skip
        output.submission(name).write(
            GradedSubmission(
                submission=SubmissionSummary(id=name, file_name="a.ipynb", sha256=SHA),
                rubric=RubricSummary(assignment="w", title="Week", file_name="w.yaml", sha256=SHA),
                status="graded",
                execution=ExecutionSummary(),
                matching={"stop": SectionMatch(section="stop", title="When to stop", cells=(0,))},
                verdicts=(verdict,),
                **dict.fromkeys(sums, 0.0),
            )
        )


def mark_all(page: Page, answers: dict[str, Made], tally: Tally, *, until: int | None = None) -> None:
    """Marks what waits, one page after the other, by keys alone; ``until`` so many are marked."""
    page.goto(f"/c/{CRITERION}")
    if page.locator("a.go").count():
        _press(page, "n", tally=tally, kind="start")
    while page.locator("#decide").count() and (until is None or tally.alone + tally.grouped < until):
        page.wait_for_timeout(LOOK_MS)
        start = time.perf_counter()
        if page.locator("a.go[aria-keyshortcuts=g]").count():
            _press(page, "g", tally=tally, kind="group")
            names = page.locator("input[name=shown]").evaluate_all("all => all.map(one => one.value.split(' ')[0])")
            tally.seen |= set(names[: page.locator(".said").count()])
            tally.mixed += len({answers[name].points for name in names}) > 1
            page.keyboard.press(str(answers[names[0]].points))
            tally.presses["group"] += 1
            page.wait_for_timeout(LOOK_MS)
            _press(page, "Enter", tally=tally, kind="group")
            tally.groups, tally.grouped = tally.groups + 1, tally.grouped + len(names)
        else:
            name = page.url.split("/s/")[1].split("?")[0]
            tally.seen.add(name)
            _press(page, str(answers[name].points), tally=tally, kind="alone")
            tally.alone += 1
        tally.seconds += time.perf_counter() - start


def marked(file: Path) -> dict[str, float | None]:
    """What the file on disk says was given."""
    decisions = Decisions(MarksFile(file).read())
    marks = {name: decisions.of(name).marks for name in decisions.submissions()}
    return {name: here[0].points for name, here in marks.items() if here}


class Server:
    """``grader review`` as a process of its own."""

    def __init__(self, out: Path) -> None:
        command = [sys.executable, "-u", "-m", "grader", "review", str(out), "--as", "kim", "--as", "lee"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None  # noqa: S101
        lines = [self.process.stdout.readline() for _ in range(2)]
        self.addresses = dict(line.strip().split(": ", 1) for line in lines)

    @property
    def home(self) -> str:
        return self.addresses["kim"].split("/enter/")[0]

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        """Ends it at once, as a power cut would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


def conflicts(server: Server, browser: Browser, file: Path) -> str:
    """Two browsers on one answer: what becomes of the second press."""
    pages = []
    for tutor in ("kim", "lee"):
        pages.append(browser.new_context(base_url=server.home).new_page())
        pages[-1].goto(server.addresses[tutor])
        pages[-1].goto(f"/c/{CRITERION}/s/s000?show=all")
    pages[-1].wait_for_timeout(LOOK_MS)
    for page, key in zip(pages, ("1", "0"), strict=True):
        with page.expect_navigation():
            page.keyboard.press(key)
    told = "Somebody else decided" in pages[1].inner_text("main")
    return f"the second is {'told' if told else 'NOT told'}, and the first one's {marked(file)['s000']:g} stands"


def main() -> None:
    """Measures, and prints what it found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("answers", type=int, nargs="?", default=300, metavar="ANSWERS")
    count = parser.parse_args().answers
    answers, tally = made_answers(count), Tally()
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        out = Path(folder) / "out"
        file = out.with_name("out.marks.jsonl")
        write_out(out, answers)
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for until in (count // 2, None):
            with Server(out) as server:
                page = browser.new_context(base_url=server.home).new_page()
                page.goto(server.addresses["kim"])
                mark_all(page, answers, tally, until=until)
                second = conflicts(server, browser, file) if until is None else ""
            if until is not None:
                print(f"killed: {tally.alone + tally.grouped} were marked, {len(marked(file))} are in the file")
        given = marked(file)
        browser.close()
    report(answers, tally, given=given, second=second)


def report(answers: dict[str, Made], tally: Tally, *, given: dict[str, float | None], second: str) -> None:
    """Prints the counts."""
    presses, words = sum(tally.presses.values()), sum(len(one.text.split()) for one in answers.values())
    wrong = [name for name, one in answers.items() if name != "s000" and given.get(name) != one.points]
    unseen = set(given) - tally.seen
    reading = 60 * words / WORDS_A_MINUTE / len(answers)
    print(f"answers: {len(answers)}; marked alone {tally.alone}, in {tally.groups} groups {tally.grouped}")
    print(f"presses: {presses}, {presses / len(answers):.2f} an answer ({dict(tally.presses)})")
    print(f"seconds an answer at the machine: {tally.seconds / len(answers):.2f}; to read every word: {reading:.1f}")
    print(
        f"marked without being seen: {len(unseen)}; other points than meant: {len(wrong)}; mixed groups: {tally.mixed}"
    )
    print(f"two browsers at once: {second}")


def _answer(draw: random.Random, number: int) -> Made:
    finding, one = draw.choice(FINDINGS)
    rule, two = draw.choice(RULES)
    parts = [f"{draw.choice(OPENINGS)} {finding}", f"so {rule}", draw.choice(REASONS)]
    if draw.random() < 0.5:
        parts.append(draw.choice(REASONS))
    text = f"{', '.join(parts)}.".format(n=draw.randint(2, 9), m=draw.randint(2, 9))
    return Made(text, one + two, str(number))


def _varied(draw: random.Random, text: str) -> str:
    """The same in other capitals, punctuation, and with a synonym or a slip of the pen."""
    change = draw.randrange(4)
    if change == 0:
        return text.upper() if draw.random() < 0.2 else text[0].lower() + text[1:].replace(",", "")
    if change == 1:
        word = draw.choice([word for word in SYNONYMS if re.search(rf"\b{word}\b", text)] or [" "])
        return re.sub(rf"\b{word}\b", SYNONYMS.get(word, " "), text, count=1)
    if change == 2:
        return text.replace(".", "!").replace(", ", " , ")
    return f"{text} "


def _press(page: Page, key: str, *, tally: Tally, kind: str) -> None:
    tally.presses[kind] += 1
    with page.expect_navigation():
        page.keyboard.press(key)


if __name__ == "__main__":
    main()
