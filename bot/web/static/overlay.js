// Draws what the stream of this address says. Whatever goes wrong, what was shown last stays on the picture.
import { rehearse } from "./demo.js";
import { noticesIn } from "./notices.js";
import { share } from "./stream.js";

const STICKY_MS = 4000;
const MOVE = { duration: 450, easing: "cubic-bezier(0.2, 0.8, 0.2, 1)" };

const root = document.documentElement;
const given = new URLSearchParams(location.search);
const one = (selector) => document.querySelector(selector);
const overlay = one(".sl-overlay");
const stage = one(".sl-now");
const list = one(".sl-list");
const calm = matchMedia("(prefers-reduced-motion: reduce)");

const choice = (name, known) => (known.includes(given.get(name)) ? given.get(name) : known[0]);
const amount = (name, low, high, usual) => {
  const value = Number.parseFloat(given.get(name) ?? "");
  return Number.isFinite(value) ? Math.min(high, Math.max(low, value)) : usual;
};

const [token, view] = location.pathname.split("/").slice(-2);
const layout = choice("layout", ["landscape", "vertical", "bar"]);
const rows = Math.round(amount("rows", 1, 10, layout === "bar" ? 3 : 5));
const hides = ["1", "true", "yes"].includes(given.get("hide_when_empty"));
const tells = !["0", "false", "no"].includes(given.get("notices"));
root.dataset.view = view;
root.dataset.layout = layout;
root.dataset.theme = choice("theme", ["dark", "light", "clear"]);
root.style.setProperty("--sl-scale", String(amount("scale", 0.5, 3, 1)));

const keyOf = (song) => (song === null ? "" : [song.title, song.artist, song.name].join("\u0000"));
const write = (element, text) => {
  if (element.textContent !== text) {
    element.textContent = text;
  }
};

let shown = null;
let shownAt = 0;
let latest = null;
let waiting = 0;

function drawStage() {
  clearTimeout(waiting);
  // A song that just came stays for a moment, however fast the host goes on.
  const left = shown === null ? 0 : shownAt + STICKY_MS - performance.now();
  const wanted = keyOf(latest.now);
  if (left > 0 && shown !== wanted && shown !== "") {
    waiting = setTimeout(drawStage, left);
    return;
  }
  const song = latest.now;
  write(one(".sl-now-label"), latest.words.now);
  stage.classList.toggle("sl-silent", song === null);
  stage.classList.toggle("sl-free", song !== null && !song.paid);
  write(stage.querySelector(".sl-title"), song === null ? latest.words.silent : song.title);
  write(stage.querySelector(".sl-artist"), song === null ? "" : song.artist);
  write(stage.querySelector(".sl-tier"), song === null ? "" : song.tier);
  write(stage.querySelector(".sl-name"), song === null ? "" : song.name);
  if (shown !== null && shown !== wanted && !calm.matches) {
    const from = { opacity: 0, transform: "translateY(0.5em)" };
    stage.querySelector(".sl-song").animate([from, { opacity: 1, transform: "none" }], MOVE);
  }
  if (shown !== wanted) {
    shown = wanted;
    shownAt = performance.now();
  }
  hide();
}

function row() {
  const made = document.createElement("li");
  made.className = "sl-row";
  const add = (parent, tag, name) => {
    const element = document.createElement(tag);
    element.className = name;
    element.dir = "auto";
    parent.append(element);
    return element;
  };
  add(made, "span", "sl-place").dir = "ltr";
  const song = add(made, "div", "sl-row-song");
  add(song, "p", "sl-row-title");
  add(song, "p", "sl-row-artist");
  const facts = add(made, "div", "sl-row-facts");
  add(facts, "span", "sl-tier");
  add(facts, "span", "sl-row-name");
  return made;
}

function drawList() {
  const before = new Map();
  const free = new Map();
  for (const element of list.children) {
    before.set(element, element.getBoundingClientRect());
    const same = free.get(element.songKey) ?? [];
    free.set(element.songKey, [...same, element]);
  }
  const drawn = latest.next.slice(0, rows).map((song) => {
    const element = free.get(keyOf(song))?.shift() ?? row();
    element.songKey = keyOf(song);
    write(element.querySelector(".sl-place"), String(song.place));
    write(element.querySelector(".sl-row-title"), song.title);
    write(element.querySelector(".sl-row-artist"), song.artist);
    write(element.querySelector(".sl-tier"), song.tier);
    write(element.querySelector(".sl-row-name"), song.name);
    element.classList.toggle("sl-free", !song.paid);
    return element;
  });
  list.replaceChildren(...drawn);
  // Rather one song less than half of one.
  while (drawn.length > 1 && list.scrollHeight > list.clientHeight + 1) {
    drawn.pop().remove();
  }
  write(one(".sl-next-label"), latest.words.next);
  write(one(".sl-waiting"), latest.waiting > 0 ? latest.words.waiting : "");
  write(one(".sl-empty"), drawn.length > 0 ? "" : latest.words.empty);
  if (calm.matches || before.size === 0) {
    return;
  }
  for (const element of drawn) {
    const from = before.get(element);
    const to = element.getBoundingClientRect();
    if (from === undefined) {
      const below = { opacity: 0, transform: "translateY(0.6em)" };
      element.animate([below, { opacity: 1, transform: "none" }], MOVE);
    } else if (from.left !== to.left || from.top !== to.top) {
      const way = `translate(${from.left - to.left}px, ${from.top - to.top}px)`;
      element.animate([{ transform: way }, { transform: "none" }], MOVE);
    }
  }
}

function hide() {
  const silent = view === "next" || shown === "";
  const nobody = view === "now" || latest.next.length === 0;
  overlay.classList.toggle("sl-hidden", hides && silent && nobody);
}

function draw(message) {
  latest = message;
  root.lang = message.language;
  drawStage();
  drawList();
  hide();
  notices.reached(message.revision);
  root.dataset.revision = String(message.revision);
}

// Below what there is to see, or, where there is no room, in a line that has some.
const notice = one(".sl-notice");
const notices = noticesIn(notice, calm);

function placeNotice() {
  const low = layout === "bar" || innerHeight < 24 * Number.parseFloat(getComputedStyle(root).fontSize);
  const line = one(view === "now" ? ".sl-now .sl-label" : ".sl-next .sl-label");
  root.dataset.notices = tells ? (low ? "line" : "below") : "off";
  const place = low ? line : one(".sl-notices");
  if (notice.parentElement !== place) {
    for (const moving of notice.getAnimations()) {
      moving.finish();
    }
    place.append(notice);
  }
}

function hearNotices(news) {
  if (tells) {
    notices.hear(news);
  }
}

const heard = {
  message: draw,
  notices: hearNotices,
  gone: () => overlay.classList.add("sl-hidden"),
};

addEventListener("resize", () => {
  placeNotice();
  if (latest !== null) {
    drawList();
  }
});
placeNotice();
if (token === "demo") {
  rehearse(draw, hearNotices, given.get("scene"));
} else {
  share(token, (kind, data) => heard[kind]?.(data));
}
