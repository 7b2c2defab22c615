// Buttons, selects and layout components of a message, and embeds.

import { colour, el, link, webAddress, bytes } from "./dom.js";
import { inline, markdown } from "./markdown.js";

const STYLES = { 1: "primary", 2: "secondary", 3: "success", 4: "danger", 5: "link" };

export function emoji(given) {
  if (!given) return null;
  return el("span", { class: "emoji" }, given.id ? `:${given.name}:` : given.name);
}

export function component(each, page) {
  const inside = (list) => (list ?? []).map((one) => component(one, page));
  switch (each.type) {
    case 1: return el("div", { class: "row" }, inside(each.components));
    case 2: return button(each, page);
    case 3: case 5: case 6: case 7: case 8: return menu(each, page);
    case 9: return el("div", { class: "section" }, el("div", {}, inside(each.components)), inside([each.accessory]));
    case 10: return markdown(each.content, page.names);
    case 11: return picture(each.media.url, each.description, page);
    case 12: return el("div", { class: "gallery" }, each.items.map((one) => picture(one.media.url, one.description, page)));
    case 13: return file({ filename: each.name, size: each.size, url: each.file.url });
    case 14: return each.divider === false ? el("div", { class: "gap" }) : el("hr");
    case 17: return tinted(el("div", { class: "container" }, inside(each.components)), each.accent_color);
    default: return null;
  }
}

function button(each, page) {
  const label = [emoji(each.emoji), each.label ? el("bdi", {}, each.label) : null];
  const style = `button ${STYLES[each.style] ?? "secondary"}`;
  if (each.style === 5) {
    const made = link(webAddress(each.url ?? "") ?? "#", label, " ↗");
    made.className = style;
    return made;
  }
  return el("button", {
    class: style, type: "button", disabled: each.disabled, "data-id": each.custom_id,
    onclick: (event) => page.act(event.currentTarget, "press", { custom_id: each.custom_id }),
  }, label);
}

export function choices(each, names) {
  const users = Object.entries(names.users).map(([value, one]) => ({ value, label: `@${one.name}` }));
  const roles = Object.entries(names.roles).map(([value, one]) => ({ value, label: `@${one.replace(/^@/, "")}` }));
  const channels = Object.entries(names.channels).map(([value, one]) => ({ value, label: `#${one}` }));
  return { 3: each.options ?? [], 5: users, 6: roles, 7: [...users, ...roles], 8: channels }[each.type];
}

function menu(each, page) {
  const options = choices(each, page.names);
  const several = (each.max_values ?? 1) > 1;
  const preset = new Set((each.default_values ?? []).map((one) => one.id));
  const send = (from, values) => page.act(from, "choose", { custom_id: each.custom_id, values });
  const title = each.placeholder ?? "Choose";
  if (!several) {
    const made = el("select", {
      class: "menu", disabled: each.disabled, "aria-label": title, "data-id": each.custom_id,
      onchange: (event) => send(event.target, event.target.value ? [event.target.value] : []),
    });
    const chosen = options.find((one) => one.default || preset.has(one.value));
    const none = chosen && each.min_values === 0;
    made.append(el("option", { value: "", selected: !chosen, disabled: !none, hidden: !none }, none ? "None" : title));
    for (const one of options) {
      const more = one.description ? `${one.label} · ${one.description}` : one.label;
      made.append(el("option", { value: one.value, selected: one === chosen }, one.emoji?.id || !one.emoji ? more : `${one.emoji.name} ${more}`));
    }
    return made;
  }
  const box = el("details", { class: "menu several", "data-id": each.custom_id }, el("summary", {}, title));
  if (each.disabled) box.inert = true;
  const list = el("div", { class: "checks" }, options.map((one) => el("label", {},
    el("input", { type: "checkbox", value: one.value, checked: one.default || preset.has(one.value) }),
    el("span", {}, emoji(one.emoji), el("bdi", {}, one.label), one.description ? el("small", {}, one.description) : null))));
  const done = el("button", {
    class: "button primary", type: "button",
    onclick: (event) => send(event.currentTarget, [...list.querySelectorAll(":checked")].map((one) => one.value)),
  }, "Choose");
  box.append(list, done);
  return box;
}

export function picture(url, description, page) {
  // Only what the sandbox serves is loaded; anything else would be asked of the network.
  if (url.startsWith(`${page.files}/`)) {
    return el("img", { class: "picture", src: url, alt: description ?? "", onload: () => page.grown() });
  }
  const address = webAddress(url);
  return address ? link(address, "picture elsewhere ↗") : null;
}

export function file(each) {
  const kind = each.content_type ?? "";
  const name = link(each.url, each.filename);
  const player = kind.startsWith("audio/") ? el("audio", { controls: true, preload: "none", src: each.url }) : null;
  return el("div", { class: "file" }, el("div", { class: "named" }, el("span", { class: "kind", "aria-hidden": "true" }, ending(each.filename)),
    el("div", {}, name, el("small", {}, bytes(each.size)))), player);
}

function ending(filename) {
  return (/\.(\w{1,4})$/.exec(filename)?.[1] ?? "file").toUpperCase();
}

function tinted(box, number) {
  if (number !== null && number !== undefined) box.style.setProperty("--tint", colour(number));
  return box;
}

export function embed(each, page) {
  const names = page.names;
  const heading = (text, url, tag, name) => {
    if (!text) return null;
    const address = webAddress(url ?? "");
    return el(tag, { class: name, dir: "auto" }, address ? link(address, inline(text, names)) : inline(text, names));
  };
  const box = el("article", { class: "embed" },
    el("div", { class: "words" },
      heading(each.author?.name, each.author?.url, "p", "author"),
      heading(each.title, each.url, "h3", "name"),
      each.description ? markdown(each.description, names) : null,
      each.fields?.length ? el("dl", {}, each.fields.map((one) =>
        el("div", { class: one.inline ? "inline" : "" },
          /[^\s\u200b]/u.test(one.name) ? el("dt", { dir: "auto" }, inline(one.name, names)) : null, el("dd", {}, markdown(one.value, names))))) : null,
      each.image ? picture(each.image.url, "", page) : null,
      each.footer?.text ? el("p", { class: "footer", dir: "auto" }, each.footer.text) : null),
    each.thumbnail ? el("div", { class: "thumbnail" }, picture(each.thumbnail.url, "", page)) : null);
  return tinted(box, each.color);
}
