// One message as it stands in the log.

import { colour, el } from "./dom.js";
import { component, embed, file, picture } from "./components.js";
import { markdown } from "./markdown.js";

const EPHEMERAL = 64;
const LOADING = 128;
const V2 = 32768;
const PIN_NOTICE = 6;
const HUES = ["#e8634f", "#e0a13a", "#5aa867", "#4f9bd9", "#9a7be0", "#d96aa5", "#4fb3ab"];

export function face(id, name) {
  const made = el("span", { class: "face", "aria-hidden": "true" }, [...name][0]?.toUpperCase() ?? "?");
  made.style.setProperty("--hue", HUES[Number(BigInt(id) % BigInt(HUES.length))]);
  return made;
}

export function message(body, page) {
  const known = page.names.users[body.author.id];
  const name = known?.name ?? body.author.global_name ?? body.author.username;
  const at = new Date(body.timestamp);
  const clock = el("time", { dateTime: body.timestamp, title: at.toLocaleString() },
    at.toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit" }));
  const row = el("li", { class: "message", id: `m${body.id}` });
  if (body.type === PIN_NOTICE) {
    row.classList.add("notice");
    row.append(el("span", {}, el("bdi", {}, name), " pinned a message. "), clock);
    return row;
  }
  const ephemeral = Boolean(body.flags & EPHEMERAL);
  if (ephemeral) row.classList.add("ephemeral");
  if (body.mentions.some((one) => one.id === page.me)) row.classList.add("mentioned");
  const author = el("bdi", { class: "who" }, name);
  if (known?.color) author.style.setProperty("color", colour(known.color));
  const content = el("div", { class: "content" }, context(body, page),
    el("header", {}, author, body.author.bot ? el("span", { class: "app" }, "APP") : null, clock,
      body.edited_timestamp ? el("small", { title: body.edited_timestamp }, "edited") : null,
      body.pinned ? el("small", {}, "pinned") : null));
  if (body.flags & LOADING) content.append(el("p", { class: "thinking" }, `${name} is thinking…`));
  if (body.content && !(body.flags & V2)) content.append(markdown(body.content, page.names));
  content.append(...body.embeds.map((each) => embed(each, page)));
  content.append(...body.attachments.map((each) => shown(each, page)));
  content.append(...body.components.map((each) => component(each, page)).filter(Boolean));
  if (body.reactions?.length) {
    content.append(el("div", { class: "reactions" }, body.reactions.map((each) =>
      el("span", {}, each.emoji.id ? `:${each.emoji.name}:` : each.emoji.name, ` ${each.count}`))));
  }
  if (ephemeral) {
    content.append(el("p", { class: "only" }, "Only you can see this · ",
      el("button", { type: "button", class: "plain", onclick: (event) => page.act(event.currentTarget, "dismiss") }, "Dismiss message")));
  }
  row.append(face(body.author.id, name), content);
  if (!ephemeral) row.append(more(body, name, page));
  return row;
}

// What the bot offers for a message or its author, asked for when it is opened.
function more(body, name, page) {
  const list = el("div", { class: "offers" });
  const box = el("details", {
    class: "more",
    ontoggle: async () => {
      if (!box.open) return;
      const answer = await page.wire.act("menus", { channel: body.channel_id });
      const offered = answer.menus ?? [];
      list.replaceChildren(...offered.map((each) => el("button", {
        type: "button", class: "offer",
        onclick: (event) => {
          page.act(event.currentTarget, "use", { name: each.name, user: each.on === "user" ? body.author.id : null });
          box.open = false;
        },
      }, each.name, each.on === "user" ? el("small", {}, " @", el("bdi", {}, name)) : null)));
      if (!offered.length) list.append(el("small", {}, answer.error ?? "Nothing is offered to you here."));
      list.firstElementChild.focus();
    },
    onfocusout: (event) => { if (event.relatedTarget && !box.contains(event.relatedTarget)) box.open = false; },
    onkeydown: (event) => { if (event.key === "Escape") box.open = false; },
  }, el("summary", { "aria-label": "Apps", title: "Apps" }, "⋯"), list);
  return box;
}

function shown(each, page) {
  return each.content_type?.startsWith("image/") ? picture(each.url, each.description ?? each.filename, page) : file(each);
}

function context(body, page) {
  const asked = body.interaction_metadata;
  if (asked?.name) {
    const name = page.names.users[asked.user.id]?.name ?? asked.user.username;
    return el("p", { class: "context" }, "↱ ", el("bdi", {}, name), " used ", el("span", { class: "mention" }, `/${asked.name}`));
  }
  const before = body.referenced_message;
  if (!before) return null;
  const name = page.names.users[before.author.id]?.name ?? before.author.username;
  return el("p", { class: "context" }, "↱ ", el("bdi", {}, `@${name}`), " ", el("bdi", {}, (before.content || before.embeds[0]?.title || "a message").slice(0, 120)));
}
