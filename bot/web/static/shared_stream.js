// A worker that all overlays of an address share in a browser; its name is the token. Pages of another release
// may be connected to it, so what it says may only gain words.
import { follow } from "./stream.js";

const ALIVE_MS = 2000;
const FRESH_MS = 5000;
const pages = new Set();
let snapshot = null;
let news = [];

function tell(kind, data) {
  for (const page of pages) {
    page.postMessage({ kind, data });
  }
}

follow(`../${self.name}/events`, (kind, data) => {
  if (kind === "message") {
    snapshot = data;
  } else if (kind === "notices") {
    news.push({ data, until: performance.now() + FRESH_MS });
  } else if (kind === "gone") {
    snapshot = null;
    news = [];
  }
  news = news.filter((each) => each.until > performance.now());
  tell(kind, data);
});

self.onconnect = ({ ports: [page] }) => {
  pages.add(page);
  // All a page ever says is that it goes.
  page.onmessage = () => pages.delete(page);
  page.postMessage({ kind: "alive" });
  // What it would have been told by a stream of its own.
  if (snapshot !== null) {
    page.postMessage({ kind: "message", data: snapshot });
  }
  for (const { data } of news.filter((each) => each.until > performance.now())) {
    page.postMessage({ kind: "notices", data });
  }
};

setInterval(tell, ALIVE_MS, "alive");
