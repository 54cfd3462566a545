// Drawing boxes on a photo. The number fields are the form; this only fills them in, and shows what they say.
"use strict";
(() => {
  const area = document.querySelector("[data-marking]");
  const rows = document.querySelector("[data-box-rows]");
  if (!area || !rows) return;
  document.querySelector("[data-marking-hint]").hidden = false;
  const fields = (row) => [...row.querySelectorAll("input")];
  const all = () => [...rows.querySelectorAll("[data-box-row]")];
  const place = (element, [left, top, width, height]) => {
    Object.assign(element.style, { left: `${left}%`, top: `${top}%`, width: `${width}%`, height: `${height}%` });
  };
  const show = () => {
    area.querySelectorAll("button").forEach((box) => box.remove());
    for (const row of all()) {
      const values = fields(row).map((field) => field.value);
      if (values.some((value) => value === "")) continue;
      const box = document.createElement("button");
      box.type = "button";
      box.className = "marking-box";
      box.title = area.dataset.remove;
      box.setAttribute("aria-label", area.dataset.remove);
      box.addEventListener("click", () => {
        fields(row).forEach((field) => { field.value = ""; });
        show();
      });
      place(box, values);
      area.append(box);
    }
  };
  const empty = () => {
    const free = all().find((row) => fields(row).every((field) => field.value === ""));
    if (free) return free;
    const row = all()[0].cloneNode(true);
    fields(row).forEach((field) => { field.value = ""; });
    rows.append(row);
    return row;
  };
  const at = (event) => {
    const frame = area.getBoundingClientRect();
    const percent = (value, size) => Math.min(100, Math.max(0, (value / size) * 100));
    return [percent(event.clientX - frame.left, frame.width), percent(event.clientY - frame.top, frame.height)];
  };
  const between = ([x1, y1], [x2, y2]) => {
    const [left, top] = [Math.floor(Math.min(x1, x2)), Math.floor(Math.min(y1, y2))];
    return [left, top, Math.ceil(Math.max(x1, x2)) - left, Math.ceil(Math.max(y1, y2)) - top];
  };
  let start = null;
  let drawn = null;
  area.addEventListener("pointerdown", (event) => {
    if (event.button || event.target.closest("button")) return;
    event.preventDefault();
    area.setPointerCapture(event.pointerId);
    start = at(event);
    drawn = Object.assign(document.createElement("div"), { className: "marking-box" });
    area.append(drawn);
  });
  area.addEventListener("pointermove", (event) => { if (start) place(drawn, between(start, at(event))); });
  const finish = (event, keep) => {
    if (!start) return;
    const box = between(start, at(event));
    drawn.remove();
    start = null;
    if (keep && box[2] > 0 && box[3] > 0) {
      fields(empty()).forEach((field, index) => { field.value = box[index]; });
      show();
    }
  };
  area.addEventListener("pointerup", (event) => finish(event, true));
  area.addEventListener("pointercancel", (event) => finish(event, false));
  rows.addEventListener("input", show);
  show();
})();
