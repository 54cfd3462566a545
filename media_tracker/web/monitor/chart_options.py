"""How a chart is drawn, as ECharts takes it; a colour is ``$`` and its name in the style sheet, which the browser looks up.

What ``charts.js`` gets: ``option``, ``media`` (what is different on a narrow screen), ``points`` (words, address, series, place
in it: where the arrow keys go) and, of a flow, ``edges``. Series differ in shape and line too, never in colour alone.
https://echarts.apache.org/en/option.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

Drawn = Mapping[str, Any]
"""What is sent to the browser, as JSON."""
NOTHING: Drawn = {}
NARROW = 560
"""Pixels; a narrower chart is drawn otherwise."""
STYLES = (("$bar", "circle", "solid"), ("$bar-2", "rect", "dashed"), ("$good", "triangle", "solid"))
"""Colour, symbol and line of the first, second and third series."""
MOST_SYMBOLS = 70


@dataclass(frozen=True, slots=True)
class Point:
    """A value: what is said of it, its number, and the address of its list."""

    say: str
    value: float
    href: str


@dataclass(frozen=True, slots=True)
class Series:
    """One line of a trend."""

    name: str
    points: Sequence[Point]


@dataclass(frozen=True, slots=True)
class Node:
    """One stage of a flow, by a name that no other has."""

    name: str
    point: Point
    colour: str = "$bar"


@dataclass(frozen=True, slots=True)
class Edge:
    """So many go from one node to another."""

    source: str
    target: str
    point: Point


def trend(
    labels: Sequence[str], series: Sequence[Series], marks: Sequence[tuple[int, str]], *, big: bool = False
) -> Drawn:
    """Lines over time; ``marks``: at which step something happened, and what."""
    font = 20 if big else 13
    text = {"color": "$ink-2", "fontSize": font}
    axis = {"axisLabel": text, "axisLine": {"lineStyle": {"color": "$line-strong"}}}
    lines: list[dict[str, Any]] = [
        {
            "type": "line",
            "name": each.name,
            "data": [point.value for point in each.points],
            "symbol": symbol,
            "symbolSize": 8,
            "showSymbol": len(labels) < MOST_SYMBOLS,
            "color": colour,
            "lineStyle": {"type": kind, "width": 4 if big else 2},
        }
        for each, (colour, symbol, kind) in zip(series, STYLES, strict=False)
    ]
    if marks:
        lines[0]["markLine"] = {
            "symbol": "none",
            "animation": False,
            "silent": True,
            "lineStyle": {"color": "$line-strong", "type": "dotted", "width": 1.5},
            "label": {"formatter": "{b}", "position": "insideEndTop", "width": 150, "overflow": "truncate"} | text,
            "data": [{"xAxis": at, "name": words} for at, words in marks],
        }
    option = {
        "legend": {"top": 0, "itemWidth": 32, "textStyle": text},
        "grid": {"left": 4, "right": 20, "top": 56 if big else 40, "bottom": 4, "containLabel": True},
        "xAxis": {"type": "category", "data": labels, **axis},
        "yAxis": {"type": "value", "minInterval": 1, "splitLine": {"lineStyle": {"color": "$line"}}, **axis},
        "series": lines,
    }
    points = [
        [each.points[n].say, each.points[n].href, place, n]
        for n in range(len(labels))
        for place, each in enumerate(series)
    ]
    return {"option": option, "points": points}


def flow(nodes: Sequence[Node], edges: Sequence[Edge]) -> Drawn:
    """Where things go on, from left to right. A node is labelled with its name and its number."""
    shown = {node.name: f"{node.name}  {node.point.value:g}" for node in nodes}
    series = {
        "type": "sankey",
        "data": [{"name": shown[node.name], "itemStyle": {"color": node.colour}} for node in nodes],
        "links": [
            {"source": shown[edge.source], "target": shown[edge.target], "value": edge.point.value} for edge in edges
        ],
        "left": 4,
        "right": 180,
        "top": 8,
        "bottom": 8,
        "nodeAlign": "left",
        "nodeGap": 16,
        "nodeWidth": 14,
        "draggable": False,
        "emphasis": {"focus": "adjacency"},
        "lineStyle": {"color": "$line-strong", "opacity": 0.3, "curveness": 0.5},
        "label": {"color": "$ink", "fontSize": 13},
        "labelLayout": {"hideOverlap": True},
    }
    narrow = {"right": 84, "label": {"fontSize": 11, "width": 78, "overflow": "break"}}
    wide = {"right": 180, "label": {"fontSize": 13, "width": 176, "overflow": "break"}}
    return {
        "option": {"series": [series]},
        "points": [[node.point.say, node.point.href, 0, n] for n, node in enumerate(nodes)],
        "edges": [[edge.point.say, edge.point.href] for edge in edges],
        "media": _media({"series": [narrow]}, {"series": [wide]}),
    }


def calendar(days: Sequence[tuple[date, Point]]) -> Drawn:
    """A heat map of days, weeks from Monday on."""
    line = {"borderColor": "$line", "borderWidth": 1}
    frame = {
        "range": [days[0][0].isoformat(), days[-1][0].isoformat()],
        "orient": "horizontal",
        "left": 44,
        "right": 12,
        "top": 28,
        "bottom": 40,
        "cellSize": ["auto", "auto"],
        "itemStyle": {"color": "transparent", **line},
        "splitLine": {"lineStyle": {"color": "$line-strong"}},
        "dayLabel": {"firstDay": 1, "color": "$ink-2"},
        "monthLabel": {"color": "$ink-2"},
        "yearLabel": {"show": False},
    }
    values = [[day.isoformat(), point.value] for day, point in days]
    heat = {"type": "heatmap", "coordinateSystem": "calendar", "data": values, "itemStyle": line}
    return {
        "option": {"visualMap": _scale([point.value for _, point in days]), "calendar": frame, "series": [heat]},
        "points": [[point.say, point.href, 0, n] for n, (_, point) in enumerate(days)],
        "media": _media(
            {"calendar": {"orient": "vertical", "left": 60, "top": 36}},
            {"calendar": {"orient": "horizontal", "left": 44, "top": 28}},
        ),
    }


def district_map(areas: Mapping[str, tuple[str, Point]], *, big: bool = False) -> Drawn:
    """``areas``: by the code of its outline, an area's name and value. Those without an outline are in the table alone."""
    label = {"show": True, "color": "$ink", "fontSize": 14 if big else 12, "formatter": "{b}\n{c}"}
    series = {
        "type": "map",
        "map": "districts",
        "data": [{"name": name, "value": point.value} for name, point in areas.values()],
        "top": 4,
        "bottom": 44,
        "selectedMode": False,
        "itemStyle": {"borderColor": "$sheet", "borderWidth": 1.5},
        "label": {**label, "textBorderColor": "$sheet", "textBorderWidth": 3},
        "emphasis": {"itemStyle": {"areaColor": "$bar-2"}, "label": {"color": "$ink"}},
        "labelLayout": {"hideOverlap": True},
    }
    return {
        "option": {"visualMap": _scale([point.value for _, point in areas.values()]), "series": [series]},
        "points": [[point.say, point.href, 0, n] for n, (_, point) in enumerate(areas.values())],
        "names": {code: name for code, (name, _) in areas.items()},
    }


