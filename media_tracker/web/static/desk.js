// The desk; it works without this file.
"use strict";
(() => {
  const find = (selector, from = document) => from.querySelector(selector);
  const set = (element, values) => Object.entries(values).forEach(([name, value]) => element.setAttribute(name, value));
  const make = (tag, props) => Object.assign(document.createElement(tag), props);
  const on = (type, listener) => document.addEventListener(type, listener);

  // Typed search, an ARIA 1.2 combobox: a field with [data-search] asks /desk/search; a select gets an input in its place.
  const SEPARATOR = /[;；、]/;
  const combobox = (field) => {
    const select = field.matches("select") ? field : null;
    const several = "several" in field.dataset;
    const input = select ? make("input", { className: "input", type: "text", id: select.id, required: select.required }) : field;
    const shown = () => (select.value ? select.selectedOptions[0].textContent : "");
    if (select) {
      for (const name of ["data-key", "data-key-label", "aria-describedby", "aria-invalid"]) {
        if (select.hasAttribute(name)) set(input, { [name]: select.getAttribute(name) });
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
    set(list, { role: "listbox", "aria-label": find(`label[for="${input.id}"]`).textContent });
    set(input, { role: "combobox", "aria-autocomplete": "list", "aria-expanded": false, "aria-controls": list.id, autocomplete: "off" });
    input.removeAttribute("list");
    input.after(list);

    let offered = [];
    let active = -1;
    let asked = 0;
    let waits = false;
    const typed = () => (several ? input.value.split(SEPARATOR).at(-1) : input.value).trim();
    const close = () => {
      asked += 1;
      waits = false;
      active = -1;
      list.hidden = true;
      set(input, { "aria-expanded": false });
      input.removeAttribute("aria-activedescendant");
    };
    const mark = (at) => {
      active = (at + offered.length) % offered.length;
      [...list.children].forEach((item, index) => set(item, { "aria-selected": index === active }));
      set(input, { "aria-activedescendant": list.children[active].id });
      list.children[active].scrollIntoView({ block: "nearest" });
    };
    const show = (options, at) => {
      offered = options;
      waits = false;
      list.replaceChildren(...options.map(({ label, beside }, index) => {
        const item = make("li", { id: `${list.id}-${index}`, textContent: label });
        set(item, { role: "option" });
        if (beside) item.append(make("span", { className: "muted small", textContent: ` ${beside}` }));
        return item;
      }));
      list.hidden = !options.length;
      set(input, { "aria-expanded": !list.hidden });
      find("#live").textContent = `${find("[data-found]").dataset.found} ${options.length}`;
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
      const answer = await fetch(`/desk/search?${query}`).catch(() => null);
      const options = answer?.ok ? (await answer.json()).options : [];
      return mine === asked && document.activeElement === input && show(options, 0);
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
      asked += 1;
      waits = true;
      timer = setTimeout(ask, 50);
    });
    input.addEventListener("keydown", (event) => {
      if (event.isComposing) return;
      const open = !list.hidden;
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step) {
        event.preventDefault();
        if (open) mark(active + step);
        else ask();
      } else if (waits && typed() && event.key === "Enter") { // faster than the answer: not what was offered before
        event.preventDefault();
        clearTimeout(timer);
        ask().then(() => { if (!waits && !list.hidden) choose(offered[active]); });
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
    list.addEventListener("pointerdown", (event) => event.preventDefault());
    list.addEventListener("click", (event) => {
      const item = event.target.closest("[role=option]");
      if (item) choose(offered[[...list.children].indexOf(item)]);
    });
  };

  // Enter beside all fields accepts; Escape leaves a field, so that the keys work.
  on("keydown", (event) => {
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

  // An open story is kept.
  const keep = (what) => {
    const { story } = find("#desk-story")?.dataset ?? {};
    if (story) navigator.sendBeacon(`/desk/${story}/${what}`, new URLSearchParams({ _csrf_token: find("[name=_csrf_token]").value }));
  };
  setInterval(() => keep("claim"), 120000);
  on("click", (event) => {
    const path = event.target.closest("a:not([target])")?.pathname;
    if (path && !path.startsWith("/desk") && !event.ctrlKey && !event.metaKey) keep("release");
  });
  setTimeout(() => fetch("/desk/search?what=region"), 1000);

  // The next story is fetched ahead, and shown if its tag still holds.
  const MARK = "<!--ahead-->";
  let ahead = null;
  const load = async () => {
    const url = find("[data-next]")?.getAttribute("href");
    if (!url || ahead?.url === url) return;
    ahead = { url };
    const answer = await fetch(url, { headers: { "HX-Request": "true", "X-Desk-Ahead": "look" } }).catch(() => null);
    const tag = answer?.headers.get("X-Desk-Tag");
    if (tag) ahead = { url, tag, html: (await answer.text()).split("<!--/ahead-->")[0] };
  };
  on("htmx:configRequest", (event) => {
    if (ahead?.tag) event.detail.headers["X-Desk-Ahead"] = ahead.tag;
  });
  let scrolled = 0;
  on("htmx:beforeSwap", (event) => {
    scrolled = find("#desk-queue")?.scrollTop ?? 0;
    const answer = event.detail.serverResponse;
    if (ahead && answer.includes(MARK)) event.detail.serverResponse = answer.replace(MARK, () => ahead.html);
    ahead = null;
  });

  const ready = () => {
    document.querySelectorAll("[data-search]:not([role=combobox], [hidden])").forEach(combobox);
    const queue = find("#desk-queue");
    if (queue && queue.scrollHeight > queue.clientHeight) {
      queue.scrollTop = scrolled;
      find("[aria-current]", queue)?.scrollIntoView({ block: "nearest" });
    }
    setTimeout(load, 150);
  };
  on("htmx:afterSwap", (event) => { if (event.detail.target.id === "content") ready(); });
  ready();
})();
