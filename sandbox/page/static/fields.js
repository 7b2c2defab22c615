// The fields of a form: one for each type of option of a command, and for each component of a modal.
// Each gives { node, focus(), value() }; value() is undefined where nothing was given, and may upload.

import { el } from "./dom.js";
import { choices, emoji } from "./components.js";

const SELECT_OF_OPTION = { 6: 5, 7: 8, 8: 6, 9: 7 };
const PAUSE = 150;

function wrapped(label, description, required, node) {
  return el("label", { class: "field" },
    el("span", { class: "label" }, el("bdi", {}, label), required ? el("b", { title: "required" }, " *") : null),
    node, description ? el("small", { dir: "auto" }, description) : null);
}

function select(options, required, placeholder = "") {
  const made = el("select", { required });
  made.append(el("option", { value: "" }, placeholder || "—"));
  options.forEach((each, index) => made.append(el("option", { value: String(index), selected: each.default }, each.label ?? each.name)));
  return { made, chosen: () => (made.value === "" ? undefined : options[Number(made.value)].value) };
}

export function option(each, page, form) {
  const simple = (input, value) => ({
    node: wrapped(each.label, each.description, each.required, input),
    name: each.name, value, focus: () => input.focus(),
  });
  const listed = (options) => {
    const { made, chosen } = select(options, each.required);
    return simple(made, chosen);
  };
  if (each.choices.length) return listed(each.choices.map((one) => ({ label: one.name, value: one.value })));
  if (each.type === 5) return listed([{ label: "True", value: true }, { label: "False", value: false }]);
  if (each.type in SELECT_OF_OPTION) return listed(choices({ type: SELECT_OF_OPTION[each.type] }, page.names));
  if (each.type === 11) {
    const input = el("input", { type: "file", required: each.required });
    return simple(input, async () => (input.files[0] ? page.wire.upload(input.files[0]) : undefined));
  }
  const number = each.type === 4 || each.type === 10;
  const input = el("input", {
    type: number ? "number" : "text", required: each.required, autocomplete: "off", spellcheck: false,
    min: each.min_value, max: each.max_value, step: each.type === 10 ? "any" : undefined, dir: "auto",
    minLength: number ? undefined : each.min_length, maxLength: number ? undefined : each.max_length,
  });
  const typed = () => (input.value === "" ? undefined : number ? Number(input.value) : input.value);
  if (!each.autocomplete) return simple(input, typed);
  return suggested(each, input, typed, simple, form);
}

function suggested(each, input, typed, simple, form) {
  let picked = null;
  let timer = 0;
  let asked = 0;
  const list = el("ul", { class: "list", role: "listbox", hidden: true });
  const close = () => { list.hidden = true; };
  const pick = (one) => {
    picked = one;
    input.value = one.name;
    close();
  };
  const ask = async () => {
    const number = ++asked;
    const answer = await form.suggest(each.name, input.value);
    if (number !== asked || document.activeElement !== input) return;
    const found = answer.choices ?? [];
    const rows = found.map((one) => el("li", { role: "option", onmousedown: (event) => { event.preventDefault(); pick(one); } }, el("bdi", {}, one.name)));
    if (!rows.length) rows.push(el("li", { class: "none" }, answer.error ?? "No options match"));
    list.replaceChildren(...rows);
    list.found = found;
    list.hidden = false;
    mark(list, 0);
  };
  const later = () => {
    picked = null;
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE);
  };
  input.addEventListener("input", later);
  input.addEventListener("focus", later);
  input.addEventListener("blur", () => { clearTimeout(timer); close(); });
  input.addEventListener("keydown", (event) => {
    if (list.hidden) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      mark(list, list.at + (event.key === "ArrowDown" ? 1 : -1));
    } else if ((event.key === "Enter" || event.key === "Tab") && list.found[list.at] && (event.key === "Enter" || input.value)) {
      if (event.key === "Enter") event.preventDefault();
      pick(list.found[list.at]);
    } else if (event.key === "Escape") {
      event.stopPropagation();
      close();
    }
  });
  const made = simple(input, () => picked?.value ?? typed());
  made.node.append(list);
  return made;
}

export function mark(list, index) {
  const rows = [...list.children];
  list.at = rows.length ? (index + rows.length) % rows.length : 0;
  rows.forEach((row, at) => row.setAttribute("aria-selected", String(at === list.at)));
  rows[list.at]?.scrollIntoView({ block: "nearest" });
}

export function field(each, label, description, page) {
  const required = each.required !== false;
  const made = (node, value) => ({ node: wrapped(label, description, required, node), name: each.custom_id, value, focus: () => node.focus() });
  if (each.type === 4) {
    const long = each.style === 2;
    const input = el(long ? "textarea" : "input", {
      required, placeholder: each.placeholder ?? "", value: each.value ?? "", dir: "auto", autocomplete: "off",
      minLength: each.min_length ?? undefined, maxLength: each.max_length ?? 4000, rows: long ? 4 : undefined,
    });
    return made(input, () => input.value);
  }
  if (each.type === 19) {
    const input = el("input", { type: "file", required, multiple: (each.max_values ?? 1) > 1 });
    return made(input, async () => Promise.all([...input.files].map((one) => page.wire.upload(one))));
  }
  if (each.type === 23) {
    const input = el("input", { type: "checkbox", checked: each.default });
    return made(input, () => input.checked);
  }
  const options = each.type === 21 || each.type === 22 ? each.options : choices(each, page.names);
  if (!options) return null;
  if (each.type === 22 || (each.max_values ?? 1) > 1) {
    const box = el("div", { class: "checks", tabIndex: -1 }, options.map((one) => el("label", {},
      el("input", { type: "checkbox", value: one.value, checked: one.default }), el("span", {}, emoji(one.emoji), el("bdi", {}, one.label)))));
    return made(box, () => [...box.querySelectorAll(":checked")].map((one) => one.value));
  }
  const { made: input, chosen } = select(options, required, each.placeholder);
  return made(input, () => (each.type === 21 || chosen() === undefined ? chosen() : [chosen()]));
}
