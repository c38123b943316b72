"""docs/statistics.md quotes the constants that the code has."""

from pathlib import Path

import pytest

from plaudit.counts import BUCKETS, Period
from plaudit.statistics import comparison, mix, ratios, sample_ratio, trends

TEXT = Path(__file__).parents[3].joinpath("docs/statistics.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("said", [
    f"one of {BUCKETS} buckets", f"Error: {ratios.ERROR}", f"Fewer than {ratios.EFFECTIVE_MIN:g} effective",
    f"Fewer than {ratios.EFFECTIVE_FEW:g}:", f"a log-odds of {comparison.TUNED_LOG_ODDS}",
    f"i = {comparison.TUNED_INFORMATION}", f"width is {comparison.TUNED_WIDTH}",
    f"shrinks to {mix.REMAINS_MAX} or less", f"hold {mix.COVERED_MIN} of", f"below p = {sample_ratio.ALARM}",
    f"at most {sample_ratio.CORRECTION_MAX} of", f"at least {sample_ratio.EXPECTED_MIN} and",
    f"{trends.SIGMAS:g} standard deviations", f"last {trends.BASELINE[Period.DAY]} days",
    f"({trends.BASELINE[Period.HOUR]} hours, {trends.BASELINE[Period.WEEK]} weeks;",
    f"at least {trends.BASELINE_MIN} periods", f"against them at {trends.FALSE_ALARM}",
])
def test_the_document_says_so(said):
    assert said in TEXT
