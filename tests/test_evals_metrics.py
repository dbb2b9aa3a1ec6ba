"""Every metric against figures worked by hand or published."""

from __future__ import annotations

import math
import random

import pytest

pytest.importorskip("scipy", reason="the evals extra is not installed")
pytest.importorskip("ir_measures", reason="the evals extra is not installed")

from evals import metrics


def test_mean_has_its_number_of_cases_and_an_interval_around_it() -> None:
    figure = metrics.mean([0, 0.5, 1, 1])
    assert (figure.value, figure.n) == (0.625, 4)
    assert 0 <= figure.low < figure.value < figure.high <= 1


def test_the_bootstrap_interval_agrees_with_the_normal_one_on_many_cases() -> None:
    values = [float(i % 5) for i in range(500)]  # mean 2, standard deviation sqrt(2)
    figure = metrics.mean(values)
    half = 1.96 * math.sqrt(2) / math.sqrt(500)
    assert figure.low == pytest.approx(2 - half, abs=0.01)
    assert figure.high == pytest.approx(2 + half, abs=0.01)


def test_figures_of_nothing_and_of_equal_scores() -> None:
    assert metrics.mean([]).n == 0
    assert math.isnan(metrics.figure([]).value)
    assert metrics.mean([0.5, 0.5, 0.5]) == metrics.Figure(0.5, 0.5, 0.5, 3)


def test_wilson_interval_of_eight_in_ten() -> None:
    figure = metrics.rate([1] * 8 + [0] * 2)  # (2np + z² ± z√(z² + 4npq)) / 2(n + z²)
    assert (figure.value, figure.n) == (0.8, 10)
    assert figure.low == pytest.approx(0.4902, abs=1e-4)
    assert figure.high == pytest.approx(0.9433, abs=1e-4)


def test_wilson_interval_of_none_in_twenty_does_not_end_at_zero() -> None:
    figure = metrics.rate([0] * 20)
    assert figure.low == pytest.approx(0, abs=1e-9)
    assert figure.high == pytest.approx(0.1611, abs=1e-4)


def test_figure_takes_wilson_for_rates_only() -> None:
    assert metrics.figure([1, 1, 1]).low < 1
    assert metrics.figure([1, 0.5]) == metrics.mean([1, 0.5])


def test_paired_p_of_few_cases_is_exact() -> None:
    # All three moved up: of the 8 sign patterns 1 is as high and 1 as low, so p = 2/8.
    difference = metrics.paired([0, 0, 0], [1, 1, 1])
    assert difference.p == 0.25
    assert (difference.value, difference.low, difference.high, difference.moved) == (1, 1, 1, 3)


def test_paired_p_of_six_up_is_two_in_sixty_four_whatever_did_not_move() -> None:
    assert metrics.paired([0] * 6, [1] * 6).p == pytest.approx(2 / 64)
    assert metrics.paired([0] * 6 + [1] * 100, [1] * 6 + [1] * 100).p == pytest.approx(2 / 64)


def test_paired_p_agrees_with_mcnemar_exact_for_zeros_and_ones() -> None:
    # 11 broken, 3 fixed: binomial two-sided p = 2 * sum_{k<=3} C(14,k) / 2^14 = 0.0574
    before = [1.0] * 11 + [0.0] * 3 + [1.0] * 186
    after = [0.0] * 11 + [1.0] * 3 + [1.0] * 186
    difference = metrics.paired(before, after)
    assert difference.p == pytest.approx(0.0574, abs=0.008)
    assert difference.value == pytest.approx(-0.04)
    assert difference.low == pytest.approx(-0.08, abs=0.01)
    assert difference.high == pytest.approx(-0.005, abs=0.01)


def test_comparing_is_symmetrical() -> None:
    draw = random.Random(4)
    a = [draw.choice([0, 0.5, 1]) for _ in range(60)]
    b = [draw.choice([0, 0.5, 1, 1]) for _ in range(60)]
    forth, back = metrics.paired(a, b), metrics.paired(b, a)
    assert forth.p == back.p
    assert (forth.value, forth.low, forth.high) == (-back.value, -back.high, -back.low)
    assert (forth.before, forth.after) == (back.after, back.before)


