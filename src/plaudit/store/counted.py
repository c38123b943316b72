"""Numbers as people read them."""


def counted(number: int, noun: str, plural: str = "") -> str:
    """"1 row", "60,001 rows"; `plural` where an s does not make it."""
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"
