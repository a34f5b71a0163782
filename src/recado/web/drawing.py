"""Draws templates: one environment, in which everything is escaped and an unknown name is an error."""

from __future__ import annotations

import functools
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from .assets import Assets, load


@functools.cache
def assets() -> Assets:
    return load()


@functools.cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("recado.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["asset"] = assets().path
    return environment


def draw(template: str, **values: Any) -> Markup:
    """`template` is a path below `templates/`."""
    return Markup(_environment().get_template(template).render(**values))
