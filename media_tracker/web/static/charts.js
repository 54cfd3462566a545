// Draws a page's charts with ECharts: what each is to look like stands beside it as JSON, a colour as "$" and its name in the style
// sheet. The charts' tables are there without it.
"use strict";
(() => {
  const root = document.documentElement, drawn = new Map();
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const dressed = (value, style) => {
    if (typeof value === "string") return value[0] === "$" ? style.getPropertyValue(`--${value.slice(1)}`).trim() : value;
    if (Array.isArray(value)) return value.map((each) => dressed(each, style));
    if (!value || typeof value !== "object") return value;
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, dressed(each, style)]));
  };
  const point = (known, { seriesIndex, dataIndex, dataType }) => (dataType === "edge" ? known.data.edges[dataIndex]
    : known.data.points.find(([, , series, index]) => series === seriesIndex && index === dataIndex)) || [];
  const go = ([, href]) => { if (href) location.assign(href); };

  const draw = (place, known, text, anew) => {
    const data = known.data = JSON.parse(text), style = getComputedStyle(root);
    known.text = text;
    if (data.names) {
      const features = known.outlines.features.filter(({ properties }) => properties.code in data.names);
      for (const { properties } of features) properties.name = data.names[properties.code];
      echarts.registerMap("districts", { type: "FeatureCollection", features });
    }
    const { option, media = [] } = dressed(data, style);
    const tooltip = dressed({ renderMode: "richText", confine: true, backgroundColor: "$raised", borderColor: "$line-strong", textStyle: { color: "$ink" } }, style);
    const base = {
      animation: !still.matches, animationDuration: 400, textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
      tooltip: { ...tooltip, formatter: (at) => point(known, at)[0] || "" }, ...option,
    };
    known.chart.setOption({ baseOption: base, media }, Boolean(anew));
  };

  const begin = async (place) => {
    const known = { at: -1, data: { points: [] } };
    drawn.set(place, known);
    if (place.dataset.outlines) known.outlines = await (await fetch(place.dataset.outlines)).json();
    const chart = known.chart = echarts.init(place, null, { locale: root.lang.startsWith("zh") ? "ZH" : "EN" });
    chart.on("click", (at) => go(point(known, at)));
    new ResizeObserver(() => chart.resize()).observe(place);
    Object.assign(place, { tabIndex: 0, role: "application", ariaRoleDescription: place.dataset.role, ariaLabel: `${place.dataset.title}. ${place.dataset.help}` });
    place.addEventListener("keydown", (event) => {
      const { points } = known.data, last = points.length - 1, at = known.at;
      const to = { ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1, Home: 0, End: last }[event.key];
      if (event.key === "Enter") go(points[at] || []);
      if (to === undefined) return;
      event.preventDefault();
      known.at = Math.max(0, Math.min(last, to));
      const [say, , seriesIndex, dataIndex] = points[known.at];
      chart.dispatchAction({ type: "downplay" });
      for (const type of ["highlight", "showTip"]) chart.dispatchAction({ type, seriesIndex, dataIndex });
      document.getElementById("live").textContent = say;
    });
    place.addEventListener("blur", () => ["hideTip", "downplay"].forEach((type) => chart.dispatchAction({ type })));
    const button = place.closest("figure").querySelector("[data-png]");
    if (!button) return known;
    button.hidden = false;
    button.addEventListener("click", () => Object.assign(document.createElement("a"), {
      download: `${button.dataset.png}.png`,
      href: chart.getDataURL({ pixelRatio: 2, backgroundColor: getComputedStyle(root).getPropertyValue("--sheet").trim() }),
    }).click());
    return known;
  };

  const every = (anew) => document.querySelectorAll("[data-chart]").forEach(async (place) => {
    const text = document.querySelector(`#${place.dataset.chart} script`)?.textContent;
    let known = drawn.get(place);
    if (!text || (known && !anew && known.text === text)) return;
    known ||= await begin(place);
    if (known.chart) draw(place, known, text, anew);
  });
  every();
  document.addEventListener("live:parts", () => every());
  new MutationObserver(() => every(true)).observe(root, { attributeFilter: ["data-theme"] });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => every(true));
  let theme;
  addEventListener("beforeprint", () => { theme = root.dataset.theme; root.dataset.theme = "light"; every(true); });
  addEventListener("afterprint", () => { if (theme) root.dataset.theme = theme; else delete root.dataset.theme; every(true); });
})();
