"""The same where each answer is dealt out by itself, so that everybody sees both arms."""

import numpy as np
import sequences


def test_without_a_difference_it_errs_as_seldom_as_it_says():
    """Then a person's leaning moves both arms alike, and even the plain test errs for one reason only: being looked at
    ten thousand times."""
    looks = sequences.looked_at(sequences.votes(np.random.default_rng(21), 500, 10_000, by_person=False))
    plain, clustered, always = ((found >= 0).mean() for found in looks)
    assert always <= 0.05
    assert plain > 0.30
    assert clustered > 0.30
