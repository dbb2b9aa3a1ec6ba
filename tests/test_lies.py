"""The lying model: ten kinds of lies over the starter notes, and not one of them shown."""

from __future__ import annotations

from collections import Counter

from assistant.answerers.grounding import ground
from tests.lies import KINDS, table, tell

EACH = 60
SEEDS = (7, 20261121)


def test_no_scripted_lie_is_shown() -> None:
    told: Counter[str] = Counter()
    shown: Counter[str] = Counter()
    false: list[str] = []
    for seed in SEEDS:
        for lie in tell(seed, EACH):
            told[lie.kind] += 1
            if ground(lie.sentence, lie.given).claims:
                shown[lie.kind] += 1
                false.append(f"{lie.kind}: {lie.sentence.text}")
    print("kind                  lies shown\n" + table((kind, told[kind], shown[kind]) for kind in KINDS))
    assert min(told[kind] for kind in KINDS) >= 40
    assert false == []
