// The page: who is here, which channel is open, and what each frame changes.

import { el } from "./dom.js";
import { relative } from "./markdown.js";
import { face, message } from "./message.js";
import { Composer } from "./composer.js";
import { open } from "./modal.js";
import { Stage } from "./stage.js";
import { TikTok } from "./tiktok.js";
import { Tour } from "./tour.js";
import { Wire } from "./wire.js";

const at = (id) => document.getElementById(id);
const log = at("log");
const NEAR = 120;

const page = {
  names: { users: {}, roles: {}, channels: {} },
  channels: [],
  logs: new Map(),
  unread: new Set(),
  files: "",
  me: "",
  bot: "0",
  atEnd: true,
  current: "",

  take(frame) {
    TAKES[frame.type]?.(frame);
  },

  // What somebody does to a message; the element shows that it is under way.
  async act(from, what, values = {}) {
    const { id } = from.closest(".message");
    from.classList.add("waiting");
    const answer = await this.wire.act(what, { channel: this.current, message: id.slice(1), ...values });
    from.classList.remove("waiting");
    // It may have been drawn anew, or deleted, while the answer was on its way.
    const row = at(id);
    row?.querySelector(".failed")?.remove();
    if (answer.error) row?.querySelector(".content").append(el("p", { class: "failed error", role: "alert" }, answer.error));
    else this.answered(answer);
  },

  answered(answer) {
    if (answer.modal) open(at("modal"), answer.modal, this);
    return Boolean(answer.modal);
  },

  // Who reads the newest goes on doing so when a picture or a form takes room.
  grown() {
    if (this.atEnd) log.scrollTop = log.scrollHeight;
  },
};

const TAKES = {
  hello(frame) {
    Object.assign(page, { me: frame.me, bot: frame.bot, files: frame.files, logs: new Map() });
    at("guild").textContent = frame.guild;
    at("state").textContent = "";
    document.body.classList.remove("lost");
  },
  names(frame) {
    page.names = frame;
    const people = Object.entries(frame.users).filter(([, each]) => !each.bot);
    at("person").replaceChildren(...people.map(([id, each]) =>
      el("option", { value: id, selected: id === page.me }, [each.name, ...(each.roles.length ? each.roles : ["no role"])].join(" · "))));
    document.title = `${frame.users[page.me]?.name ?? "?"} · ${at("guild").textContent}`;
    redraw(page.atEnd);
  },
  channels(frame) {
    page.channels = frame.channels;
    for (const id of page.logs.keys()) {
      if (!frame.channels.some((each) => each.id === id)) page.logs.delete(id);
    }
    if (!frame.channels.some((each) => each.id === page.current)) go(place().channel);
    else drawChannels();
  },
  messages(frame) {
    const known = page.logs.get(frame.channel) ?? new Map();
    const fresh = frame.put.some((each) => !known.has(each.id) && each.author.id !== page.me);
    if (fresh && page.logs.has(frame.channel) && frame.channel !== page.current) page.unread.add(frame.channel);
    frame.gone.forEach((id) => known.delete(id));
    frame.put.forEach((each) => known.set(each.id, each));
    page.logs.set(frame.channel, known);
    if (frame.channel === page.current) patch(frame);
    drawChannels();
  },
  tour(frame) {
    page.tour.take(frame);
  },
  tiktok(frame) {
    page.tiktok.take(frame);
  },
  lost() {
    at("state").textContent = "The sandbox is gone; waiting for it.";
    document.body.classList.add("lost");
  },
};

function sorted(known) {
  return [...known.values()].sort((one, other) => (BigInt(one.id) < BigInt(other.id) ? -1 : 1));
}

function redraw(toEnd = true) {
  const kept = log.scrollTop;
  const known = page.logs.get(page.current);
  log.replaceChildren(...(known ? sorted(known).map((each) => message(each, page)) : []));
  group();
  page.atEnd = toEnd;
  log.scrollTop = toEnd ? log.scrollHeight : kept;
}

// Only what changed is drawn anew, so that an open menu or a focused button elsewhere is left alone.
function patch(frame) {
  frame.gone.forEach((id) => at(`m${id}`)?.remove());
  for (const body of frame.put) {
    const before = at(`m${body.id}`);
    const held = before?.contains(document.activeElement) ? document.activeElement.dataset.id : null;
    const row = message(body, page);
    if (before) before.replaceWith(row);
    else {
      const after = [...log.children].find((each) => BigInt(each.id.slice(1)) > BigInt(body.id));
      log.insertBefore(row, after ?? null);
    }
    if (held) [...row.querySelectorAll("[data-id]")].find((each) => each.dataset.id === held)?.focus();
  }
  group();
  page.grown();
}

