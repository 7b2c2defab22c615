"use strict";

// Draws the queue as the stream of this page tells it. Whatever goes wrong, what was shown last stays.
(() => {
  const PART = 100;
  const SILENCE_MS = 45000;
  const FIRST_PAUSE_MS = 1000;
  const LONGEST_PAUSE_MS = 30000;
  const AWAY_MS = 20000;
  const REREAD_MS = 5000;
  const SHADES = 5;
  const MOVE = { duration: 400, easing: "cubic-bezier(0.2, 0.8, 0.2, 1)" };

  const root = document.documentElement;
  const one = (selector) => document.querySelector(selector);
  const words = JSON.parse(document.body.dataset.words);
  const address = location.pathname;
  const title = document.title;
  const main = one("main");
  const songs = one(".songs");
  const find = one("#find");
  const calm = matchMedia("(prefers-reduced-motion: reduce)");

  const write = (element, text) => {
    if (element.textContent !== text) {
      element.textContent = text;
    }
  };
  const make = (tag, name) => {
    const element = document.createElement(tag);
    element.className = name;
    return element;
  };
  const fill = (sentence, count) => sentence.replace("{count}", count.toLocaleString(root.lang));
  const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const keyOf = (song) => [song.title, song.artist, song.name].join("\u0000");

  // What the stream sent last, the parts of a long queue that follow it, by their first place, and how many
  // songs somebody opened with the button.
  let latest = null;
  let parts = new Map();
  let opened = PART;

  // --- the songs

  let drawnFor = "";
  const query = () => plain(find.value.trim());
  // Whoever looks for something looks through all of it.
  const wanted = () => (query() === "" ? opened : latest.shown);

  function all() {
    const known = [...latest.songs];
    for (let first = PART + 1; known.length === first - 1 && parts.has(first); first += PART) {
      known.push(...parts.get(first));
    }
    return known.slice(0, wanted()).map((song, index) => ({ ...song, place: index + 1 }));
  }

  function shadeOf(label) {
    const paid = latest.tiers.filter((tier) => tier.label !== 0);
    const rank = paid.findIndex((tier) => tier.label === label);
    if (rank < 0) {
      return "free";
    }
    return String(paid.length < 2 ? 0 : Math.round((rank * (SHADES - 1)) / (paid.length - 1)));
  }

  const nameOf = (label) => latest.tiers.find((tier) => tier.label === label)?.name ?? "";

  function row() {
    const made = make("li", "row");
    made.append(make("span", "place"));
    const song = make("div", "song");
    const facts = make("div", "facts");
    song.append(make("p", "title"), make("p", "artist"));
    facts.append(make("span", "tier"), make("span", "name"));
    made.append(song, facts);
    for (const element of made.querySelectorAll("p, .facts span")) {
      element.dir = "auto";
    }
    return made;
  }

  function drawRow(element, song) {
    const set = (name, text) => write(element.querySelector(name), text);
    set(".place", String(song.place));
    set(".title", song.title);
    set(".artist", song.artist);
    set(".name", song.name);
    set(".tier", nameOf(song.tier));
    element.dataset.shade = shadeOf(song.tier);
    return element;
  }

  // Songs that follow each other in one tier stand below its name, unless tiers take turns.
  function groups(shown, together) {
    const found = [];
    for (const song of shown) {
      const last = found.at(-1);
      if (last && (together || last.tier === song.tier)) {
        last.songs.push(song);
      } else {
        found.push({ tier: song.tier, songs: [song] });
      }
    }
    return found;
  }

  function drawSongs() {
    const sought = query();
    const known = all();
    const hit = (song) => [song.title, song.artist, song.name].some((text) => plain(text).includes(sought));
    const shown = sought === "" ? known : known.filter(hit);
    const together = sought !== "" || !latest.grouped;

    const free = new Map();
    const before = new Map();
    const near = (box) => box.bottom > -innerHeight && box.top < 2 * innerHeight;
    // What somebody looks for appears at once.
    const moves = !calm.matches && sought === drawnFor && songs.firstChild !== null;
    drawnFor = sought;
    for (const element of songs.querySelectorAll(".row")) {
      const same = free.get(element.songKey);
      if (same === undefined) {
        free.set(element.songKey, [element]);
      } else {
        same.push(element);
      }
      if (moves) {
        before.set(element, element.getBoundingClientRect());
      }
    }
    const drawn = [];
    const sections = groups(shown, together).map((group, index) => {
      const section = make(together ? "div" : "section", "group");
      const list = make("ol", "list");
      if (!together) {
        const heading = make("h3", "tier");
        heading.id = `tier-${index}`;
        heading.dir = "auto";
        heading.textContent = nameOf(group.tier);
        section.dataset.shade = shadeOf(group.tier);
        section.setAttribute("aria-labelledby", heading.id);
        section.append(heading);
      }
      list.classList.toggle("mixed", together);
      for (const song of group.songs) {
        const element = free.get(keyOf(song))?.shift() ?? row();
        element.songKey = keyOf(song);
        drawn.push(drawRow(element, song));
        list.append(element);
      }
      section.append(list);
      return section;
    });
    songs.replaceChildren(...sections);
    const none = loading ? words.wait : words.not_found;
    write(one(".found"), sought === "" ? "" : shown.length > 0 ? fill(words.found, shown.length) : none);
    drawRest(known.length, sought);
    if (moves) {
      const boxes = drawn.map((element) => [element, element.getBoundingClientRect()]);
      for (const [element, box] of boxes) {
        const from = before.get(element);
        if (!near(box)) {
          continue;
        }
        if (from === undefined) {
          element.animate([{ opacity: 0 }, { opacity: 1 }], MOVE);
        } else if (Math.abs(from.top - box.top) > 1 && near(from)) {
          element.animate([{ transform: `translateY(${from.top - box.top}px)` }, { transform: "none" }], MOVE);
        }
      }
    }
  }

  function drawRest(known, sought) {
    const behind = latest.waiting - known;
    one(".rest").hidden = behind <= 0 || sought !== "";
    write(one(".left"), behind > 0 ? fill(words.left, behind) : "");
    one(".more").hidden = known >= latest.shown;
  }

  // --- the rest of a long queue: read when somebody wants to see it

  let loading = false;
  let rereading = 0;
  let readAt = 0;

  async function load(first) {
    const answer = await fetch(`${address}/songs?from=${first}`);
    if (!answer.ok) {
      return false;
    }
    parts.set(first, (await answer.json()).songs);
    return true;
  }

  // Asks for the parts that are missing, or (`again`) for all that are wanted.
  async function loadAll(again) {
    if (loading) {
      return;
    }
    loading = true;
    try {
      for (let first = PART + 1; first <= wanted() && first <= latest.shown; first += PART) {
        if (again || !parts.has(first)) {
          if (!(await load(first)) || latest === null) {
            break;
          }
          drawSongs();
        }
      }
    } catch {
      // What is there is shown, and asked for again with the next change.
    } finally {
      loading = false;
    }
    if (latest !== null) {
      drawSongs();
    }
  }

  function reread() {
    rereading = 0;
    readAt = performance.now();
    if (latest !== null) {
      parts = new Map([...parts].filter(([first]) => first <= wanted() && first <= latest.shown));
      loadAll(true);
    }
  }

  // --- the whole page

  function drawStage() {
    const song = latest.now;
    const stage = one(".now");
    const key = song === null ? "" : keyOf(song);
    write(one("#now"), words.now);
    stage.classList.toggle("silent", song === null);
    stage.dataset.shade = song === null ? "free" : shadeOf(song.tier);
    write(stage.querySelector(".title"), song === null ? words.silent : song.title);
    write(stage.querySelector(".artist"), song?.artist ?? "");
    write(stage.querySelector(".tier"), song === null ? "" : nameOf(song.tier));
    write(stage.querySelector(".name"), song?.name ?? "");
    if (stage.songKey !== undefined && stage.songKey !== key && !calm.matches) {
      const from = { opacity: 0, transform: "translateY(0.5em)" };
      stage.querySelector(".song").animate([from, { opacity: 1, transform: "none" }], MOVE);
    }
    stage.songKey = key;
  }

  function drawTiers() {
    const drawn = latest.tiers
      .filter((tier) => tier.waiting > 0)
      .map((tier) => {
        const element = make("li", "count");
        const name = make("span", "count-name");
        const count = make("span", "count-number");
        name.dir = "auto";
        name.textContent = tier.name;
        count.textContent = tier.waiting.toLocaleString(root.lang);
        element.dataset.shade = shadeOf(tier.label);
        element.append(name, " ", count);
        return element;
      });
    one(".tiers").replaceChildren(...drawn);
  }

  function draw(message) {
    latest = message;
    drawStage();
    drawTiers();
    write(one("#next"), words.next);
    write(one(".waiting"), message.waiting > 0 ? message.says.waiting : "");
    write(one(".intake"), message.says.intake);
    one(".intake").classList.toggle("open", message.open);
    write(one(".empty"), message.waiting > 0 ? "" : words.empty);
    one(".find").hidden = message.waiting === 0;
    document.title = message.waiting > 0 ? `${message.says.waiting} · ${title}` : title;
    drawSongs();
    main.hidden = false;
    root.dataset.revision = String(message.revision);
    if (wanted() > PART && message.shown > PART && rereading === 0) {
      const pause = Math.max(0, readAt + REREAD_MS - performance.now());
      rereading = setTimeout(reread, pause + Math.random() * 1000);
    }
  }

  // The queue is not public any more.
  function clear() {
    latest = null;
    parts = new Map();
    opened = PART;
    main.hidden = true;
    document.title = title;
    songs.replaceChildren();
    for (const name of ["title", "artist", "tier", "name"]) {
      one(`.now .${name}`).replaceChildren();
    }
    for (const name of ["tiers", "intake", "waiting", "found", "left"]) {
      one(`.${name}`).replaceChildren();
    }
  }

  function tell(live) {
    root.dataset.link = live ? "live" : "wait";
    write(one(".link"), live ? words.live : words.wait);
  }

  // --- the stream

  let source = null;
  let pause = FIRST_PAUSE_MS;
  let silence = 0;
  let returning = 0;
  let leaving = 0;

  function listen() {
    stop();
    source = new EventSource(`${address}/events`);
    source.onmessage = (event) => {
      alive();
      const message = JSON.parse(event.data);
      if (message.language === root.lang || !restarts()) {
        draw(message);
      }
    };
    source.addEventListener("beat", alive);
    source.addEventListener("gone", clear);
    // The browser itself would give up for good on some answers.
    source.onerror = again;
    silence = setTimeout(again, SILENCE_MS);
  }

  function stop() {
    clearTimeout(silence);
    clearTimeout(returning);
    source?.close();
    source = null;
  }

  function alive() {
    pause = FIRST_PAUSE_MS;
    clearTimeout(silence);
    silence = setTimeout(again, SILENCE_MS);
    tell(true);
  }

  function comeBack() {
    if (source === null || source.readyState === EventSource.CLOSED) {
      pause = FIRST_PAUSE_MS;
      listen();
    }
  }

  function again() {
    stop();
    tell(false);
    // Not all pages of a bot that came back at the same moment.
    returning = setTimeout(listen, pause * (0.7 + 0.6 * Math.random()));
    pause = Math.min(LONGEST_PAUSE_MS, pause * 2);
  }

  // The words of the page come with it, so another language is another page; but never in a circle.
  function restarts() {
    try {
      if (Date.now() - Number(sessionStorage.getItem("restarted") ?? 0) < 30000) {
        return false;
      }
      sessionStorage.setItem("restarted", String(Date.now()));
    } catch {
      return false;
    }
    location.reload();
    return true;
  }

  // A phone in a pocket follows nothing.
  document.addEventListener("visibilitychange", () => {
    clearTimeout(leaving);
    if (document.hidden) {
      leaving = setTimeout(stop, AWAY_MS);
    } else {
      comeBack();
    }
  });
  addEventListener("pageshow", (event) => event.persisted && comeBack());
  find.addEventListener("input", () => {
    if (latest === null) {
      return;
    }
    loadAll(false);
    drawSongs();
  });
  one(".more").addEventListener("click", () => {
    opened += PART;
    loadAll(false);
    drawSongs();
  });

  tell(false);
  listen();
})();
