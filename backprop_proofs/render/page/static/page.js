"use strict";
// Steps through each list of states: buttons, slider, arrow keys, and a permalink for every state. Without this script
// the page is a list to read. What a state speaks of lights up in the drawing.
(() => {
  const steppers = [];
  let used = null; // the stepper that keys move, where the focus is in none

  class Stepper {
    constructor(root) {
      this.root = root;
      this.what = root.dataset.what;
      this.items = [...root.querySelectorAll(".states > ol > li")];
      this.slider = root.querySelector("input[type=range]");
      this.output = root.querySelector("output");
      this.status = root.querySelector("[role=status]");
      this.scene = root.querySelector(".scene");
      this.caption = root.querySelector("figcaption");
      this.together = root.classList.contains("together");
      this.at = 0;
      this.drawn = new Map();
      for (const one of this.scene ? this.scene.querySelectorAll("[data-key]") : []) {
        const same = this.drawn.get(one.dataset.key);
        if (same) same.push(one);
        else this.drawn.set(one.dataset.key, [one]);
      }
      this.bright = [];
      root.querySelector(".controls").hidden = this.items.length === 1;
      this.all(this.together);
      this.listen();
      this.show(0);
    }

    listen() {
      this.root.addEventListener("click", (event) => {
        const button = event.target.closest("[data-go]");
        if (button) this.go(button.dataset.go);
      });
      this.root.addEventListener("focusin", () => { used = this; });
      this.slider.addEventListener("input", () => this.move(Number(this.slider.value) - 1));
      if (!this.together) return;
      this.items.forEach((item, at) => {
        for (const event of ["pointerenter", "focusin", "click"]) {
          item.addEventListener(event, () => { used = this; this.move(at, event !== "pointerenter"); });
        }
      });
    }

    go(where) {
      used = this;
      const last = this.items.length - 1;
      if (where === "all") this.all(this.root.classList.contains("stepping"));
      else this.move({ first: 0, back: Math.max(this.at - 1, 0), next: Math.min(this.at + 1, last), last }[where]);
    }

    all(whole) {
      this.root.classList.toggle("stepping", !whole);
      const button = this.root.querySelector("[data-go=all]");
      if (button) button.setAttribute("aria-pressed", String(whole));
      reach(this.root);
    }

    move(at, said = true) {
      this.show(at);
      const item = this.items[at];
      if (said) this.status.textContent = `${this.label()}. ${item.dataset.say || ""}`;
      remember(item.id);
    }

    show(at) {
      this.items[this.at].classList.remove("current");
      this.items[this.at].removeAttribute("aria-current");
      this.at = at;
      const item = this.items[at];
      item.classList.add("current");
      item.setAttribute("aria-current", this.together ? "true" : "step");
      this.slider.value = String(at + 1);
      this.slider.setAttribute("aria-valuetext", this.label());
      this.output.textContent = `${at + 1} of ${this.items.length}`;
      for (const [name, off] of [["first", at === 0], ["back", at === 0],
        ["next", at === this.items.length - 1], ["last", at === this.items.length - 1]]) {
        this.root.querySelector(`[data-go=${name}]`).setAttribute("aria-disabled", String(off));
      }
      this.light(item);
      if (!this.together) reach(item);
    }

    label() {
      const name = `${this.what[0].toUpperCase()}${this.what.slice(1)} ${this.at + 1} of ${this.items.length}`;
      const rule = this.items[this.at].dataset.rule;
      return rule ? `${name}, ${rule}` : name;
    }

    light(item) {
      for (const [one, name] of this.bright) one.classList.remove(name);
      this.bright = [];
      for (const [name, keys] of [["lit", item.dataset.lit], ["chosen", item.dataset.one]]) {
        for (const key of keys ? JSON.parse(keys) : []) {
          for (const one of this.drawn.get(key) || []) {
            one.classList.add(name);
            this.bright.push([one, name]);
          }
        }
      }
      if (!this.scene) return;
      this.scene.classList.toggle("speaks", this.bright.length > 0);
      const product = this.together ? item.querySelector(".product") : null;
      if (product) this.caption.replaceChildren(...[...product.childNodes].map((node) => node.cloneNode(true)));
    }
  }

  function remember(id) {
    try {
      history.replaceState(null, "", `#${id}`);
    } catch {
      // a page within another one may not change its address
    }
  }

  function restore() {
    const id = location.hash.slice(1); // an id of ours has no sign that an address would encode
    for (const stepper of steppers) {
      const at = stepper.items.findIndex((item) => item.id === id);
      if (at < 0) continue;
      used = stepper;
      stepper.show(at);
      if (steppers.length > 1 || !stepper.together) stepper.root.scrollIntoView({ block: "start" });
    }
  }

  // Keys: left and right wherever nothing else takes them; Home and End where a stepper has the focus
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const target = event.target;
    if (target.closest("input, select, textarea, [contenteditable]")) return;
    const inside = steppers.find((one) => one.root.contains(target));
    const stepper = inside || used || steppers[0];
    if (!stepper) return;
    const scrolls = target.closest(".formula, .scroll, pre");
    if (scrolls ? scrolls.scrollWidth > scrolls.clientWidth : false) return;
    const away = { ArrowLeft: "back", ArrowRight: "next", Home: "first", End: "last" }[event.key];
    if (!away || (!inside && (event.key === "Home" || event.key === "End"))) return;
    event.preventDefault();
    stepper.go(away);
  });

  // A rule's card: on hover, focus and tap; it stays while the pointer is over it, and goes with Escape
  const card = document.createElement("div");
  card.className = "card";
  card.id = "card";
  card.hidden = true;
  card.setAttribute("role", "tooltip");
  let owner = null;
  let leaving = 0;

  function open(link) {
    clearTimeout(leaving);
    if (owner === link && !card.hidden) return;
    close();
    const source = document.getElementById(link.hash.slice(1));
    if (!source) return;
    const list = document.createElement("dl");
    list.append(...[...source.childNodes].map((node) => node.cloneNode(true)));
    card.replaceChildren(list);
    owner = link;
    link.setAttribute("aria-describedby", "card");
    card.hidden = false;
    const box = link.getBoundingClientRect();
    const width = document.documentElement.clientWidth;
    const left = Math.max(8, Math.min(box.left, width - card.offsetWidth - 8));
    const under = box.bottom + card.offsetHeight + 8 < innerHeight || box.top < card.offsetHeight;
    card.style.left = `${left + scrollX}px`;
    card.style.top = `${(under ? box.bottom + 6 : box.top - card.offsetHeight - 6) + scrollY}px`;
  }

  function close() {
    clearTimeout(leaving);
    if (owner) owner.removeAttribute("aria-describedby");
    owner = null;
    card.hidden = true;
  }

  function later() {
    clearTimeout(leaving);
    leaving = setTimeout(close, 250);
  }

  function cards() {
    if (!document.querySelector(".rules")) return;
    document.querySelector("main").append(card);
    card.addEventListener("pointerenter", () => clearTimeout(leaving));
    card.addEventListener("pointerleave", later);
    for (const link of document.querySelectorAll("a.rule")) {
      link.addEventListener("pointerenter", (event) => { if (event.pointerType === "mouse") open(link); });
      link.addEventListener("pointerleave", (event) => { if (event.pointerType === "mouse") later(); });
      link.addEventListener("focus", () => open(link));
      link.addEventListener("blur", later);
      link.addEventListener("click", (event) => { event.preventDefault(); open(link); });
    }
    document.addEventListener("keydown", (event) => { if (event.key === "Escape") close(); });
    document.addEventListener("pointerdown", (event) => {
      if (!card.contains(event.target) && !(event.target.closest && event.target.closest("a.rule"))) close();
    });
  }

  // What is wider than its place can be scrolled by keys, and what is marked in it comes into view
  function reach(within) {
    for (const one of within.querySelectorAll(".formula, .scroll, pre")) {
      const wide = one.scrollWidth > one.clientWidth + 1;
      if (wide) one.tabIndex = 0;
      else one.removeAttribute("tabindex");
      const mark = wide ? one.querySelector(".struck, .new, .old") : null;
      if (mark) one.scrollLeft += mark.getBoundingClientRect().left - one.getBoundingClientRect().left - 16;
    }
  }

  // On paper everything is unfolded
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll("details:not([open])")];
    for (const one of folded) one.open = true;
  });
  addEventListener("afterprint", () => { for (const one of folded) one.open = false; });

  for (const root of document.querySelectorAll(".stepper")) steppers.push(new Stepper(root));
  cards();
  restore();
  addEventListener("load", () => setTimeout(restore)); // after the browser itself has scrolled to the fragment
  addEventListener("hashchange", restore);
  addEventListener("resize", () => reach(document));
  document.addEventListener("toggle", (event) => reach(event.target), true);
  reach(document);
})();
