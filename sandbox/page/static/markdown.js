// Discord's markdown as elements. Nothing here reads or writes HTML.

import { el, link, webAddress } from "./dom.js";

const INLINE = new RegExp(
  [
    "\\\\(?<escaped>[\\\\*_~`|>#\\[\\]()<:@-])",
    "(?<ticks>`{1,2})(?<code>[^`]+)\\k<ticks>",
    "\\*\\*(?<bold>.+?)\\*\\*(?!\\*)",
    "__(?<under>.+?)__(?!_)",
    "~~(?<strike>.+?)~~",
    "\\|\\|(?<spoiler>.+?)\\|\\|",
    "\\*(?<star>[^*\\s](?:[^*]*[^*\\s])?)\\*",
    "(?<![\\w])_(?<low>[^_]+)_(?![\\w])",
    "\\[(?<label>[^\\]]+)\\]\\(<?(?<target>https?://[^\\s)>]+)>?\\)",
    "<(?<kind>@!?|@&|#)(?<mention>\\d+)>",
    "<t:(?<time>-?\\d+)(?::(?<style>[tTdDfFR]))?>",
    "<a?:(?<emoji>\\w+):\\d+>",
    "</(?<command>[^:>]+):\\d+>",
    "<(?<plain>https?://[^\\s>]+)>",
    "(?<bare>https?://[^\\s<>]*[^\\s<>.,:;!?\"')\\]*_~|`])",
  ].join("|"),
  "su",
);
const DEEPEST = 12;

export function inline(text, names, depth = 0) {
  const found = [];
  let rest = text;
  while (rest) {
    const match = depth < DEEPEST ? INLINE.exec(rest) : null;
    if (!match) {
      found.push(document.createTextNode(rest));
      break;
    }
    if (match.index) found.push(document.createTextNode(rest.slice(0, match.index)));
    found.push(piece(match.groups, match[0], names, depth + 1));
    rest = rest.slice(match.index + match[0].length);
  }
  return found;
}

function piece(is, whole, names, depth) {
  if (is.escaped) return document.createTextNode(is.escaped);
  if (is.code) return el("code", {}, is.code);
  for (const [key, tag] of [["bold", "strong"], ["under", "u"], ["strike", "s"], ["star", "em"], ["low", "em"]]) {
    if (is[key]) return el(tag, {}, inline(is[key], names, depth));
  }
  if (is.spoiler) return spoiler(inline(is.spoiler, names, depth));
  const address = webAddress(is.target ?? is.plain ?? is.bare ?? "");
  if (address) return link(address, is.label ? inline(is.label, names, DEEPEST) : (is.plain ?? is.bare));
  if (is.mention) return mention(is.kind, is.mention, names);
  if (is.time) return time(Number(is.time), is.style ?? "f");
  if (is.emoji) return document.createTextNode(`:${is.emoji}:`);
  if (is.command) return el("span", { class: "mention" }, `/${is.command}`);
  return document.createTextNode(whole);
}

function spoiler(children) {
  const shown = el("span", { class: "spoiler", tabIndex: 0, role: "button", title: "Spoiler" }, children);
  const open = () => shown.classList.add("open");
  shown.addEventListener("click", open);
  shown.addEventListener("keydown", (event) => event.key === "Enter" && open());
  return shown;
}

function mention(kind, id, names) {
  const name = kind === "#" ? names.channels[id] : kind === "@&" ? names.roles[id] : names.users[id]?.name;
  const sign = kind === "#" ? "#" : "@";
  return el("bdi", { class: "mention" }, name === undefined ? `${sign}unknown` : sign + name.replace(/^@/, ""));
}

const STYLES = {
  t: { timeStyle: "short" },
  T: { timeStyle: "medium" },
  d: { dateStyle: "short" },
  D: { dateStyle: "long" },
  f: { dateStyle: "long", timeStyle: "short" },
  F: { dateStyle: "full", timeStyle: "short" },
};
const UNITS = [["year", 31536000], ["month", 2592000], ["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];

function time(seconds, style) {
  const at = new Date(seconds * 1000);
  if (Number.isNaN(at.getTime())) return document.createTextNode(`<t:${seconds}>`);
  const full = new Intl.DateTimeFormat(undefined, STYLES.F).format(at);
  const made = el("time", { dateTime: at.toISOString(), title: full });
  if (style === "R") made.dataset.at = seconds;
  made.textContent = style === "R" ? relative(seconds) : new Intl.DateTimeFormat(undefined, STYLES[style]).format(at);
  return made;
}

export function relative(seconds) {
  const left = seconds - Date.now() / 1000;
  const [unit, length] = UNITS.find(([, each]) => Math.abs(left) >= each) ?? UNITS.at(-1);
  return new Intl.RelativeTimeFormat(undefined, { numeric: "auto" }).format(Math.round(left / length), unit);
}

const LINES = [
  [/^(#{1,3}) +(.+)$/, (found) => [`h${found[1].length + 2}`, found[2]]],
  [/^-# +(.+)$/, (found) => ["small", found[1]]],
  [/^> ?(.*)$/, (found) => ["blockquote", found[1]]],
];

export function markdown(text, names) {
  const body = el("div", { class: "markdown", dir: "auto" });
  // Every second part is what stands between fences.
  text.split(/```(?:[a-zA-Z0-9+-]*\n)?([\s\S]*?)```/).forEach((part, index) => {
    if (index % 2) body.append(el("pre", {}, el("code", {}, part.replace(/\n$/, ""))));
    else if (part) blocks(part, names, body);
  });
  return body;
}

function blocks(text, names, body) {
  let plain = [];
  const flush = () => {
    if (plain.join("").trim()) body.append(el("p", { dir: "auto" }, inline(plain.join("\n"), names)));
    plain = [];
  };
  for (const line of text.split("\n")) {
    const item = /^(\s*)(?:[-*]|(\d+)\.) +(.+)$/.exec(line);
    if (item) {
      flush();
      const mark = item[2] ? `${item[2]}.` : "•";
      const row = el("div", { class: item[1] ? "item deeper" : "item" }, el("span", {}, mark));
      row.append(el("span", { dir: "auto" }, inline(item[3], names)));
      body.append(row);
      continue;
    }
    const [pattern, make] = LINES.find(([each]) => each.test(line)) ?? [];
    if (!pattern) {
      plain.push(line);
      continue;
    }
    flush();
    const [tag, inner] = make(pattern.exec(line));
    const before = body.lastElementChild;
    if (tag === "blockquote" && before?.tagName === "BLOCKQUOTE") before.append(el("br"), ...inline(inner, names));
    else body.append(el(tag, { dir: "auto" }, inline(inner, names)));
  }
  flush();
}
