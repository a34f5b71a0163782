"""`recado open`: the pages in a browser, signed in."""

from __future__ import annotations

import webbrowser
from typing import Annotated

from cyclopts import App, Parameter

from .client import call

app = App(name="open", help="Open the pages in a browser, signed in.")


@app.default
def open_pages(*, browser: Annotated[bool, Parameter(negative="no-browser")] = True) -> None:
    """Print a link that signs in, once and within 15 minutes, and open it if this machine has a browser.

    Parameters
    ----------
    browser
        Open it, or only print it.
    """
    url = call("GET", "/sign-in/link", is_local=True)["url"]
    print(f"👉 {url}\n   It works once, for 15 minutes.", flush=True)
    if browser and webbrowser.get().name not in ("www-browser", "links", "elinks", "lynx", "w3m"):
        webbrowser.open(url)
