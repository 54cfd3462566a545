// The desk: typed search, Enter accepts, the next story is loaded before it is needed. The page works without this file.
"use strict";
(() => {
  const find = (selector, from = document) => from.querySelector(selector);
  const make = (tag, props) => Object.assign(document.createElement(tag), props);
  const say = (text) => { find("#live").textContent = text; };

  // Typed search: an input with [data-search] asks /desk/search; a select gets an input in its place. ARIA 1.2 combobox.
  const SEPARATOR = /[;；、]/;
  const combobox = (field) => {
    const select = field.matches("select") ? field : null;
    const several = "several" in field.dataset;
    const input = select ? make("input", { className: "input", type: "text", id: select.id, required: select.required }) : field;
    const shown = () => (select.value ? select.selectedOptions[0].textContent : "");
    if (select) {
      for (const name of ["data-key", "data-key-label", "aria-describedby", "aria-invalid"]) {
        if (select.hasAttribute(name)) input.setAttribute(name, select.getAttribute(name));
        select.removeAttribute(name);
      }
      select.removeAttribute("id");
      input.placeholder = select.options[0].textContent;
      input.value = shown();
      select.hidden = true;
      select.required = false;
      select.before(input);
    }
    const list = make("ul", { id: `${input.id}-options`, className: "typed-options", hidden: true });
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", find(`label[for="${input.id}"]`).textContent);
    for (const [name, value] of Object.entries({
      role: "combobox", autocomplete: "off", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": list.id,
    })) input.setAttribute(name, value);
    input.removeAttribute("list");
    input.after(list);

    let offered = [];
    let active = -1;
    let asked = 0;
    const typed = () => (several ? input.value.split(SEPARATOR).pop() : input.value).trim();
    const close = () => {
      asked += 1;
      active = -1;
      list.hidden = true;
      input.setAttribute("aria-expanded", "false");
      input.removeAttribute("aria-activedescendant");
    };
    const mark = (at) => {
      active = (at + offered.length) % offered.length;
      [...list.children].forEach((item, index) => item.setAttribute("aria-selected", String(index === active)));
      input.setAttribute("aria-activedescendant", list.children[active].id);
      list.children[active].scrollIntoView({ block: "nearest" });
    };
    const show = (options, at) => {
      offered = options;
      list.replaceChildren(...options.map(({ label, beside }, index) => {
        const item = make("li", { id: `${list.id}-${index}`, textContent: label });
        item.setAttribute("role", "option");
        if (beside) item.append(make("span", { className: "muted small", textContent: ` ${beside}` }));
        return item;
      }));
      list.hidden = !options.length;
      input.setAttribute("aria-expanded", String(!list.hidden));
      say(find("[data-found]").dataset.found.replace("{number}", options.length));
      if (options.length) mark(at);
      else close();
    };
    const own = () => [...select.options].filter((option) => option.value).map((option) => (
      { value: option.value, label: option.textContent, beside: option.closest("optgroup")?.label }));
    const ask = async () => {
      const mine = (asked += 1);
      const question = typed();
      if (!question) return select ? show(own(), Math.max(0, select.selectedIndex - 1)) : close();
      const query = new URLSearchParams({ what: field.dataset.search, q: question });
      try {
        const answer = await fetch(`/desk/search?${query}`, { headers: { accept: "application/json" } });
        const { options } = answer.ok ? await answer.json() : { options: [] };
        if (mine === asked && document.activeElement === input) show(options, 0);
      } catch {
        close();
      }
      return undefined;
    };
    const choose = ({ value, label }) => {
      if (select) {
        if (![...select.options].some((option) => option.value === value)) select.add(new Option(label, value));
        select.value = value;
        input.value = label;
      } else if (several) {
        input.value = [...input.value.split(SEPARATOR).slice(0, -1).map((each) => each.trim()), value].join("；");
      } else input.value = value;
      close();
    };
    let timer;
    input.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(ask, 50);
    });
    input.addEventListener("keydown", (event) => {
      if (event.isComposing) return;
      const open = !list.hidden;
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        if (open) mark(active + (event.key === "ArrowDown" ? 1 : -1));
        else ask();
      } else if (open && event.key === "Enter") {
        event.preventDefault();
        choose(offered[active]);
      } else if (open && event.key === "Escape") {
        event.stopPropagation();
        close();
      } else if (open && event.key === "Tab" && typed()) choose(offered[active]);
    });
    input.addEventListener("click", () => { if (select && list.hidden) ask(); });
    input.addEventListener("blur", () => {
      clearTimeout(timer);
      close();
      if (select && !input.value.trim()) select.value = "";
      if (select) input.value = shown();
    });
    list.addEventListener("pointerdown", (event) => event.preventDefault()); // the input keeps the focus
    list.addEventListener("click", (event) => {
      const item = event.target.closest("[role=option]");
      if (item) choose(offered[[...list.children].indexOf(item)]);
    });
  };

  // Enter beside all fields accepts; Escape leaves a field for the story, where the keys work.
  document.addEventListener("keydown", (event) => {
    const story = find("#desk-story");
    if (!story || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || find("dialog[open]")) return;
    const { target } = event;
    if (event.key === "Escape" && target.matches("input, select, textarea")) story.focus();
    if (event.key !== "Enter" || event.repeat || localStorage.getItem("keys") === "off") return;
    if (target === document.body || target.matches("#desk-story, [type=radio]")) {
      event.preventDefault();
      find("#desk-form .button-primary")?.click();
    }
  });

  // The next story: fetched with its tag, shown when the server says by the same tag that nothing has changed.
  const MARK = "<!--ahead-->";
  let ahead = null;
  const load = async () => {
    const url = find("[data-next]")?.getAttribute("href");
    if (!url || ahead?.url === url) return;
    try {
      const answer = await fetch(url, { headers: { "HX-Request": "true", "X-Desk-Ahead": "look" } });
      const tag = answer.headers.get("X-Desk-Tag");
      if (answer.ok && tag) ahead = { url, tag, html: (await answer.text()).split("<!--/ahead-->")[0] };
    } catch { /* it is loaded when it is needed */ }
  };
  document.addEventListener("htmx:configRequest", (event) => {
    if (ahead) event.detail.headers["X-Desk-Ahead"] = ahead.tag;
  });
  let scrolled = 0;
  document.addEventListener("htmx:beforeSwap", (event) => {
    scrolled = find("#desk-queue")?.scrollTop ?? 0;
    const answer = event.detail.serverResponse;
    if (ahead && answer.includes(MARK)) event.detail.serverResponse = answer.replace(MARK, () => ahead.html);
    ahead = null;
  });

  const ready = () => {
    document.querySelectorAll("[data-search]:not([role=combobox], [hidden])").forEach(combobox);
    const queue = find("#desk-queue");
    if (queue) queue.scrollTop = scrolled;
    const here = find("#desk-queue [aria-current]");
    if (here && queue.scrollHeight > queue.clientHeight) {
      const bounds = queue.getBoundingClientRect();
      const { top, bottom } = here.getBoundingClientRect();
      if (top < bounds.top || bottom > bounds.bottom) queue.scrollTop += top - bounds.top - bounds.height / 3;
    }
    setTimeout(load, 150);
  };
  document.addEventListener("htmx:afterSwap", (event) => { if (event.detail.target.id === "content") ready(); });
  ready();
})();
