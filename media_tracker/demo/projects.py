"""The sample outlets' projects, from ``feeds/projects.csv``."""

from __future__ import annotations

import csv
from datetime import date
from io import StringIO
from pathlib import Path

from media_tracker.demo.dates import render
from media_tracker.wiring import Services


async def add_projects(services: Services, folder: Path, today: date) -> None:
    """Add every project of the file; its year is a date token."""
    template = (folder / "projects.csv").read_bytes()
    text = render(template, today, services.settings.zone, "utf-8").decode("utf-8")
    outlets = {name: outlet_id for outlet_id, name in (await services.outlets.names()).items()}
    for row in csv.DictReader(StringIO(text)):
        year = int(row["year"])
        await services.outlets.add_project(
            outlets[row["outlet"]],
            row["name"],
            row["columns"].split(";"),
            date(year, 1, 1),
            date(year, 12, 31),
            int(row["planned_stories"]) if row["planned_stories"] else None,
            demo=True,
        )
