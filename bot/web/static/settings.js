// Makes the address of an overlay from what is chosen, and shows what it will look like.
const BAR_HEIGHT = 180;
const SETTLE_MS = 150;
const SAID_MS = 2500;

const one = (selector) => document.querySelector(selector);
const form = one("form");
const stage = one(".stage");
const frame = one("iframe");
const address = one("#address");
const button = one("button");
const rows = one("#rows");
const token = location.pathname.split("/").at(-2);

const picked = (name) => one(`input[name="${name}"]:checked`).value;
const usualRows = () => (picked("layout") === "bar" ? "3" : "5");
let rowsChosen = false;

function size() {
  const scale = Number(one("#scale").value);
  return {
    landscape: [1920, 1080],
    vertical: [1080, 1920],
    bar: [1920, Math.ceil((BAR_HEIGHT * scale) / 10) * 10],
  }[picked("layout")];
}

// Only what differs from what an overlay does by itself, so that the address stays short.
function parameters() {
  const given = new URLSearchParams();
  const add = (name, value, usual) => value !== usual && given.set(name, value);
  add("layout", picked("layout"), "landscape");
  if (picked("view") !== "now") {
    add("rows", rows.value, usualRows());
  }
  add("theme", picked("theme"), "dark");
  add("scale", one("#scale").value, "1");
  add("hide_when_empty", form.elements.hide_when_empty.checked ? "1" : "0", "0");
  add("notices", form.elements.notices.checked ? "1" : "0", "1");
  return given;
}

function at(folder, given) {
  const found = new URL(`../${folder}/${picked("view")}`, location.href);
  found.search = given.toString();
  found.hash = "";
  return found.href;
}

function fit() {
  const [width, height] = size();
  const tall = picked("layout") === "vertical";
  stage.dataset.tall = String(tall);
  const scale = Math.min(stage.clientWidth / width, stage.clientHeight / (tall ? height : 1080));
  frame.style.width = `${width}px`;
  frame.style.height = `${height}px`;
  frame.style.transform = `scale(${scale})`;
}

let settling = 0;

function draw() {
  if (!rowsChosen) {
    rows.value = usualRows();
  }
  rows.disabled = picked("view") === "now";
  for (const output of document.querySelectorAll("output")) {
    const value = one(`#${output.htmlFor}`).value;
    output.textContent = output.htmlFor.contains("scale") ? `${Math.round(Number(value) * 100)} %` : value;
  }
  address.value = at(token, parameters());
  const [width, height] = size();
  one(".width").textContent = String(width);
  one(".height").textContent = String(height);
  stage.dataset.behind = picked("behind");
  fit();
  const shown = parameters();
  if (picked("songs") !== "") {
    shown.set("scene", picked("songs"));
  }
  const wanted = at("demo", shown);
  clearTimeout(settling);
  settling = setTimeout(() => {
    if (frame.dataset.src !== wanted) {
      // Not as a step to go back to.
      frame.contentWindow.location.replace(wanted);
      frame.dataset.src = wanted;
    }
  }, SETTLE_MS);
}

function say(text) {
  const usual = (button.dataset.usual ??= button.textContent);
  button.textContent = text;
  clearTimeout(button.timer);
  button.timer = setTimeout(() => {
    button.textContent = usual;
  }, SAID_MS);
}

async function copy() {
  try {
    await navigator.clipboard.writeText(address.value);
  } catch {
    // Without a certificate, or a permission, there is only the older way.
    address.focus();
    address.select();
    if (!document.execCommand("copy")) {
      say(button.dataset.byHand);
      return;
    }
  }
  say(button.dataset.copied);
}

async function ask() {
  const state = one(".state");
  const tell = (name) => {
    state.dataset.state = name;
    state.textContent = state.dataset[name];
  };
  if (token === "demo") {
    tell("demo");
    return;
  }
  const asking = new AbortController();
  try {
    const { status } = await fetch("events", { signal: asking.signal });
    tell(status === 200 ? "alive" : status === 404 ? "gone" : "unknown");
  } catch {
    tell("unknown");
  } finally {
    asking.abort();
  }
}

rows.addEventListener("input", () => {
  rowsChosen = true;
});
document.addEventListener("input", draw);
form.addEventListener("submit", (event) => event.preventDefault());
address.addEventListener("focus", () => address.select());
button.addEventListener("click", copy);
addEventListener("resize", fit);
draw();
ask();
