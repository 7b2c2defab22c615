// What happened on TikTok lately, the newest first.

import { el } from "./dom.js";
import { icon } from "./icons.js";

export const count = (number) => Number(number).toLocaleString("en");

const host = (each) => el("bdi", { class: "at" }, `@${each.host}`);

const SAID = {
  began: (each) => [host(each), " is live"],
  ended: (each) => ["The live of ", host(each), " is over"],
  connected: (each) => ["The bot is connected to ", host(each)],
  disconnected: (each) => [each.text === "reset" ? "The connection to " : "The bot has left ", host(each), each.text === "reset" ? " was dropped" : ""],
  paused: (each) => [host(each), " takes a break"],
  resumed: (each) => [host(each), " goes on"],
  viewers: (each) => [el("b", {}, count(each.count)), " are watching"],
  like: (each) => [who(each), " likes", times(each.count)],
  comment: (each) => [who(each), " ", el("bdi", { class: "said" }, each.text)],
  share: (each) => [who(each), " shares the live"],
  follow: (each) => [who(each), " follows"],
  subscribe: (each) => [who(each), " subscribes"],
  join: (each) => [who(each), " comes in"],
  gift: (each) => [who(each), " sends ", el("b", {}, each.gift), times(each.count), " ", el("span", { class: "coins" }, count(each.coins))],
};

function who(each) {
  return el("bdi", { class: "by" }, each.name);
}

function times(number) {
  return number > 1 ? ` ×${count(number)}` : null;
}

function clock(at) {
  const made = new Date(at);
  return el("time", { dateTime: made.toISOString() }, made.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" }));
}

export class Feed {
  constructor(node, streaks) {
    this.node = node;
    this.streaks = streaks;
    this.rows = new Map();
  }

  // Rows that are as they were stay, so that what is selected or read aloud is left alone.
  show(happenings) {
    const before = this.rows;
    this.rows = new Map();
    for (const each of happenings) {
      const written = JSON.stringify(each);
      const known = before.get(each.id);
      this.rows.set(each.id, known?.written === written ? known : { written, row: this.row(each, known) });
    }
    const wanted = [...this.rows.values()].reverse().map((each) => each.row);
    wanted.forEach((row, index) => {
      if (this.node.children[index] !== row) this.node.insertBefore(row, this.node.children[index] ?? null);
    });
    while (this.node.children.length > wanted.length) this.node.lastChild.remove();
  }

  row(each, known) {
    const grows = each.kind === "gift" && !each.ended && this.streaks(each.gift);
    const classes = [each.kind, grows ? "grows" : "", known ? "" : "fresh"].join(" ").trim();
    return el("li", { class: classes, title: `@${each.host}` }, icon(each.kind), el("p", {}, SAID[each.kind]?.(each) ?? each.kind), clock(each.at));
  }
}