function group() {
  let last = null;
  const known = page.logs.get(page.current);
  for (const row of log.children) {
    const body = known?.get(row.id.slice(1));
    const close = last && body && body.author.id === last.author.id && !body.interaction_metadata && !body.referenced_message
      && Date.parse(body.timestamp) - Date.parse(last.timestamp) < 300000 && Boolean(body.flags & 64) === Boolean(last.flags & 64);
    row.classList.toggle("follows", Boolean(close));
    last = body;
  }
  log.classList.toggle("empty", !log.children.length);
}

function drawChannels() {
  const rows = page.channels.map((each) => el("li", {},
    el("button", {
      type: "button", class: page.unread.has(each.id) ? "unread" : "", "aria-current": each.id === page.current ? "page" : null,
      onclick: () => { go(each.id); page.composer.focus(); },
    }, each.direct ? face(page.bot, each.name) : el("span", { class: "hash" }, "#"), el("bdi", {}, each.name))));
  const direct = page.channels.findIndex((each) => each.direct);
  if (direct >= 0) rows.splice(direct, 0, el("li", { class: "heading" }, "Direct messages"));
  at("channels").replaceChildren(...rows);
  const channel = page.channels.find((each) => each.id === page.current);
  at("title").textContent = channel ? `${channel.direct ? "@" : "#"} ${channel.name}` : "";
  at("topic").textContent = channel?.topic ?? "";
  page.composer.go(channel);
}

function go(id) {
  page.current = page.channels.some((each) => each.id === id) ? id : (page.channels[0]?.id ?? "");
  page.unread.delete(page.current);
  menu(false);
  history.replaceState(null, "", `#${new URLSearchParams({ person: page.wire.person || page.me, channel: page.current })}`);
  drawChannels();
  redraw();
}

// The address carries person and channel, so that every window keeps its part over a reload.
function place() {
  const found = new URLSearchParams(location.hash.slice(1));
  return { person: found.get("person") ?? "", channel: found.get("channel") ?? "" };
}

function enter(person) {
  page.wire?.end();
  page.unread.clear();
  page.channels = [];
  const channel = page.current || place().channel;
  page.current = "";
  history.replaceState(null, "", `#${new URLSearchParams({ person, channel })}`);
  const wire = new Wire(person, (frame) => wire === page.wire && page.take(frame));
  page.wire = wire;
}

function menu(shown) {
  document.body.classList.toggle("menu", shown);
  at("menu").setAttribute("aria-expanded", String(shown));
}

page.composer = new Composer(at("composer"), page);
page.stage = new Stage();
page.tour = new Tour(at("tour"), page);
page.tiktok = new TikTok(at("tiktok"), page);
at("person").addEventListener("change", (event) => enter(event.target.value));
at("menu").addEventListener("click", () => menu(!document.body.classList.contains("menu")));
log.addEventListener("scroll", () => {
  page.atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < NEAR;
});
new ResizeObserver(() => page.grown()).observe(log);
window.addEventListener("hashchange", () => {
  const { person, channel } = place();
  if (person && person !== page.me) {
    page.current = "";
    enter(person);
  } else if (channel) go(channel);
});
document.addEventListener("keydown", (event) => {
  if (at("modal").open) return;
  const writing = event.target.matches("input, textarea, select");
  if (event.altKey && (event.key === "ArrowDown" || event.key === "ArrowUp") && page.channels.length) {
    event.preventDefault();
    const now = page.channels.findIndex((each) => each.id === page.current) + (event.key === "ArrowDown" ? 1 : -1);
    go(page.channels[(now + page.channels.length) % page.channels.length].id);
  } else if (event.key === "/" && !writing) {
    event.preventDefault();
    page.composer.focus();
    page.composer.input.value = "/";
    page.composer.typed();
  } else if (event.key === "Escape") menu(false);
});
setInterval(() => {
  for (const each of document.querySelectorAll("time[data-at]")) each.textContent = relative(Number(each.dataset.at));
}, 15000);
enter(place().person);
