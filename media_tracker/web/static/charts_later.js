// Charts that a page brings only when they come into sight, and with them what draws them. The place kept for them is as high as they.
"use strict";
(() => {
  const load = (src) => new Promise((resolve, reject) => document.head.append(
    Object.assign(document.createElement("script"), { src, onload: resolve, onerror: reject })));
  const sight = new IntersectionObserver((entries) => entries.forEach(async ({ isIntersecting, target }) => {
    if (!isIntersecting) return;
    sight.unobserve(target);
    const answer = await fetch(target.dataset.later);
    if (!answer.ok || answer.redirected) return;
    target.replaceChildren(...new DOMParser().parseFromString(await answer.text(), "text/html").body.children);
    for (const src of target.dataset.scripts.split(" ")) await load(src);
  }), { rootMargin: "200px" });
  document.querySelectorAll("[data-later]").forEach((place) => sight.observe(place));
})();
