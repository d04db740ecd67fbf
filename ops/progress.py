"""Progress of long work: a live line on a terminal, plain lines otherwise, times at the end.

Everything goes to stderr, so that `--json` keeps stdout to one object.
"""

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TextIO

from layers.text import Text

Report = Callable[[str, int, int | None], None]
"""`report(what, done, total)`: how a room tells of its progress without knowing about screens."""

_TICK_S = 0.2
_PLAIN_EVERY_S = 10.0
_SPINNER = "|/-\\"


@dataclass
class Step:
    """One piece of long work; `note` and `report` may be called as often as one likes."""

    title: str
    started: float
    latest: str = ""
    _what: str = ""
    _total: int | None = None
    _counted: tuple[tuple[float, int], tuple[float, int]] | None = None

    def note(self, text: str) -> None:
        """Say what is being done at the moment, in a few words."""
        self.latest = " ".join(text.split())
        self._what, self._total, self._counted = "", None, None

    def report(self, what: str, done: int, total: int | None = None) -> None:
        """Say how far the work is: `done` of `total` (None when nobody knows the total)."""
        now = (time.monotonic(), done)
        first = self._counted[0] if self._counted and self._what == what else now
        self.note(f"{what} {done:,}/{total:,}" if total else f"{what} {done:,}" if done else what)
        self._what, self._total, self._counted = what, total, (first, now)

    def pace(self, *, bar: bool = False) -> str:
        """How fast it goes and how long it still takes, once both can be told; with a bar."""
        if self._counted is None or not self._total:
            return ""
        (first_at, first), (at, done) = self._counted
        drawn = f" {_bar(done / self._total)}" if bar else ""
        if at <= first_at or done <= first:
            return drawn
        rate = (done - first) / (at - first_at)
        left = max((self._total - done) / rate - (time.monotonic() - at), 0)
        return f"{drawn} {rate:,.0f}/s, {_clock(left)} {both(_LEFT)}"

    @property
    def seconds(self) -> float:
        """Time since the step began, in seconds."""
        return time.monotonic() - self.started


@dataclass
class Progress:
    """Shows steps as they run and remembers how long each took.

    `times` are (title, seconds) of the finished steps, in order.
    """

    stream: TextIO = field(default_factory=lambda: sys.stderr)
    times: list[tuple[str, float]] = field(default_factory=list)

    @property
    def live(self) -> bool:
        """Whether the stream is a terminal that can redraw a line."""
        return self.stream.isatty() and os.environ.get("TERM", "dumb") != "dumb"

    def say(self, text: Text | str) -> None:
        """One line for the person at the terminal."""
        self._line(text if isinstance(text, str) else both(text))

    @contextmanager
    def step(self, title: Text, *, quiet: bool = False) -> Iterator[Step]:
        """Run a piece of long work under a title; its time is printed whatever happens.

        `quiet` shows nothing in between: the work itself writes to the screen.
        """
        step = Step(both(title), time.monotonic())
        done = threading.Event()
        ticker = threading.Thread(target=self._tick, args=(step, done), daemon=True)
        if not self.live:
            self._line(f"… {step.title}")
        if not quiet:
            ticker.start()
        mark = "✗"
        try:
            yield step
            mark = "✓"
        finally:
            done.set()
            if not quiet:
                ticker.join()
            self.times.append((step.title, step.seconds))
            self._line(f"{mark} {step.title} ({step.seconds:.1f} s)")

    def summary(self) -> None:
        """Print the time of every step that took longer than a blink, and the sum."""
        for title, seconds in self.times:
            self._line(f"{seconds:8.1f} s  {title}")
        self._line(f"{sum(seconds for _, seconds in self.times):8.1f} s  รวม · total")

    def _tick(self, step: Step, done: threading.Event) -> None:
        turn = 0
        every = _TICK_S if self.live else _PLAIN_EVERY_S
        while not done.wait(every):
            turn += 1
            if self.live:
                spin = _SPINNER[turn % len(_SPINNER)]
                pace = step.pace(bar=True)
                line = f"{spin} {step.title}  {step.seconds:.0f} s  {step.latest}{pace}"
                self.stream.write("\r\x1b[2K" + _fit(line))
                self.stream.flush()
            else:
                told = f"  … {step.title} ({step.seconds:.0f} s) {step.latest}{step.pace()}"
                self._line(told.rstrip())

    def _line(self, text: str) -> None:
        self.stream.write(("\r\x1b[2K" if self.live else "") + text + "\n")
        self.stream.flush()


def both(text: Text) -> str:
    """Thai and English on one line."""
    return text.en if text.th == text.en else f"{text.th} · {text.en}"


_LEFT = Text(th="เหลือ", en="left")
_BAR = 20


def _bar(share: float) -> str:
    full = min(int(share * _BAR), _BAR)
    return f"[{'#' * full}{'.' * (_BAR - full)}] {share:.0%}"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02}"


def _fit(line: str) -> str:
    try:
        width = os.get_terminal_size(sys.stderr.fileno()).columns
    except OSError:
        width = 80
    return line[: max(width - 1, 20)]
