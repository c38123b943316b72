"""`python -m plaudit.http.element` prints the tag that a page pastes."""

from plaudit.http.element.served import module

if __name__ == "__main__":
    print(module().tag)  # noqa: T201  that is what it is for
