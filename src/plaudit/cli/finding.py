"""What `plaudit doctor` says of one thing."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    good: bool
    text: str  # what is the case; when it is not good, also what to do

    def __str__(self) -> str:
        return f"{'✔' if self.good else '✘'} {self.text}"
