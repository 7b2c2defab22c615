// The column beside the messages: the tour and the TikTok. It is there once a section has something to show.

import { keep, recall } from "./kept.js";

const at = (id) => document.getElementById(id);
const WIDE = matchMedia("(min-width: 1101px)");
const PHONE = matchMedia("(max-width: 700px)");
const KEPT = "stage";

export class Stage {
  constructor() {
    this.node = at("stage");
    this.toggle = at("stage-toggle");
    this.toggle.addEventListener("click", () => this.open(!this.opened));
    // A drawer covers what is below it, so a column that was open is not opened as one.
    WIDE.addEventListener("change", () => this.toggle.hidden || this.open(WIDE.matches && this.wanted, false));
    document.querySelector("main").addEventListener("click", (event) => {
      if (this.opened && PHONE.matches && !this.toggle.contains(event.target)) this.open(false);
    });
    document.addEventListener("keydown", (event) => {
      if (event.altKey && event.code === "KeyL" && !this.toggle.hidden && !at("modal").open) {
        event.preventDefault();
        this.open(!this.opened);
        if (this.opened) this.first()?.focus();
        else at("write")?.focus();
      } else if (event.key === "Escape" && this.opened && !WIDE.matches && !event.defaultPrevented) {
        this.open(false);
        this.toggle.focus();
      }
    });
  }

  // What can be used at once: not what folds a part away, unless nothing else is left.
  first() {
    const shown = [...this.node.querySelectorAll("button:enabled, input:enabled")].filter((each) => each.offsetParent);
    return shown.find((each) => !each.matches(".plain")) ?? shown[0];
  }

  get opened() {
    return !this.node.hidden;
  }

  get wanted() {
    return recall(KEPT, true);
  }

  // A section has something to show from now on.
  reveal(id) {
    at(id).hidden = false;
    if (!this.toggle.hidden) return;
    this.toggle.hidden = false;
    this.open(WIDE.matches && this.wanted, false);
  }

  open(shown, kept = true) {
    this.node.hidden = !shown;
    this.toggle.setAttribute("aria-expanded", String(shown));
    document.body.classList.toggle("staged", shown);
    if (kept && WIDE.matches) keep(KEPT, shown);
  }
}
