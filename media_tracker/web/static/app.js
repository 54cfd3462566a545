// Progressive enhancement only: every page works without this file.
"use strict";
(() => {
  const body = document.body;
  const find = (selector, from = document) => from.querySelector(selector);
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];
  const make = (tag, props, ...children) => {
    const element = Object.assign(document.createElement(tag), props);
    element.append(...children);
    return element;
  };
  const on = (type, listener, capture = false) => document.addEventListener(type, listener, capture);

  // Theme: the form would post; here the page changes at once and a cookie keeps it.
  on("submit", (event) => {
    const button = event.submitter;
    if (!event.target.matches("[data-theme-form]") || !button) return;
    event.preventDefault();
    const secure = location.protocol === "https:" ? ";secure" : "";
    document.cookie = `theme=${button.value};path=/;max-age=31536000;samesite=lax${secure}`;
    document.documentElement.dataset.theme = button.value;
    find('meta[name="color-scheme"]').content = button.value;
    all("[data-theme-form] button").find((other) => other.offsetParent)?.focus();
  });

  // Ask before what cannot be undone. Capture: before htmx or the browser sends anything.
  on("click", (event) => {
    const asking = event.target.closest("[data-confirm]");
    if (asking && !window.confirm(asking.dataset.confirm)) {
      event.preventDefault();
      event.stopImmediatePropagation();
    }
  }, true);

  // Menus are <details>: close them by Escape or by a click elsewhere.
  const closeMenus = (except) => all("details[data-menu][open]").forEach((menu) => {
    if (menu === except) return;
    if (menu.contains(document.activeElement)) find("summary", menu).focus();
    menu.open = false;
  });
  on("click", (event) => closeMenus(event.target.closest("details[data-menu]")));

  // Filters are folded on phones.
  const fold = () => all("[data-fold-small]:not([data-folded])").forEach((box) => { box.open = !matchMedia("(max-width: 40rem)").matches; box.dataset.folded = ""; });
  fold();
  on("htmx:afterSwap", fold);

  // Filters apply themselves, but not while somebody walks through the options with the arrow keys.
  let byKeyboard = false;
  on("pointerdown", () => { byKeyboard = false; }, true);
  on("change", (event) => {
    const form = event.target.closest("form[data-autosubmit]");
    if (form && !byKeyboard && event.target.matches("select, [type=radio], [type=checkbox]")) form.requestSubmit();
  });

  // Files: show what was chosen, say at once what is too large.
  on("change", (event) => {
    const { files, dataset } = event.target;
    const output = dataset.preview && document.getElementById(dataset.preview);
    if (!files || !output) return;
    all("img", output).forEach((image) => URL.revokeObjectURL(image.src));
    const shown = [...files].map((file) => {
      const item = make("span", {});
      if (file.type.startsWith("image/")) item.append(make("img", { src: URL.createObjectURL(file), alt: "" }));
      item.append(`${file.name} · ${(file.size / 1048576).toFixed(1)} MB`);
      if (dataset.maxBytes && file.size > +dataset.maxBytes) {
        item.append(make("strong", { className: "too-large", textContent: ` ${dataset.tooLarge}` }));
      }
      return item;
    });
    output.replaceChildren(...shown);
    const inputs = all("[type=file]", event.target.form);
    const total = inputs.flatMap((input) => [...input.files]).reduce((sum, file) => sum + file.size, 0);
    for (const input of inputs) {
      const { maxBytes = Infinity, maxTotal = Infinity, tooLarge, tooMuch } = input.dataset;
      const large = [...input.files].some((file) => file.size > maxBytes);
      input.setCustomValidity(large ? tooLarge : input.files.length && total > maxTotal ? tooMuch : "");
    }
  });

  // Keys: click (or focus) the element with that data-key. Can be switched off (WCAG 2.1.4).
  const dialog = find("#keys");
  const toggle = find("[data-keys-on]");
  toggle.checked = localStorage.getItem("keys") !== "off";
  toggle.addEventListener("change", () => localStorage.setItem("keys", toggle.checked ? "on" : "off"));
  const keyed = () => all("[data-key]").filter((element) => element.getClientRects().length && !element.disabled);
  const label = (element) => element.dataset.keyLabel || element.ariaLabel || element.textContent.trim();
  const showKeys = () => {
    const rows = keyed().flatMap((element) => [
      make("dt", {}, make("kbd", { textContent: element.dataset.key })),
      make("dd", { textContent: label(element) }),
    ]);
    find("[data-keys-list]", dialog).replaceChildren(...rows);
    dialog.showModal();
  };
  const opener = find("[data-keys-open]");
  opener.hidden = !find("[data-key]");
  opener.addEventListener("click", showKeys);
  const typing = (element) => element.isContentEditable ||
    element.matches("textarea, select, input:not([type=checkbox], [type=radio], [type=button], [type=submit])");
  on("keydown", (event) => {
    byKeyboard = true;
    if (event.key === "Escape") closeMenus();
    const busy = event.ctrlKey || event.metaKey || event.altKey || event.isComposing || find("dialog[open]");
    if (busy || !toggle.checked || typing(event.target)) return;
    if (event.key === "?" && find("[data-key]")) {
      event.preventDefault();
      showKeys();
      return;
    }
    const target = keyed().find((element) => element.dataset.key === event.key);
    if (!target || event.repeat) return;
    event.preventDefault();
    target.focus();
    if (!typing(target)) target.click();
  });

  // htmx: say what changed, and keep the focus in the page when the focused element is gone.
  const announce = (text) => { find("#live").textContent = text; };
  on("htmx:afterSettle", (event) => {
    const target = event.detail.target;
    const said = target.matches("[data-announce]") ? target : find("[data-announce]", target);
    announce(said ? said.dataset.announce : body.dataset.loaded);
    if (document.activeElement !== body) return;
    const next = find("[data-focus]", target) || find("[autofocus], h1, h2", target) || find("#main");
    if (!next.matches("a, button, input, select, textarea")) next.tabIndex = -1;
    next.focus();
  });
  for (const failure of ["htmx:sendError", "htmx:responseError"]) on(failure, (event) => {
    announce(body.dataset.failed);
    const { requestConfig, pathInfo } = event.detail;
    if (requestConfig.verb === "get") location.assign(pathInfo.finalRequestPath); // the browser shows what is wrong
  });
  find(".error-summary[data-focus]")?.focus();
  const here = find(".nav [aria-current]");
  const strip = find(".nav ul");
  if (here) strip.scrollLeft = here.getBoundingClientRect().right + 40 - strip.getBoundingClientRect().right;
})();
