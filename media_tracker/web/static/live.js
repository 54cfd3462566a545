// Live pages. Every page works without this file: it is then as fresh as when it was loaded.
//   [data-live="story/ingested problem"]   what it is about: kinds, or kinds with a type
//     data-one, data-many                  a note that appears, with {n} in its words; it moves nothing
//     data-live-refresh                    or a page whose parts ([id][data-live-part]) are put in place anew
"use strict";
(() => {
  const find = (selector, from = document) => from.querySelector(selector);
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];
  const FIRST = 15000, LONGEST = 240000, GREETED_WITHIN = 10000, REST = 4000;
  let position = "", source = null, timer = 0, wait = FIRST, over = false;

  const note = (element, count, more) => {
    const seen = +(element.dataset.seen || 0) + count;
    element.dataset.seen = seen;
    const words = seen === 1 && !more ? element.dataset.one : element.dataset.many;
    find("[data-live-words]", element).textContent = words.replace("{n}", seen.toLocaleString() + (more ? "+" : ""));
    element.hidden = false;
  };

  let refreshing = false, again = false;
  const refresh = async () => {
    if (refreshing) { again = true; return; }
    refreshing = true;
    try {
      const answer = await fetch(location.href, { headers: { "HX-Request": "true" } });
      if (answer.redirected || answer.status === 401) { location.reload(); return; }
      if (answer.ok) {
        const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
        for (const part of all("[id][data-live-part]", fresh)) {
          const old = document.getElementById(part.id);
          if (old && old.innerHTML !== part.innerHTML) old.replaceChildren(...part.childNodes);
        }
        document.dispatchEvent(new Event("live:parts"));
      }
    } catch { /* the next news tries again */ }
    setTimeout(() => { refreshing = false; if (again) { again = false; refresh(); } }, REST);
  };

  const heard = (news) => {
    position = String(news.position);
    for (const element of all("[data-live]")) {
      const wanted = element.dataset.live.split(" ");
      const about = news.changes.filter((each) => wanted.includes(each.entity) || wanted.includes(`${each.entity}/${each.type}`));
      const count = about.reduce((sum, each) => sum + each.count, 0);
      if (!count && !news.more) continue;
      if ("liveRefresh" in element.dataset) refresh();
      else note(element, count, news.more);
    }
  };

  const bell = async () => {
    const old = find(".bell"), answer = await fetch("/notices/bell").catch(() => null);
    if (!old || !answer?.ok || answer.redirected) return;
    const fresh = find(".bell", new DOMParser().parseFromString(await answer.text(), "text/html"));
    if (!fresh) return;
    const focused = document.activeElement === old;
    old.replaceWith(fresh);
    if (focused) fresh.focus();
  };

  const stop = () => { source?.close(); source = null; clearTimeout(timer); };
  const later = () => {
    stop();
    if (over || document.hidden) return;
    timer = setTimeout(ask, wait);
    wait = Math.min(wait * 2, LONGEST);
  };
  const ask = async () => {
    try {
      const answer = await fetch(`/events/since?after=${position}`);
      if (answer.redirected || answer.status === 401) { over = true; return; } // signed out
      if (answer.ok) heard(await answer.json());
    } catch { /* asked again later */ }
    listen();
  };
  const listen = () => {
    if (source || over || document.hidden) return;
    const opened = source = new EventSource(`/events?after=${position}`);
    const silent = setTimeout(() => { if (source === opened) later(); }, GREETED_WITHIN);
    opened.addEventListener("hello", (event) => {
      clearTimeout(silent);
      wait = FIRST;
      position ||= String(JSON.parse(event.data).position);
      if (find("[data-live-refresh]")) refresh();
    });
    opened.addEventListener("change", (event) => heard(JSON.parse(event.data)));
    opened.addEventListener("notice", bell);
    opened.addEventListener("error", () => {
      if (opened.readyState !== EventSource.CLOSED) return; // it comes back by itself
      clearTimeout(silent);
      if (source === opened) later();
    });
  };
  document.addEventListener("visibilitychange", () => { stop(); if (!document.hidden) listen(); });
  addEventListener("pagehide", stop);
  addEventListener("pageshow", listen);
  listen();

  const clock = find("[data-clock]");
  if (clock) {
    const said = new Intl.DateTimeFormat(document.documentElement.lang, { timeZone: clock.dataset.clock, hour: "2-digit", minute: "2-digit", hour12: false });
    const tick = () => { clock.textContent = said.format(new Date()); };
    tick();
    setInterval(tick, 1000);
  }
})();
