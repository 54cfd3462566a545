"""Drawn pictures that stand for photos in the sample data: an untidy corner before, the same corner after."""

from __future__ import annotations

import random
from io import BytesIO

from PIL import Image, ImageDraw

SIZE = (960, 640)
SKY, WALL, PAVING, KERB = "#cfdde6", "#d8cdb8", "#a8a49c", "#8c887f"
LITTER = ("#3d6e4f", "#b5523b", "#5a5f66", "#d9a441", "#6b4a35", "#ece6da")


def draw(seed: str, *, fixed: bool, aside: bool = False) -> bytes:
    """A JPEG of a street corner; ``seed`` decides which, ``fixed`` whether it is tidy, ``aside``: seen by somebody else."""
    chance = random.Random(seed)  # noqa: S311 - a picture, not a secret
    image = Image.new("RGB", SIZE, SKY)
    pen = ImageDraw.Draw(image)
    _scene(pen, chance)
    spots = [(chance.randint(120, 840), chance.randint(455, 600)) for _ in range(46)]
    if fixed:
        _bins(pen, chance)
    else:
        for x, y in spots:
            _litter(pen, chance, x, y)
    pen.rectangle((0, 0, 16, SIZE[1]), fill="#2f7d5b" if fixed else "#b5402a")
    if aside:
        image = image.crop((150, 110, SIZE[0], SIZE[1])).resize(SIZE)
    stream = BytesIO()
    image.save(stream, "JPEG", quality=82)
    return stream.getvalue()


def _scene(pen: ImageDraw.ImageDraw, chance: random.Random) -> None:
    x = 40
    while x < SIZE[0]:
        width, height = chance.randint(120, 210), chance.randint(200, 330)
        shade = chance.choice((WALL, "#c9bda7", "#bfb49f", "#d3c4b4"))
        pen.rectangle((x, 420 - height, x + width, 420), fill=shade)
        for window_x in range(x + 16, x + width - 30, 42):
            for window_y in range(420 - height + 20, 380, 52):
                pen.rectangle((window_x, window_y, window_x + 22, window_y + 28), fill="#8fa3b0")
        x += width + chance.randint(6, 26)
    pen.rectangle((0, 420, SIZE[0], SIZE[1]), fill=PAVING)
    pen.rectangle((0, 420, SIZE[0], 434), fill=KERB)
    for line in range(470, SIZE[1], 44):
        pen.line((0, line, SIZE[0], line), fill="#9b978f", width=2)


def _bins(pen: ImageDraw.ImageDraw, chance: random.Random) -> None:
    start = chance.randint(160, 520)
    for place, colour in enumerate(("#3d6e4f", "#3c5f86", "#5a5f66")):
        x = start + place * 82
        pen.rounded_rectangle((x, 410, x + 62, 510), radius=8, fill=colour)
        pen.rounded_rectangle((x - 4, 398, x + 66, 416), radius=6, fill="#2c2f33")


def _litter(pen: ImageDraw.ImageDraw, chance: random.Random, x: int, y: int) -> None:
    width, height = chance.randint(16, 64), chance.randint(12, 44)
    box = (x, y, x + width, y + height)
    colour = chance.choice(LITTER)
    if chance.random() < 0.5:
        pen.ellipse(box, fill=colour)
    else:
        pen.polygon([(x, y + height), (x + width // 3, y), (x + width, y + height // 2)], fill=colour)