def bars(rows: Sequence[tuple[str, Point]]) -> Drawn:
    """Shares in per cent, one bar each, the first on top."""
    text = {"color": "$ink-2"}
    names = {"axisLabel": {**text, "width": 140, "overflow": "truncate"}, "axisTick": {"show": False}}
    bar = {
        "type": "bar",
        "data": [point.value for _, point in rows],
        "barMaxWidth": 18,
        "color": "$bar",
        "label": {"show": True, "position": "right", "formatter": "{c}%", "color": "$ink"},
    }
    split = {"lineStyle": {"color": "$line"}}
    option = {
        "grid": {"left": 4, "right": 56, "top": 4, "bottom": 4, "containLabel": True},
        "xAxis": {"type": "value", "max": 100, "axisLabel": {**text, "formatter": "{value}%"}, "splitLine": split},
        "yAxis": {"type": "category", "inverse": True, "data": [name for name, _ in rows], **names},
        "series": [bar],
    }
    return {"option": option, "points": [[point.say, point.href, 0, n] for n, (_, point) in enumerate(rows)]}


def _media(narrow: Drawn, wide: Drawn) -> list[Drawn]:
    """What is different on a narrow screen, and what it is again on a wide one: a rule that no longer matches undoes nothing."""
    return [{"query": {"maxWidth": NARROW}, "option": narrow}, {"option": wide}]


def _scale(values: Sequence[float]) -> Drawn:
    top = max(1.0, *values) if values else 1.0
    return {
        "type": "continuous",
        "min": 0,
        "max": top,
        "orient": "horizontal",
        "left": "center",
        "bottom": 0,
        "itemWidth": 10,
        "itemHeight": 90,
        "inRange": {"color": ["$track", "$bar"]},
        "textStyle": {"color": "$ink-2"},
        "text": [f"{top:g}", "0"],
    }
