"""`make screenshots`: every page of the demo as docs/images/*.png, drawn by the system's Chromium.

The demo is invented anew each time, the same numbers on other days, so the pictures change a little with every run.
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, FloatRect, Page, ViewportSize, expect, sync_playwright

IMAGES = Path(__file__).parents[1] / "docs" / "images"
DESK, PHONE = {"width": 1440, "height": 900}, {"width": 375, "height": 812}
CHAT = ViewportSize(width=1200, height=680)
LAST_LINE = "Stop it with Ctrl-C."
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
             "--disable-component-update", "--disable-sync"]
PAGES = {
    "overview": "/dashboard?days=30",
    "trends": "/dashboard/trends?days=90",
    "compare": "/dashboard/compare?days=90&by=prompt_version",
    "ranking": "/dashboard/ranking?days=90",
    "review": "/dashboard/review?days=90",
}
HEIGHT_MAX = 1800  # of a picture: the queue goes on for long


def main() -> None:
    chromium = shutil.which("chromium") or sys.exit("Chromium is missing: apt-get install chromium")
    with demo() as (url, key), sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        for name, path in PAGES.items():
            take(browser, url, key, path, f"dashboard-{name}", viewport=DESK)
        take(browser, url, key, PAGES["overview"], "dashboard-overview-dark", viewport=DESK, color_scheme="dark")
        take(browser, url, key, PAGES["overview"], "dashboard-overview-arabic", viewport=DESK, locale="ar")
        take(browser, url, key, PAGES["ranking"], "dashboard-ranking-phone", viewport=PHONE, device_scale_factor=2)
        take(browser, url, key, None, "dashboard-message", viewport=DESK)
        take_chat(browser, url)
        browser.close()


@contextmanager
def demo() -> Iterator[tuple[str, str]]:
    """Its address and its key, once it has invented everything."""
    command = [sys.executable, "-m", "plaudit", "demo", "--port", "0"]
    with subprocess.Popen(command, text=True, stdout=subprocess.PIPE) as process:
        try:
            said = ""
            while LAST_LINE not in said:
                said += process.stdout.readline() if process.stdout else ""
            yield re.findall(r"http://[^/\s]+", said)[0], re.findall(r"sk_\S+", said)[0]
        finally:
            process.terminate()


def take(browser: Browser, url: str, key: str, path: str | None, name: str, **options: object) -> None:
    """`path` None: the message on top of the queue."""
    context = browser.new_context(**options, base_url=url)  # type: ignore[arg-type]  # options of many types
    page = context.new_page()
    page.goto("/dashboard/sign-in")
    page.locator("#key").fill(key)
    page.locator("form.stack button").click()
    page.goto(path or PAGES["review"])
    if path is None:
        page.locator("a.open").first.click()
        page.wait_for_load_state()
    page.screenshot(path=IMAGES / f"{name}.png", full_page=True, clip=_clip(page))
    context.close()
    print(IMAGES / f"{name}.png")


def take_chat(browser: Browser, url: str) -> None:
    """The demo's chat, after somebody has voted on what they asked."""
    page = browser.new_page(base_url=url, viewport=CHAT)
    page.goto("/demo")
    thumbs = page.locator("plaudit-thumbs")
    thumbs.first.get_by_role("button", name="Good answer").click()
    page.get_by_label("Question").fill("Is the kettle loud?")
    page.get_by_role("button", name="Ask").click()
    expect(thumbs).to_have_count(2)
    thumbs.last.get_by_role("button", name="Bad answer").click()
    thumbs.last.get_by_role("button", name="Not what I asked").click()
    thumbs.last.get_by_role("textbox").fill("I asked which one is quiet")
    thumbs.last.get_by_role("button", name="Send").click()
    expect(page.locator("#latest")).to_contain_text("revision 2")
    page.screenshot(path=IMAGES / "demo.png")
    print(IMAGES / "demo.png")


def _clip(page: Page) -> FloatRect:
    width, height = page.evaluate("[document.documentElement.clientWidth, document.documentElement.scrollHeight]")
    return FloatRect(x=0, y=0, width=width, height=min(height, HEIGHT_MAX))


if __name__ == "__main__":
    main()
