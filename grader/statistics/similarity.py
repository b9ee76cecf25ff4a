"""Which submissions are alike: the same file, the same code beyond the template, weights or printed histories."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from grader.statistics.thresholds import THRESHOLDS

Kind = Literal["file", "code", "near", "weights", "history"]


@dataclass(frozen=True)
class Traits:
    """What of a submission is compared with others.

    Attributes:
        owner: Whose it is, as `HandIn.owner` says; empty where nobody is known. Nobody copies from themselves.
        file: SHA-256 of the file.
        code: Fingerprints of its code, see `grader.statistics.fingerprints`.
        weights: Digests of weights that it brought along.
        histories: Digests of trainings' numbers that its handed-in outputs show.
    """

    submission: str
    owner: tuple[str, ...] = ()
    file: str = ""
    code: frozenset[int] = frozenset()
    weights: frozenset[str] = frozenset()
    histories: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Group:
    """Submissions that are alike.

    Attributes:
        kind: ``file``: the same file; ``code``: the same code but for names, literals, comments and layout; ``near``:
            most of the code; ``weights`` and ``history``: the same trained weights brought along, the same numbers of a
            training in the outputs as handed in.
        submissions: At least two, in the class's order.
        least_share: Of their own code the least that two of them share, where the group is of code; 1 otherwise. Of
            two that are alike only through a third, it is what they share themselves.
    """

    kind: Kind
    submissions: tuple[str, ...]
    least_share: float = 1.0


def similar(traits: Sequence[Traits], *, given: frozenset[int] = frozenset()) -> tuple[Group, ...]:
    """Groups of submissions that are alike, those of one kind after the other, the surest kind and largest group first.

    Attempts of the same student or group are not held against each other. Every submission is in one group of code at
    most; with weights and histories it may be in others.

    Args:
        traits: Of the class, in its order.
        given: Every piece of the code that was handed out, or that the reference has: it is nobody's own.
    """
    files = [one.file for one in traits]
    own = [one.code - given for one in traits]
    found = _same(traits, [frozenset({file} if file else ()) for file in files], kind="file")
    in_group = {name for group in found for name in group.submissions}
    # A group of one file is said once, by its surest name.
    found += [group for group in _alike_in_code(traits, own) if not in_group.issuperset(group.submissions)]
    found += _same(traits, [one.weights for one in traits], kind="weights")
    found += _same(traits, [one.histories for one in traits], kind="history")
    kinds = ("file", "code", "near", "weights", "history")
    return tuple(sorted(found, key=lambda group: (kinds.index(group.kind), -len(group.submissions))))


def _same(traits: Sequence[Traits], said: Sequence[frozenset[str]], *, kind: Kind) -> list[Group]:
    """Groups of those that share something that is the same or not."""
    by_value: dict[str, list[Traits]] = {}
    for one, values in zip(traits, said, strict=True):
        for value in values:
            by_value.setdefault(value, []).append(one)
    found = {tuple(one.submission for one in sharing) for sharing in by_value.values() if _of_several(sharing)}
    return [Group(kind, names) for names in sorted(found)]


def _of_several(sharing: Iterable[Traits]) -> bool:
    """Whether these are of more than one student or group."""
    return len({one.owner or (one.submission,) for one in sharing}) > 1


def _alike_in_code(traits: Sequence[Traits], own: Sequence[frozenset[int]]) -> list[Group]:
    enough = [number for number, code in enumerate(own) if len(code) >= THRESHOLDS.fewest_own_pieces]
    # Equal ones are compared once: a class of copies is one row.
    same: dict[frozenset[int], list[int]] = {}
    for number in enough:
        same.setdefault(own[number], []).append(number)
    distinct = list(same)
    shares = shared_shares(distinct)
    groups = []
    for component in _components(len(distinct), shares):
        numbers = sorted(number for row in component for number in same[distinct[row]])
        members = [traits[number] for number in numbers]
        if not _of_several(members):
            continue
        pairs = [shares.get((one, other), 0.0) for at, one in enumerate(component) for other in component[at + 1 :]]
        kind: Kind = "near" if pairs else "code"
        groups.append(Group(kind, tuple(one.submission for one in members), min(pairs, default=1.0)))
    return groups


def shared_shares(codes: Sequence[frozenset[int]]) -> Mapping[tuple[int, int], float]:
    """For each two of them that share anything, the shared pieces over the pieces of both (Jaccard).

    Args:
        codes: Each with at least one piece.

    Returns:
        By the positions of the two, the lower first.
    """
    import numpy as np  # noqa: PLC0415 - a page of a class is all that needs them
    from scipy.sparse import csr_array, triu  # noqa: PLC0415

    if len(codes) < 2:
        return {}
    columns = {piece: number for number, piece in enumerate(frozenset().union(*codes))}
    rows = np.repeat(np.arange(len(codes)), [len(code) for code in codes])
    at = np.fromiter((columns[piece] for code in codes for piece in code), dtype=np.int64, count=len(rows))
    table = csr_array((np.ones(len(rows), dtype=np.int32), (rows, at)), shape=(len(codes), len(columns)))
    both = triu(table @ table.T, k=1).tocoo()
    sizes = np.array([len(code) for code in codes])
    first, second = both.coords
    shares = both.data / (sizes[first] + sizes[second] - both.data)
    return dict(zip(zip(first.tolist(), second.tolist(), strict=True), shares.tolist(), strict=True))


def _components(count: int, shares: Mapping[tuple[int, int], float]) -> list[list[int]]:
    """Those that hang together by pairs that are near-identical; each alone where there is none."""
    root = list(range(count))

    def find(one: int) -> int:
        while root[one] != one:
            root[one] = root[root[one]]
            one = root[one]
        return one

    for (one, other), share in shares.items():
        if share >= THRESHOLDS.near_identical:
            root[find(other)] = find(one)
    found: dict[int, list[int]] = {}
    for one in range(count):
        found.setdefault(find(one), []).append(one)
    return list(found.values())
