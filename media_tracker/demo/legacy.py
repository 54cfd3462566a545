"""The sample's older figure: last year's 215, counted by looser rules, in words of its own."""

from __future__ import annotations

from datetime import date

from media_tracker.db.events import Origin
from media_tracker.monitor.definitions import Key
from media_tracker.monitor.legacy import LegacyText
from media_tracker.wiring import Services


async def add_legacy_figure(services: Services, today: date) -> None:
    """Enter the figure that was published for the year before ``today``."""
    year = today.year - 1
    text = LegacyText(
        name="媒体曝光栏目推动解决问题",
        value=215,
        start=date(year, 1, 1),
        end=date(year, 12, 31),
        definition="各媒体自报件数相加：栏目播出后单位回复“已整改”即计一件；未现场核验，同一问题由两家媒体报道计两件，边督边改的也计入。",
        source=f"示例：{year}年度工作总结，第三部分。",
        beside=Key.RESOLVED,
    )
    await services.legacy_figures.add(text, None, Origin(), demo=True)
