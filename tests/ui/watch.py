"""What goes wrong in a browser while a story is told: every error of the console, broken request and dialog."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from playwright.async_api import BrowserContext, ConsoleMessage, Dialog, Error, Page, Request, Response

_TELLS_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) => console.error(
  `CSP: ${event.violatedDirective} forbids ${event.blockedURI || "inline"} ${event.sample} of ${event.sourceFile}`
));
"""
_LEFT = ("net::ERR_ABORTED",)  # the page was left, or the script itself gave the request up


class Watch:
    """Listens to every page of a browser context; `check` fails with all that nobody expected."""

    def __init__(self, origin: str) -> None:
        self._origin = origin
        self._expected: list[re.Pattern[str]] = []
        self.troubles: list[str] = []
        self.requests: list[Request] = []
        self.dialogs: list[str] = []
        self.confirms = False

    async def attend(self, context: BrowserContext) -> None:
        await context.add_init_script(_TELLS_VIOLATIONS)
        context.on("page", self._attend_page)

    def expect(self, *patterns: str) -> None:
        """What this story brings about on purpose; each is searched in a trouble's whole line."""
        self._expected += [re.compile(pattern) for pattern in patterns]

    def check(self) -> None:
        unexpected = [one for one in self.troubles if not any(known.search(one) for known in self._expected)]
        assert unexpected == [], "the browser saw:\n" + "\n".join(unexpected)

    def _attend_page(self, page: Page) -> None:
        page.on("console", self._console)
        page.on("pageerror", self._page_error)
        page.on("dialog", self._dialog)
        page.on("request", self._request)
        page.on("requestfailed", self._failed)
        page.on("response", self._response)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and message.text.startswith("htmx:sendAbort"):
            self._forgive_replaced()
        elif message.type in {"error", "warning"}:
            self.troubles.append(f"console {message.type}: {message.text} ({message.location['url']})")

    def _forgive_replaced(self) -> None:
        """What is typed replaces the search for what had been typed before: htmx says so, in two lines."""
        if self.troubles and self.troubles[-1].startswith("console error: htmx:afterRequest"):
            self.troubles.pop()

    def _page_error(self, error: Error) -> None:
        self.troubles.append(f"script error: {error.message}")

    async def _dialog(self, dialog: Dialog) -> None:
        self.dialogs.append(dialog.message)
        if dialog.type == "confirm" and self.confirms:
            await dialog.accept()
            return
        self.troubles.append(f"dialog {dialog.type}: {dialog.message}")
        await dialog.dismiss()

    def _request(self, request: Request) -> None:
        self.requests.append(request)
        parts = urlsplit(request.url)
        if parts.scheme in {"http", "https", "ws", "wss"} and f"{parts.scheme}://{parts.netloc}" != self._origin:
            self.troubles.append(f"something is loaded from elsewhere: {request.url}")

    def _failed(self, request: Request) -> None:
        if request.failure not in _LEFT:
            self.troubles.append(f"request failed: {request.method} {request.url}: {request.failure}")

    def _response(self, response: Response) -> None:
        if response.status >= 500:
            self.troubles.append(f"answer {response.status}: {response.request.method} {response.url}")
