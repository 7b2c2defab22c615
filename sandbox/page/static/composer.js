// Where a person writes: text with files, or a slash command with its options.

import { el, bytes } from "./dom.js";
import { mark, option } from "./fields.js";

export class Composer {
  constructor(place, page) {
    this.place = place;
    this.page = page;
    this.files = [];
    this.drafts = new Map();
    this.list = el("ul", { class: "list", role: "listbox", id: "commands", hidden: true });
    this.error = el("p", { class: "error", role: "alert" });
    this.picked = el("ul", { class: "picked" });
    this.input = el("textarea", {
      rows: 1, id: "write", autocomplete: "off", maxLength: 4000, dir: "auto", "aria-controls": "commands",
      oninput: () => this.typed(), onkeydown: (event) => this.key(event),
    });
    this.chooser = el("input", { type: "file", multiple: true, hidden: true, onchange: () => this.attach() });
    this.clip = el("button", { type: "button", class: "clip", "aria-label": "Attach files", title: "Attach files", onclick: () => this.chooser.click() }, "+");
    this.line = el("div", { class: "line" }, this.clip, this.input, this.chooser);
    this.form = el("div", { class: "command", hidden: true });
    place.append(this.list, this.error, this.picked, this.form, this.line);
  }

  go(channel) {
    if (this.channel) this.drafts.set(this.channel.id, this.input.value);
    const same = this.channel?.id === channel?.id;
    this.channel = channel;
    this.clip.hidden = !channel?.attach;
    this.input.placeholder = !channel ? "" : channel.write
      ? `Write to ${channel.direct ? "@" : "#"}${channel.name}, or / for commands`
      : "You cannot write here; / for commands";
    if (same) return;
    this.input.value = this.drafts.get(channel?.id) ?? "";
    this.leave();
    this.typed();
  }

  focus() {
    this.input.focus();
  }

  say(problem) {
    this.error.textContent = problem ?? "";
  }

  attach() {
    this.files.push(...this.chooser.files);
    this.chooser.value = "";
    this.drawFiles();
    this.focus();
  }

  drawFiles() {
    this.picked.replaceChildren(...this.files.map((file, index) => el("li", {}, el("bdi", {}, file.name), " ", el("small", {}, bytes(file.size)),
      el("button", { type: "button", class: "plain", "aria-label": `Remove ${file.name}`, onclick: () => { this.files.splice(index, 1); this.drawFiles(); } }, "✕"))));
  }

  async typed() {
    this.say("");
    this.input.style.setProperty("height", "auto");
    const text = this.input.value;
    // A long placeholder would count as lines.
    if (text) this.input.style.setProperty("height", `${Math.min(this.input.scrollHeight, 160)}px`);
    if (!text.startsWith("/") || !this.channel) {
      this.list.hidden = true;
      return;
    }
    if (this.known?.channel !== this.channel.id || text === "/") {
      const channel = this.channel.id;
      const answer = await this.page.wire.act("commands", { channel });
      if (answer.error) return this.say(answer.error);
      this.known = { channel, commands: answer.commands };
      if (this.input.value !== text) return this.typed();
    }
    const wanted = text.slice(1).toLowerCase().trim();
    const found = this.known.commands.filter((each) => each.label.toLowerCase().includes(wanted));
    found.sort((one, other) => Number(other.label.startsWith(wanted)) - Number(one.label.startsWith(wanted)));
    this.found = found;
    const rows = found.map((each) => el("li", { role: "option", onmousedown: (event) => { event.preventDefault(); this.pick(each); } },
      el("strong", {}, `/${each.label}`), " ", each.options.map((one) => el("code", {}, one.label)), el("small", { dir: "auto" }, each.description)));
    if (!rows.length) rows.push(el("li", { class: "none" }, "No command you may use here is called that."));
    this.list.replaceChildren(...rows);
    this.list.hidden = false;
    mark(this.list, 0);
  }

  key(event) {
    if (event.isComposing) return;
    const choosing = !this.list.hidden;
    if (choosing && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      mark(this.list, this.list.at + (event.key === "ArrowDown" ? 1 : -1));
    } else if (event.key === "Escape") {
      this.list.hidden = true;
    } else if ((event.key === "Enter" && !event.shiftKey) || (event.key === "Tab" && choosing)) {
      event.preventDefault();
      if (!choosing) this.send();
      else if (this.found[this.list.at]) this.pick(this.found[this.list.at]);
    }
  }

  async send() {
    const text = this.input.value;
    const chosen = this.files;
    if (!this.channel || (!text.trim() && !chosen.length)) return;
    this.input.value = "";
    this.files = [];
    this.drawFiles();
    let answer;
    try {
      const files = await Promise.all(chosen.map((each) => this.page.wire.upload(each)));
      answer = await this.page.wire.act("say", { channel: this.channel.id, text, files });
    } catch (problem) {
      answer = { error: problem.message };
    }
    if (!answer.error) return this.typed();
    // What was not sent is not lost.
    this.input.value = text + this.input.value;
    this.files = [...chosen, ...this.files];
    this.drawFiles();
    this.say(answer.error);
  }

  pick(command) {
    this.list.hidden = true;
    this.input.value = "";
    const channel = this.channel.id;
    if (!command.options.length) return this.run(channel, command, {});
    const fields = [];
    const values = async () => {
      const given = {};
      for (const each of fields) {
        const value = await each.value();
        if (value !== undefined) given[each.name] = value;
      }
      return given;
    };
    const suggest = async (name, text) => {
      const plain = {};
      for (const each of fields.filter((one) => one.name !== name && one.type !== 11)) {
        const value = await each.value();
        if (value !== undefined) plain[each.name] = value;
      }
      return this.page.wire.act("autocomplete", { channel, name: command.name, option: name, text, options: plain });
    };
    for (const each of command.options) fields.push({ ...option(each, this.page, { suggest }), type: each.type });
    const send = el("button", { class: "button primary", type: "submit" }, "Send");
    const form = el("form", {
      onsubmit: async (event) => {
        event.preventDefault();
        send.disabled = true;
        try {
          await this.run(channel, command, await values());
        } catch (problem) {
          this.say(problem.message);
        }
        send.disabled = false;
      },
    }, el("header", {}, el("strong", {}, `/${command.label}`), el("small", { dir: "auto" }, command.description),
      el("button", { type: "button", class: "plain", "aria-label": "Cancel", onclick: () => { this.leave(); this.focus(); } }, "✕")),
    el("div", { class: "fields" }, fields.map((each) => each.node)), el("footer", {}, el("small", {}, "Enter sends, Esc cancels"), send));
    form.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      this.leave();
      this.focus();
    });
    this.form.replaceChildren(form);
    this.form.hidden = false;
    this.line.hidden = true;
    fields[0].focus();
  }

  async run(channel, command, options) {
    const answer = await this.page.wire.act("command", { channel, name: command.name, options });
    if (answer.error) return this.say(`/${command.label}: ${answer.error}`);
    this.leave();
    if (!this.page.answered(answer)) this.focus();
  }

  leave() {
    this.form.hidden = true;
    this.form.replaceChildren();
    this.line.hidden = false;
    this.say("");
  }
}
