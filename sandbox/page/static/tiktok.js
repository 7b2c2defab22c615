// The panel of the TikTok: a live of a host, and viewers who like, write and give in it.

import { el } from "./dom.js";
import { count, Feed } from "./feed.js";
import { icon } from "./icons.js";
import { keep, recall } from "./kept.js";

const KEPT = "tiktok";
const CHIPS = 6;
const OF_HOSTS = new Set(["live", "end", "drop", "viewers"]);
const QUICK = [["share", "Share"], ["follow", "Follow"], ["join", "Join"], ["subscribe", "Subscribe"]];

export class TikTok {
  constructor(node, page) {
    this.page = page;
    this.node = node;
    this.frame = { gifts: [], lives: [], hosts: [], viewers: [], streaks: [], feed: [] };
    this.chosen = { viewer: "", gift: "Rose", folded: false, ...recall(KEPT, {}) };
    this.host = "";
    this.awaited = "";
    this.adding = false;
    this.error = el("p", { class: "error", role: "alert" });
    this.build();
    setInterval(() => this.tick(), 1000);
  }

  build() {
    this.status = el("span", { class: "status", role: "status" });
    this.tabs = el("div", { class: "tabs", role: "group", "aria-label": "Lives" });
    this.handle = el("input", { type: "text", class: "handle", "aria-label": "Handle of the host", placeholder: "handle", maxLength: 25, ...plain() });
    this.hint = el("p", { class: "hint" });
    this.start = el("form", { class: "block start", onsubmit: (event) => this.goLive(event) },
      el("div", { class: "row" }, el("span", { class: "before" }, el("i", {}, "@"), this.handle), el("button", { class: "button go" }, icon("began"), "Go live")),
      this.hint);
    this.live = this.ofLive();
    this.acts = el("div", {}, this.ofViewer(), this.ofGifts());
    const list = el("ol", { class: "feed", role: "log", "aria-label": "What happened on TikTok", tabIndex: 0 });
    this.feed = new Feed(list, (name) => this.gift(name)?.streak);
    this.fold = el("button", { type: "button", class: "plain", onclick: () => this.folded(!this.chosen.folded) });
    this.folded(this.chosen.folded);
    this.node.replaceChildren(
      el("header", {}, el("h2", {}, "TikTok"), this.status, this.fold), this.tabs, this.start, this.live, this.acts, list);
  }

  ofLive() {
    this.figures = el("p", { class: "figures" });
    this.watching = el("input", { type: "number", min: 0, max: 10000000, required: true, "aria-label": "Viewers watching now" });
    this.drop = el("button", { type: "button", class: "button secondary", title: "Cut the bot's connection, as a bad network does", onclick: (event) => this.act(event.target, "drop") }, "Drop");
    const set = (event) => {
      event.preventDefault();
      this.act(this.watching, "viewers", { count: Number(this.watching.value) });
    };
    this.away = el("p", { class: "hint" });
    return el("div", { class: "block live" }, this.figures, this.away,
      el("div", { class: "row" },
        el("form", { class: "watching", title: "Viewers watching now; Enter sets them", onsubmit: set }, icon("viewers"), this.watching, el("button", { class: "button secondary" }, "Set")),
        this.drop,
        el("button", { type: "button", class: "button danger", onclick: (event) => this.act(event.target, "end") }, "End live")));
  }

  ofViewer() {
    this.viewer = el("input", {
      type: "text", value: this.chosen.viewer, "aria-label": "Viewer who does it", maxLength: 60, ...plain(),
      oninput: () => this.choose({ viewer: this.viewer.value }),
    });
    this.chips = el("div", { class: "chips", role: "group", "aria-label": "Recent viewers" });
    this.words = el("input", { type: "text", "aria-label": "Comment", placeholder: "Write in the chat of the live", maxLength: 4000, dir: "auto", ...plain() });
    this.likes = number("Likes", 15, 5000);
    const say = async (event) => {
      event.preventDefault();
      const text = this.words.value;
      if (await this.act(this.words, "comment", { text }) && this.words.value === text) this.words.value = "";
    };
    const like = (event) => {
      event.preventDefault();
      this.act(this.likes, "like", { count: Number(this.likes.value) });
    };
    return el("div", { class: "block viewer" },
      el("label", { class: "as" }, el("span", {}, "Viewer"), this.viewer), this.chips,
      el("form", { class: "row", onsubmit: say }, this.words, el("button", { class: "button primary", "aria-label": "Send the comment" }, "Send")),
      el("form", { class: "row likes", onsubmit: like }, el("span", { class: "before" }, el("i", {}, "×"), this.likes), el("button", { class: "button secondary" }, icon("like"), "Like")),
      el("div", { class: "row quick" },
        QUICK.map(([what, label]) => el("button", { type: "button", class: "button secondary", onclick: (event) => this.act(event.target, what) }, icon(what), label))));
  }

