"""What a soak has to show, judged from what was recorded. Pure."""

import itertools
import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from bench.figures import Figure

HEAP_GROWTH = 10.0
"""Percent a page's heap may grow, garbage collected, once it has settled."""
DOM_GROWTH = 5.0
"""Percent: flat, but for a list that is a row longer at one moment than at another."""
SERVER_GROWTH = 25.0
"""Percent the server's memory may grow: its tile cache fills for as long as there is room."""
LEAST_RATE = 95.0
"""Percent of the changes asked for that must have been made, or it was another soak."""
MOST_REFUSED = 1.0
"""Percent of the changes that may be refused: two steps at once on one record."""
_SETTLED_AFTER = 0.1
_BASE_UNTIL = 0.3
_END_FROM = 0.8


@dataclass(frozen=True)
class Sample:
    """One look at a page, garbage collected; `at_s` since the beginning, sizes in bytes.

    `renders`, `long_tasks`, `blocked_ms` and `longest_ms` are of the time since the last look:
    times the map was drawn, and tasks of more than 50 ms on the page's thread.
    """

    at_s: float
    heap: float
    nodes: float
    listeners: float
    renders: float = 0
    long_tasks: float = 0
    blocked_ms: float = 0
    longest_ms: float = 0


@dataclass(frozen=True)
class Order:
    """Positions heard, beside those that were to be heard."""

    expected: int
    missed: tuple[int, ...]
    repeated: tuple[int, ...]
    foreign: tuple[int, ...]
    in_order: bool

    @property
    def faults(self) -> int:
        """How many positions were missed, repeated, or not to be heard, or out of turn."""
        lost = len(self.missed) + len(self.repeated) + len(self.foreign)
        return lost + (0 if self.in_order or lost else 1)

    def said(self) -> str:
        """In words."""
        if not self.faults:
            return f"{self.expected:,} changes, each once and in order"
        told = (
            f"{self.expected:,} changes: {len(self.missed)} missed, {len(self.repeated)} repeated"
        )
        if self.foreign:
            told += f", {len(self.foreign)} not for this caller"
        return told if self.in_order else f"{told}, out of order"


def order(heard: Sequence[int], expected: Iterable[int]) -> Order:
    """Compare what a listener heard with what it was to hear."""
    wanted, seen = set(expected), set(heard)
    repeated = (Counter(heard) - Counter(seen)).elements()
    return Order(
        expected=len(wanted),
        missed=tuple(sorted(wanted - seen)),
        repeated=tuple(repeated),
        foreign=tuple(sorted(seen - wanted)),
        in_order=all(before <= after for before, after in itertools.pairwise(heard)),
    )


def growth(values: Sequence[float]) -> float:
    """Percent from the settled beginning to the end, by the medians of both stretches.

    The first tenth is left out: a page that begins fills its caches. 0 for fewer than three.
    """
    count = len(values)
    if count < 3:
        return 0.0
    first = int(count * _SETTLED_AFTER)
    base = statistics.median(values[first : max(first + 1, int(count * _BASE_UNTIL))])
    end = statistics.median(values[min(count - 1, int(count * _END_FROM)) :])
    return (end / base - 1) * 100 if base else 0.0