def test_nothing_moved_is_p_one_and_unequal_runs_are_refused() -> None:
    assert metrics.paired([0.1 + 0.2], [0.3]).p == 1
    assert metrics.paired([], []).n == 0
    with pytest.raises(ValueError, match="2 and 1 scores"):
        metrics.paired([0, 1], [0])


def test_under_no_difference_p_is_below_five_percent_about_one_time_in_twenty() -> None:
    draw = random.Random(1)
    runs = [([draw.random() for _ in range(40)], [draw.random() for _ in range(40)]) for _ in range(200)]
    low = sum(metrics.paired(a, b).p < 0.05 for a, b in runs)
    assert 3 <= low <= 20


@pytest.mark.parametrize("moved", [1, 2, 6, 12])
def test_p_is_exact_for_up_to_twelve_cases_that_moved(moved: int) -> None:
    assert metrics.paired([0.0] * (moved + 3), [1.0] * moved + [0.0] * 3).p == pytest.approx(2 / 2**moved)


def test_holm_by_hand() -> None:
    adjusted = metrics.holm({"a": 0.01, "b": 0.04, "c": 0.03})
    assert adjusted == {"a": pytest.approx(0.03), "c": pytest.approx(0.06), "b": pytest.approx(0.06)}
    assert metrics.holm({"a": 0.9, "b": 0.8}) == {"b": 1.0, "a": 1.0}


def test_percentiles_of_one_to_a_hundred() -> None:
    found = metrics.percentiles(list(range(1, 101)))
    assert (found["p50"], found["p95"], found["p99"], found["n"]) == (50.5, *map(pytest.approx, (95.05, 99.01)), 100)
    assert 85 < found["p95 low"] < 95 < found["p95 high"] <= 100
    assert metrics.percentiles([]) == {}


def test_risk_coverage_by_hand() -> None:
    curve = metrics.risk_coverage([(0.2, 1.0), (0.9, 0.0), (0.5, 1.0)], questions=4)
    assert curve.coverage == (0.25, 0.5, 0.75)
    assert curve.risk == pytest.approx((0, 1 / 2, 2 / 3))
    assert curve.area == pytest.approx((0 + 1 / 2 + 2 / 3) / 3)
    assert 0 <= curve.low < curve.area < curve.high <= 1


def test_answers_of_equal_confidence_share_their_error() -> None:
    one = metrics.risk_coverage([(0.5, 0.0), (0.5, 1.0)], 2)
    other = metrics.risk_coverage([(0.5, 1.0), (0.5, 0.0)], 2)
    assert one == other
    assert one.risk == (0.5, 0.5)
    assert math.isnan(metrics.risk_coverage([], 3).area)


def test_ndcg_by_hand() -> None:
    assert metrics.ndcg([1]) == pytest.approx(1)
    assert metrics.ndcg([2]) == pytest.approx(1 / math.log2(3))
    assert metrics.ndcg([2, None]) == pytest.approx((1 / math.log2(3)) / (1 + 1 / math.log2(3)))
    assert metrics.ndcg([3, 3]) == pytest.approx(0.5), "one passage that holds both counts once"
    assert metrics.ndcg([11]) == 0
    assert metrics.ndcg([None]) == 0
    assert metrics.ndcg([]) is None


def test_ranking_counts_a_query_without_a_run_as_zero_and_keeps_their_order() -> None:
    relevant = {"q1": {"d1": 1}, "q2": {"d9": 1}, "q3": {"d1": 1, "d2": 1}}
    values = metrics.ranking({"q3": ["d1", "d3", "d2"], "q1": ["d0", "d1"]}, relevant, "R@1", "RR@10", "nDCG@10")
    assert values["R@1"] == [0, 0, 0.5]
    assert values["RR@10"] == [0.5, 0, 1]
    assert values["nDCG@10"][2] == pytest.approx((1 + 1 / math.log2(4)) / (1 + 1 / math.log2(3)))
    assert metrics.ranking({}, relevant, "R@5") == {"R@5": [0, 0, 0]}