  ofGifts() {
    this.tiles = el("div", { class: "gifts", role: "radiogroup", "aria-label": "Gift", onkeydown: (event) => this.move(event) });
    this.units = number("How many", 1, 9999);
    this.give = el("button", { class: "button primary" });
    this.grow = el("button", { type: "button", class: "button secondary", onclick: (event) => this.send(event.target, "streak") }, "Streak");
    this.streaks = el("ul", { class: "streaks" });
    const give = (event) => {
      event.preventDefault();
      this.send(this.units, "gift");
    };
    return el("div", { class: "block" }, this.tiles,
      el("form", { class: "row give", onsubmit: give }, el("span", { class: "before" }, el("i", {}, "×"), this.units), this.give, this.grow), this.streaks);
  }

  // A new frame says everything; only what is typed in, and where the focus is, stays as it was.
  take(frame) {
    this.page.stage.reveal("tiktok");
    const gifts = JSON.stringify(frame.gifts) !== JSON.stringify(this.frame.gifts);
    this.frame = frame;
    const mine = frame.lives.some((each) => each.host === this.awaited);
    if (mine) Object.assign(this, { host: this.awaited, adding: false, awaited: "" });
    if (!frame.lives.some((each) => each.host === this.host)) this.host = frame.lives[0]?.host ?? "";
    if (gifts) this.drawGifts();
    this.draw();
    if (mine) this.words.focus();
  }

  folded(away) {
    this.chosen.folded = away;
    keep(KEPT, this.chosen);
    this.node.classList.toggle("folded", away);
    this.fold.textContent = away ? "Show" : "Hide";
    this.fold.setAttribute("aria-label", `${this.fold.textContent} the TikTok`);
  }

  draw() {
    const { lives, hosts, viewers, feed } = this.frame;
    const live = lives.find((each) => each.host === this.host);
    const starting = !live || this.adding;
    this.status.className = `status ${live ? (live.connections ? "on" : "off") : ""}`;
    this.status.textContent = live ? (live.connections ? "Bot connected" : "Bot not connected") : "Nobody is live";
    this.drawTabs(lives);
    this.start.hidden = !starting;
    this.live.hidden = this.acts.hidden = starting;
    const wanted = hosts.filter((each) => each.wanted && !lives.some((one) => one.host === each.name));
    if (document.activeElement !== this.handle && !this.handle.value && wanted.length) this.handle.value = wanted[0].name;
    redrawn(this.hint, wanted.length
      ? ["The bot has looked for ", ...wanted.flatMap((each, index) => [index ? ", " : "", el("bdi", {}, `@${each.name}`)]), "."]
      : ["The bot listens after ", el("code", {}, "/tiktok connect"), " with the same handle."]);
    if (live) {
      this.away.hidden = live.connections > 0;
      redrawn(this.away, ["The bot comes by itself once it runs and was told ", el("code", {}, `/tiktok connect ${live.host}`)]);
      this.drop.disabled = !live.connections;
      if (document.activeElement !== this.watching) this.watching.value = live.watching;
      this.tick();
    }
    // Until somebody chose who acts, it is the latest who did, and anna where nobody has yet.
    if (!this.chosen.viewer && !this.proposed && document.activeElement !== this.viewer) {
      this.viewer.value = viewers[0] ?? "anna";
      this.proposed = viewers.length > 0;
    }
    redrawn(this.chips, viewers.slice(0, CHIPS).sort().map((name) => el("button", {
      type: "button", class: "chip", "aria-pressed": String(name === this.viewer.value), onclick: () => { this.viewer.value = name; this.choose({ viewer: name }); },
    }, el("bdi", {}, name))));
    this.drawStreaks();
    this.feed.show(feed);
  }

  drawTabs(lives) {
    this.tabs.hidden = !lives.length;
    const tab = (label, pressed, onclick, name) => el("button", { type: "button", class: "chip", "aria-pressed": String(pressed), "aria-label": name, title: name, onclick }, label);
    redrawn(this.tabs, [
      ...lives.map((each) => tab([el("i", { class: each.connections ? "dot on" : "dot off" }), el("bdi", {}, `@${each.host}`)],
        !this.adding && each.host === this.host, () => { this.host = each.host; this.adding = false; this.draw(); })),
      tab("+", this.adding, () => { this.adding = !this.adding; this.handle.value = ""; this.draw(); if (this.adding) this.handle.focus(); }, "Another live"),
    ]);
  }

  drawGifts() {
    this.tiles.replaceChildren(...this.frame.gifts.map((each, index) => {
      const tile = el("button", {
        type: "button", class: "gift", role: "radio", "aria-label": `${each.name}, ${count(each.price)} ${each.price === 1 ? "coin" : "coins"}`, title: each.streak ? each.name : `${each.name} does not streak`,
        onclick: () => this.choose({ gift: each.name }), ondblclick: () => this.send(tile, "gift"),
      }, el("i", { class: "disc", "aria-hidden": "true" }, each.name[0]), el("span", {}, each.name), el("small", { class: "coins" }, count(each.price)));
      tile.style.setProperty("--hue", String((index * 47 + 340) % 360));
      return tile;
    }));
    this.choose({ gift: this.gift(this.chosen.gift) ? this.chosen.gift : this.frame.gifts[0]?.name });
  }

