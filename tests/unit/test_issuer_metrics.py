"""What operators see of their identity providers."""

from plaudit.auth.jwks import IssuerFacts
from plaudit.http.metrics import Metrics


def test_each_issuers_keys_are_told_of_as_they_are_at_the_reading():
    """An issuer whose keys were never had has no age."""
    metrics = Metrics()
    facts: list[IssuerFacts] = []
    metrics.watch_issuers(lambda: facts)
    facts += [IssuerFacts("https://a/", 12.5, 2, 3, 1), IssuerFacts("https://b/", None, 0, 4, 4)]
    told = {line for line in metrics.text().decode().splitlines() if line.startswith("plaudit_jwks")}
    assert told == {
        'plaudit_jwks_age_seconds{issuer="https://a/"} 12.5',
        'plaudit_jwks_keys{issuer="https://a/"} 2.0', 'plaudit_jwks_keys{issuer="https://b/"} 0.0',
        'plaudit_jwks_fetches_total{issuer="https://a/"} 3.0', 'plaudit_jwks_fetches_total{issuer="https://b/"} 4.0',
        'plaudit_jwks_failures_total{issuer="https://a/"} 1.0', 'plaudit_jwks_failures_total{issuer="https://b/"} 4.0',
    }
