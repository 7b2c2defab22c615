// The tour: what to do next, what is done, and the buttons that move the stage.

import { el } from "./dom.js";

const DRAWER = matchMedia("(max-width: 1100px)");

export class Tour {
  constructor(node, page) {
    this.node = node;
    this.page = page;
    this.opened = null;
    this.current = null;
    this.error = "";
  }

  take(frame) {
    this.frame = frame;
    const shown = Boolean(frame.notice || frame.steps.length);
    if (!shown) this.node.hidden = true;
    else this.page.stage.reveal("tour");
    if (frame.busy) this.error = "";
    // What is next opens by itself; afterwards the list is the reader's.
    if (this.current !== frame.current || !frame.steps[this.opened]) this.opened = frame.current;
    this.current = frame.current;
    this.draw();
  }

  draw() {
    const { frame } = this;
    const held = this.node.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    this.node.classList.toggle("folded", frame.dismissed);
    this.node.replaceChildren(this.head(), ...(frame.dismissed ? [] : this.body()),
      el("p", { class: "error", role: "alert" }, this.error));
    if (held) [...this.node.querySelectorAll("[data-key]")].find((each) => each.dataset.key === held)?.focus();
  }

  head() {
    const { frame } = this;
    const done = frame.steps.filter((each) => each.done).length;
    const fold = frame.dismissed ? ["show", "Show", "Show the tour"] : ["dismiss", "Hide", "Hide the tour"];
    return el("header", {}, el("h2", {}, frame.title),
      frame.steps.length > 0 && el("span", { class: "count" }, `${done} of ${frame.steps.length}`),
      key(el("button", { type: "button", class: "plain", "aria-label": fold[2], onclick: () => this.act({ what: fold[0] }) }, fold[1]), "fold"),
      frame.steps.length > 0 && el("progress", { max: frame.steps.length, value: done, "aria-label": "Steps done" }));
  }

  body() {
    const { frame } = this;
    if (frame.notice) {
      return [el("div", { class: `notice${frame.notice.failed ? " failed" : ""}`, role: "status" },
        el("strong", {}, frame.notice.title), el("p", {}, frame.notice.text), this.controls(frame.controls, "primary"))];
    }
    const named = frame.steps.flatMap((each) => each.controls);
    const others = frame.controls.filter((each) => !named.includes(each.name));
    return [
      el("ol", {}, frame.steps.map((step, number) => this.step(step, number))),
      frame.current === null && el("p", { class: "over", role: "status" }, "That was the tour. The server is yours: go on, or start again."),
      el("footer", {}, this.controls([...others, frame.again], "secondary")),
    ].filter(Boolean);
  }

  step(step, number) {
    const open = this.opened === number;
    const state = step.done ? "done" : this.frame.current === number ? "current" : "later";
    const head = key(el("button", {
      type: "button", class: "title", "aria-expanded": String(open), "aria-controls": `step${number}`,
      onclick: () => { this.opened = open ? null : number; this.draw(); },
    }, el("span", { class: "tick", "aria-hidden": "true" }, step.done ? "✓" : String(number + 1)), el("span", {}, step.title),
    step.done && el("span", { class: "heard" }, ", done")), `step${number}`);
    return el("li", { class: `${state}${open ? " open" : ""}`, "aria-current": state === "current" ? "step" : null }, head,
      open && el("div", { class: "what", id: `step${number}` },
        el("p", { class: "as" }, "As ", el("b", {}, step.who)), el("p", {}, step.hint),
        step.note && el("p", { class: "note", role: "status" }, step.note), this.ways(step, number),
        this.controls(this.frame.controls.filter((each) => step.controls.includes(each.name)), "danger")));
  }

  ways(step, number) {
    const ways = [];
    if (step.beside) ways.push(["Show it below", () => this.beside(step.beside)]);
    if (step.place) ways.push([step.beside ? "See what happens" : "Take me there", () => this.go(step.place)]);
    return ways.length > 0 && el("div", { class: "ways" }, ways.map(([label, run], at) =>
      key(el("button", { type: "button", class: `button ${at ? "secondary" : "primary"}`, onclick: run }, label), `way${number}.${at}`)));
  }

  controls(controls, style) {
    return controls.length > 0 && el("ul", { class: "controls" }, controls.map((each) => el("li", {},
      key(el("button", {
        type: "button", class: `button ${style}`, title: each.hint,
        disabled: this.frame.busy, onclick: () => this.act({ what: "press", control: each.name }),
      }, each.label), each.name),
      el("span", { class: each.failed ? "failed" : each.busy ? "busy" : "said", role: "status" }, each.said))));
  }

  // Through the address, as if somebody had opened it: it stands for person and channel.
  go(place) {
    location.hash = String(new URLSearchParams(place));
    if (DRAWER.matches) this.page.stage.open(false, false);
    else this.page.composer.focus();
  }

  beside(id) {
    const node = document.getElementById(id);
    node.scrollIntoView({ block: "start" });
    node.querySelector(":is(button, input, select):enabled")?.focus({ preventScroll: true });
  }

  async act(values) {
    const answer = await this.page.wire.act("tour", values);
    this.error = answer.error ?? "";
    this.draw();
  }
}

// What is drawn anew while somebody is on it keeps their place.
function key(node, name) {
  node.dataset.key = name;
  return node;
}