  drawStreaks() {
    redrawn(this.streaks, this.frame.streaks.filter((each) => each.host === this.host).map((each) => {
      const button = (label, what, values, name) => el("button", {
        type: "button", class: "button secondary", "aria-label": `${name}: ${each.viewer}, ${each.gift}`,
        onclick: (event) => this.act(event.target, what, { viewer: each.viewer, gift: each.gift, ...values }),
      }, label);
      return el("li", {},
        el("bdi", { class: "by", title: each.viewer }, each.viewer), el("span", {}, each.gift), el("b", {}, `×${count(each.count)}`),
        button("+1", "streak", { count: 1 }, "One more"), button("+10", "streak", { count: 10 }, "Ten more"), button("End", "streak_end", {}, "End the streak"));
    }));
  }

  tick() {
    const live = this.frame.lives.find((each) => each.host === this.host);
    if (!live || this.live.hidden) return;
    const seconds = Math.max(0, Math.floor((Date.now() - live.since) / 1000));
    const parts = [Math.floor(seconds / 60), seconds % 60].map((each) => String(each).padStart(2, "0"));
    const figure = (name, value, title) => el("span", { title }, icon(name), count(value));
    redrawn(this.figures, [el("b", { class: "badge" }, "LIVE"), el("span", {}, parts.join(":")),
      figure("like", live.likes, "Likes"), figure("viewers", live.watching, "Watching"), el("span", { class: "coins", title: "Coins" }, count(live.coins))]);
  }

  gift(name) {
    return this.frame.gifts.find((each) => each.name === name);
  }

  choose(values) {
    Object.assign(this.chosen, values);
    keep(KEPT, this.chosen);
    const index = this.frame.gifts.findIndex((each) => each.name === this.chosen.gift);
    [...this.tiles.children].forEach((tile, at) => {
      tile.ariaChecked = String(at === index);
      tile.tabIndex = at === index ? 0 : -1;
    });
    for (const chip of this.chips.children) chip.ariaPressed = String(chip.textContent === this.viewer.value);
    this.give.textContent = `Send ${this.chosen.gift}`;
    this.grow.disabled = !this.frame.gifts[index]?.streak;
  }

  // Arrows go from gift to gift, as among radio buttons; Enter gives the chosen one.
  move(event) {
    const columns = getComputedStyle(this.tiles).gridTemplateColumns.split(" ").length;
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns }[event.key];
    if (step) {
      const to = this.frame.gifts.findIndex((each) => each.name === this.chosen.gift) + step;
      if (this.frame.gifts[to]) this.choose({ gift: this.frame.gifts[to].name });
      this.tiles.querySelector("[aria-checked=true]")?.focus();
    } else if (event.key === "Enter") this.send(event.target, "gift");
    else return;
    event.preventDefault();
  }

  send(from, what) {
    return this.act(from, what, { gift: this.chosen.gift, count: Number(this.units.value) });
  }

  async goLive(event) {
    event.preventDefault();
    const host = this.handle.value.trim().replace(/^@/, "").toLowerCase();
    this.awaited = host;
    if (await this.act(this.handle, "live", { host })) this.handle.value = "";
    else this.awaited = "";
  }

  // Whether it was done; what was refused is said below the part of the panel it was asked in.
  async act(from, what, values = {}) {
    const block = from.closest(".block");
    if (!OF_HOSTS.has(what)) this.choose({ viewer: this.viewer.value });
    const answer = await this.page.wire.act("tiktok", { what, host: this.host, viewer: this.viewer.value, ...values });
    this.error.textContent = answer.error ?? "";
    if (answer.error) block.append(this.error);
    return !answer.error;
  }
}

function plain() {
  return { autocomplete: "off", spellcheck: false, autocapitalize: "off" };
}

function number(name, value, most) {
  return el("input", { type: "number", min: 1, max: most, step: 1, value, required: true, "aria-label": name });
}

// What would look the same is not drawn again; a button that is keeps the focus.
function redrawn(node, children) {
  const made = [...el("div", {}, children).childNodes];
  if (made.length === node.childNodes.length && made.every((each, index) => each.isEqualNode(node.childNodes[index]))) return;
  const held = node.contains(document.activeElement) ? named(document.activeElement) : null;
  node.replaceChildren(...made);
  if (held) [...node.querySelectorAll("button")].find((each) => named(each) === held)?.focus();
}

function named(button) {
  return button.getAttribute("aria-label") ?? button.textContent;
}
