"""Like answers beside like ones, and near-identical ones in groups. Nothing is marked by it: a person looks at each.

Two answers are near-identical where few of their words differ, and none that can turn the meaning round: no negation,
number, sign or direction, and not the order of these.
"""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import pairwise

Words = tuple[str, ...]
Group = tuple[str, ...]
"""Names of answers that one action may mark, the one that stands for them first."""

LIKE_ENOUGH = 0.9
"""The least share of words that near-identical answers have in common, in order: one changed word in ten."""

ON_MOST = 0.5
"""A line that more of the answers hold is the worksheet's own and tells none from another."""

FEWEST_FOR_COMMON_LINES = 8
"""With fewer answers nobody can tell the worksheet's lines from a copied answer."""

_WORD = re.compile(r"[-\u2212]?\d+(?:[.,]\d+)*%?|\w+(?:['\u2019]\w+)*|[<>=\u2260\u2264\u2265+\u2191\u2193]+|!=")

_TELLING = re.compile(
    r"""
    [-\u2212]?\d.* | [<>=!\u2260\u2264\u2265+\u2191\u2193]+           # numbers and signs
    | no | not | non | none | never | neither | nor | without | cannot | .*n['\u2019]t | hardly | barely
    | nicht | kein.* | nie | ohne | pas | jamais | sans | nunca | sin
    | yes | true | false | wrong | right | correct.* | incorrect.* | too | enough | only | except | but
    | zero | one | two | three | four | five | six | seven | eight | nine | ten | first | second | last | final.*
    | more | less | fewer | most | least | better | worse | best | worst | higher | lower | high | low
    | large | larger | small | smaller | big | bigger | deeper | shallower | faster | slower
    | early | earlier | late | later | sooner | above | below | before | after | until | over | under | up | down
    | increas.* | decreas.* | ris(?:e|es|en|ing) | rose | fall.* | fell | grow.* | grew | drops? | dropp.*
    | shrink.* | improv.* | worsen.* | reduc.* | rais.* | lower.*
    | under.?fit.* | over.?fit.* | general.* | train.* | test.* | validat.* | loss.* | accura.*
    | bias | variance | noise | linear.* | nonlinear.* | unlike.* | un\w+able | im\w+able | in\w+able | dis\w+
    """,
    re.VERBOSE,
)


def words(text: str) -> Words:
    """The words, numbers and signs of a text, without capitals and punctuation."""
    return tuple(_WORD.findall(text.casefold()))


def telling(said: Words) -> Words:
    """Those words, in order, that can turn a meaning round."""
    return tuple(word[:5] if word[0].isalpha() else word for word in said if _TELLING.fullmatch(word))


def near_identical(one: Words, other: Words) -> bool:
    """Whether two answers say the same in almost the same words."""
    return telling(one) == telling(other) and _in_almost_the_same_words(one, other)


def _in_almost_the_same_words(one: Words, other: Words) -> bool:
    compared = difflib.SequenceMatcher(None, one, other, autojunk=False)
    return all(share() >= LIKE_ENOUGH for share in (compared.real_quick_ratio, compared.quick_ratio, compared.ratio))


def groups(texts: Mapping[str, str]) -> tuple[Group, ...]:
    """The answers in groups, like ones after one another; those without a word are the last.

    Args:
        texts: Of each answer, by its name.
    """
    return _groups(tuple(texts.items()))


@lru_cache(maxsize=128)
def _groups(texts: tuple[tuple[str, str], ...]) -> tuple[Group, ...]:
    # What turns a meaning round counts also where it stands in a line that most texts hold.
    own = _own_words([text for _, text in texts])
    alike: dict[tuple[Words, Words], list[str]] = {}
    for (name, text), said in zip(texts, own, strict=True):
        alike.setdefault((said, telling(words(text))), []).append(name)
    empty = alike.pop(((), ()), [])
    distinct = list(alike)
    merged: list[list[str]] = []
    of_meaning: dict[Words, list[tuple[Words, list[str]]]] = {}
    for at in _leaves(_likeness([said for said, _ in distinct])):
        said, meaning = distinct[at]
        near = of_meaning.setdefault(meaning, [])
        home = next((names for first, names in near if _in_almost_the_same_words(first, said)), None)
        if home is None:
            merged.append(list(alike[distinct[at]]))
            near.append((said, merged[-1]))
        else:
            home.extend(alike[distinct[at]])
    found = [tuple(names) for names in merged]
    return tuple([*found, tuple(empty)] if empty else found)


def _own_words(texts: Sequence[str]) -> list[Words]:
    """Each text's words without the lines that most texts hold; with them where nothing else is left."""
    lines = [[words(line) for line in text.splitlines()] for text in texts]
    count = Counter(line for one in lines for line in set(one) if line)
    most = ON_MOST * len(texts) if len(texts) >= FEWEST_FOR_COMMON_LINES else len(texts)
    own = [sum((line for line in one if count[line] <= most), ()) for one in lines]
    return [left or sum(one, ()) for left, one in zip(own, lines, strict=True)]


def _likeness(distinct: Sequence[Words]) -> Sequence[Sequence[float]]:
    """The cosine of the TF-IDF of each pair, shape ``(texts, texts)``."""
    if len(distinct) < 2:
        return [[1.0]] * len(distinct)
    from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: PLC0415 - takes seconds, and few need it

    weights = TfidfVectorizer(analyzer=_terms).fit_transform(distinct)
    found: Sequence[Sequence[float]] = (weights @ weights.T).toarray()
    return found


def _terms(said: Words) -> list[str]:
    """Words, and pairs of them."""
    return [*said, *(f"{one} {other}" for one, other in pairwise(said))]


def _leaves(likeness: Sequence[Sequence[float]]) -> list[int]:
    """An order in which like follows like: the leaves of a tree that joins the likest first."""
    if len(likeness) < 3:
        return list(range(len(likeness)))
    import numpy as np  # noqa: PLC0415 - as above
    from scipy.cluster.hierarchy import leaves_list, linkage  # noqa: PLC0415 - as above
    from scipy.spatial.distance import squareform  # noqa: PLC0415 - as above

    distance = np.clip(1.0 - np.asarray(likeness), 0.0, 2.0)
    np.fill_diagonal(distance, 0.0)
    return [int(at) for at in leaves_list(linkage(squareform(distance, checks=False), "average"))]
