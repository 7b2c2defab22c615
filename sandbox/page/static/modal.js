// A form the bot opened for this person.

import { el } from "./dom.js";
import { field } from "./fields.js";
import { markdown } from "./markdown.js";

export function open(dialog, body, page) {
  const fields = [];
  const rows = body.components.map((row) => {
    if (row.type === 10) return markdown(row.content, page.names);
    if (row.type === 18) return add(row.component, row.label, row.description);
    return (row.components ?? []).map((each) => add(each, each.label ?? each.placeholder ?? "", ""));
  });
  function add(each, label, description) {
    const made = field(each, label, description, page);
    if (made) fields.push(made);
    return made?.node ?? null;
  }
  const error = el("p", { class: "error", role: "alert" });
  const send = el("button", { class: "button primary", type: "submit" }, "Submit");
  let sent = false;
  const form = el("form", {
    onsubmit: async (event) => {
      event.preventDefault();
      send.disabled = true;
      let answer;
      try {
        const values = {};
        for (const each of fields) {
          const value = await each.value();
          if (value !== undefined) values[each.name] = value;
        }
        answer = await page.wire.act("submit", { modal: body.id, fields: values });
      } catch (problem) {
        answer = { error: problem.message };
      }
      send.disabled = false;
      if (answer.error) {
        error.textContent = answer.error;
        return;
      }
      sent = true;
      dialog.close();
      page.answered(answer);
    },
    onkeydown: (event) => event.key === "Enter" && event.ctrlKey && form.requestSubmit(),
  }, el("header", {}, el("h2", { dir: "auto" }, body.title),
    el("button", { type: "button", class: "plain", "aria-label": "Close", onclick: () => dialog.close() }, "✕")),
  el("div", { class: "fields" }, rows), error,
  el("footer", {}, el("button", { type: "button", class: "button secondary", onclick: () => dialog.close() }, "Cancel"), send));
  dialog.replaceChildren(form);
  dialog.onclose = () => {
    dialog.replaceChildren();
    if (!sent) page.wire.act("close", { modal: body.id });
    page.composer.focus();
  };
  dialog.showModal();
  fields[0]?.focus();
}