@dataclass
class PageRecord:
    """An open page: who looks, what it heard, how it was at each look."""

    name: str
    role: str
    base: int = 0
    raw: list[int] = field(default_factory=list)
    """Positions as they came on its stream."""
    told: list[int] = field(default_factory=list)
    """Positions the page acted on."""
    expected: list[int] = field(default_factory=list)
    opened: int = 0
    """How often a stream was opened or came back."""
    gaps: int = 0
    """How often the page fetched everything anew because its stream could not tell."""
    reloads: int = 0
    wrong: list[str] = field(default_factory=list)
    """What the screen said at the end that the server did not."""
    errors: list[str] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)

    def figures(self) -> list[Figure]:
        """Its bounds."""
        acted, came = order(self.told, self.expected), order(self.raw, self.expected)
        part = f"page {self.name}"
        samples = self.samples
        heap = [sample.heap for sample in samples]
        nodes = [sample.nodes for sample in samples]
        listeners = [sample.listeners for sample in samples]
        return [
            _most(
                *(part, "heap growth", growth(heap), HEAP_GROWTH, "%"),
                note=f"{_mb(heap[:1])} at first, {_mb(heap[-1:])} at the end",
            ),
            _most(part, "DOM nodes", growth(nodes), DOM_GROWTH, "%", note=_ends(nodes)),
            _most(part, "listeners", growth(listeners), DOM_GROWTH, "%", note=_ends(listeners)),
            _most(part, "positions wrong on the stream", came.faults, 0, note=came.said()),
            _most(part, "positions wrong on the page", acted.faults, 0, note=acted.said()),
            _most(
                *(part, "everything fetched anew", self.gaps, 0),
                note=f"streams opened {self.opened} times",
            ),
            _most(part, "reloads", self.reloads, 0),
            _most(
                *(part, "unlike the server at the end", len(self.wrong), 0),
                note="; ".join(self.wrong[:3]),
            ),
        ]

    def facts(self) -> dict[str, Any]:
        """For the JSON: counts of the positions, not each of them."""
        long = [sample.longest_ms for sample in self.samples]
        seconds = self.samples[-1].at_s - self.samples[0].at_s if len(self.samples) > 1 else 0.0
        shown = sum(sample.renders for sample in self.samples[1:])
        return {
            "name": self.name,
            "role": self.role,
            "base": self.base,
            "opened": self.opened,
            "gaps": self.gaps,
            "reloads": self.reloads,
            "stream": asdict(order(self.raw, self.expected)),
            "page": asdict(order(self.told, self.expected)),
            "renders_per_s": round(shown / seconds, 2) if seconds else None,
            "longest_task_ms": max(long, default=0.0),
            "errors": self.errors,
            "samples": [asdict(sample) for sample in self.samples],
        }


@dataclass
class StreamRecord:
    """One of the many clients: what it heard over all its connections."""

    role: str
    base: int = 0
    heard: list[int] = field(default_factory=list)
    expected: list[int] = field(default_factory=list)
    resets: int = 0
    refused: list[int] = field(default_factory=list)
    """Statuses other than 200."""
    back_s: list[float] = field(default_factory=list)
    """Seconds from each lost connection to the first event of the next."""


def stream_figures(clients: Sequence[StreamRecord]) -> list[Figure]:
    """The bounds of the clients together."""
    found = [order(client.heard, client.expected) for client in clients]
    wrong = [one for one in found if one.faults]
    told = sum(one.expected for one in found)
    back = [seconds for client in clients for seconds in client.back_s]
    part = f"{len(clients)} streams"
    note = f"{told:,} changes told to all together" if not wrong else wrong[0].said()
    figures = [
        _most(part, "with a gap or a repeat", len(wrong), 0, note=note),
        _most(part, "told to read everything anew", sum(c.resets for c in clients), 0),
        _most(
            *(part, "answers that were no stream", sum(len(c.refused) for c in clients), 0),
            note=f"statuses {sorted({s for c in clients for s in c.refused})}",
        ),
    ]
    if back:
        note = f"median {statistics.median(back):.2f} s, of {len(back)} lost connections"
        figures.append(
            Figure(part, "back after, at most", [max(back)], unit=" s", at_most=True, note=note)
        )
    return figures


def load_figures(
    asked: int, made: int, refused: int, server: Sequence[float], seconds: float
) -> list[Figure]:
    """The bounds of the load itself, and of the server under it; `server` in bytes at each look."""
    rate = made / seconds if seconds else 0.0
    return [
        Figure(
            *("load", "changes made, of those asked for"),
            [100 * made / asked if asked else 0.0],
            target=LEAST_RATE,
            unit="%",
            note=f"{made:,} of {asked:,}, {rate:.1f} a second",
        ),
        _most("load", "refused", 100 * refused / max(1, made), MOST_REFUSED, "%"),
        _most("server", "memory growth", growth(server), SERVER_GROWTH, "%", note=_mb_ends(server)),
    ]


def _most(
    part: str, name: str, value: float, bound: float, unit: str = "", *, note: str = ""
) -> Figure:
    return Figure(part, name, [float(value)], target=bound, unit=unit, at_most=True, note=note)


def _mb(values: Sequence[float]) -> str:
    return f"{values[0] / 1e6:.1f} MB" if values else "nothing"


def _mb_ends(values: Sequence[float]) -> str:
    return f"{_mb(values[:1])} at first, {_mb(values[-1:])} at the end"


def _ends(values: Sequence[float]) -> str:
    return f"{values[0]:,.0f} at first, {values[-1]:,.0f} at the end" if values else ""
