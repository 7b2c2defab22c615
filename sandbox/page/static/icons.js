// Small pictures of one line, 24 wide and high, in the colour of the text around them.

const SPACE = "http://www.w3.org/2000/svg";

const PATHS = {
  like: "M12 20C7 16.5 4 13.5 4 9.8a4.2 4.2 0 0 1 8-1.9 4.2 4.2 0 0 1 8 1.9c0 3.7-3 6.7-8 10.2z",
  comment: "M4 5h16v11h-9l-4.5 4v-4H4z",
  share: "M13.5 5l7 6-7 6v-3.8C8.5 13.2 5.5 15 4 18c.5-5.5 4-8.8 9.5-9.2z",
  follow: "M10 11.5a3.7 3.7 0 1 0 0-7.4 3.7 3.7 0 0 0 0 7.4zM3 20c.4-3.7 3.2-5.5 7-5.5s6.6 1.8 7 5.5M19 6v6M16 9h6",
  join: "M3 12h11M10.5 8l4 4-4 4M14 4h6v16h-6",
  subscribe: "M12 4l2.4 5.2 5.6.7-4.1 3.9 1 5.6-4.9-2.7-4.9 2.7 1-5.6L4 9.9l5.6-.7z",
  gift: "M5 11h14v9H5zM3.5 7.5h17V11h-17zM12 7.5V20M12 7.5c-5.5 0-6-4.5-3-4.5 2 0 3 4.5 3 4.5s1-4.5 3-4.5c3 0 2.5 4.5-3 4.5",
  viewers: "M2.5 12S6 6 12 6s9.5 6 9.5 6-3.5 6-9.5 6-9.5-6-9.5-6zM12 14.7a2.7 2.7 0 1 0 0-5.4 2.7 2.7 0 0 0 0 5.4z",
  connected: "M9 3v5M15 3v5M6.5 8h11v3a5.5 5.5 0 0 1-11 0zM12 16.5V21",
  disconnected: "M9 3v4M15 3v4M6.5 8.5h11v2.5a5.5 5.5 0 0 1-11 0zM12 16.5V21M4 4l16 16",
  began: "M12 13.5a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3zM8.5 8.5a5 5 0 0 0 0 7M15.5 8.5a5 5 0 0 1 0 7M5.5 5.5a9.2 9.2 0 0 0 0 13M18.5 5.5a9.2 9.2 0 0 1 0 13",
  ended: "M7 7h10v10H7z",
  paused: "M9 6v12M15 6v12",
  resumed: "M8 5.5l10 6.5-10 6.5z",
};

export function icon(name) {
  const made = document.createElementNS(SPACE, "svg");
  made.setAttribute("viewBox", "0 0 24 24");
  made.setAttribute("class", `icon ${name}`);
  made.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SPACE, "path");
  path.setAttribute("d", PATHS[name] ?? "");
  made.append(path);
  return made;
}
