"""Pictures for a scene, drawn here: portraits of people and groups, what a photo or a sticker shows."""

from __future__ import annotations

import base64
import colorsys
import io
import zlib

from PIL import Image, ImageDraw

SIDE = 96


def portrait(seed: str, side: int = SIDE) -> bytes:
    """Head and shoulders before a colour of their own, as a JPEG."""
    hue = zlib.crc32(seed.encode()) % 360
    image = Image.new("RGB", (side, side), _colour(hue, 0.35, 0.92))
    pen = ImageDraw.Draw(image)
    skin, cloth = _colour(24 + hue % 14, 0.42, 0.55 + hue % 4 / 10), _colour(hue + 180, 0.5, 0.6)
    pen.ellipse((side * 0.12, side * 0.66, side * 0.88, side * 1.4), fill=cloth)
    pen.ellipse((side * 0.29, side * 0.15, side * 0.71, side * 0.52), fill=_colour(hue, 0.6, 0.25))
    pen.ellipse((side * 0.31, side * 0.22, side * 0.69, side * 0.70), fill=skin)
    return _jpeg(image)


def landscape(seed: str, width: int = 240, height: int = 160) -> bytes:
    """Sky, sun and hills, as a JPEG."""
    hue = zlib.crc32(seed.encode()) % 360
    image = Image.new("RGB", (width, height), _colour(205, 0.35, 0.95))
    pen = ImageDraw.Draw(image)
    pen.ellipse((width * 0.68, height * 0.1, width * 0.84, height * 0.34), fill=_colour(45, 0.6, 1))
    pen.ellipse((-width * 0.3, height * 0.45, width * 0.7, height * 1.7), fill=_colour(hue, 0.4, 0.6))
    pen.ellipse((width * 0.35, height * 0.6, width * 1.4, height * 1.8), fill=_colour(hue + 25, 0.45, 0.45))
    return _jpeg(image)


def data_url(image: bytes) -> str:
    return "data:image/jpeg;base64," + base64.b64encode(image).decode()


def _colour(hue: float, saturation: float, value: float) -> tuple[int, int, int]:
    red, green, blue = colorsys.hsv_to_rgb(hue % 360 / 360, saturation, value)
    return round(red * 255), round(green * 255), round(blue * 255)


def _jpeg(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=70)
    return out.getvalue()
