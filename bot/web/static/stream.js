// What the bot tells of an address: its events, as their kind and their data, until the page is closed.
const KINDS = ["message", "notices", "beat", "gone"];
const SILENCE_MS = 45000;
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 10000;
const WORKER_START_MS = 30000;
const WORKER_SILENCE_MS = 7000;

// Follows the stream itself, and comes back whatever happens.
export function follow(address, hear) {
  let source = null;
  let pause = FIRST_PAUSE_MS;
  let silence = 0;

  function listen() {
    source = new EventSource(address);
    for (const kind of KINDS) {
      source.addEventListener(kind, (event) => {
        pause = FIRST_PAUSE_MS;
        watch();
        hear(kind, JSON.parse(event.data));
      });
    }
    // The browser itself would give up for good on some answers.
    source.onerror = again;
    watch();
  }

  function watch() {
    clearTimeout(silence);
    silence = setTimeout(again, SILENCE_MS);
  }

  function again() {
    clearTimeout(silence);
    source.close();
    // Not all pages of a bot that came back at the same moment.
    setTimeout(listen, pause * (0.7 + 0.6 * Math.random()));
    pause = Math.min(LONGEST_PAUSE_MS, pause * 2);
  }

  listen();
}

// Shares one stream with all pages of the same address in this browser, which opens at most six connections
// to a host; without shared workers each page follows its own.
export function share(token, hear) {
  let port = null;
  let silence = 0;
  let alone = false;

  function leave() {
    port?.postMessage("bye");
    port?.close();
    port = null;
  }

  function connect() {
    let worker;
    try {
      const script = new URL("shared_stream.js", import.meta.url);
      worker = new SharedWorker(script, { type: "module", name: token });
    } catch {
      followAlone();
      return;
    }
    let heard = false;
    const mine = (port = worker.port);
    // Its process may end while this page lives: then the next to ask starts it anew.
    const lost = () => {
      if (mine === port) {
        leave();
        (heard ? connect : followAlone)();
      }
    };
    const watch = () => {
      clearTimeout(silence);
      silence = setTimeout(lost, heard ? WORKER_SILENCE_MS : WORKER_START_MS);
    };
    worker.onerror = lost;
    mine.onmessage = ({ data: { kind, data } }) => {
      heard = true;
      watch();
      hear(kind, data);
    };
    watch();
  }

  function followAlone() {
    clearTimeout(silence);
    if (!alone) {
      alone = true;
      follow(`../${token}/events`, hear);
    }
  }

  // A page that is shown again finds that it hears nothing, and connects.
  addEventListener("pagehide", () => port?.postMessage("bye"));
  connect();
}
