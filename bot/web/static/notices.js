// Short notices of gifts that moved a song: one at a time, each once, never over a title.
const SHOWN_MS = 5000;
const STALE_MS = 15000;
const MOST_WAITING = 3;
const AT_REST = { opacity: 1, transform: "none" };
const SOON = { duration: 420, easing: "cubic-bezier(0.2, 0.9, 0.2, 1)", fill: "backwards" };

// Gives two functions: one hears what the stream tells, one is told of the revision of each snapshot.
export function noticesIn(element, calm) {
  const waiting = [];
  let newest = 0;
  let shown = null;
  let timer = 0;

  function write(text) {
    // What people wrote stands between these two signs.
    const parts = text.split(/[\u2068\u2069]/).map((part, place) => {
      if (place % 2 === 0) {
        return part;
      }
      const set = document.createElement("bdi");
      set.className = "sl-notice-part";
      set.textContent = part;
      return set;
    });
    element.querySelector(".sl-notice-text").replaceChildren(...parts);
  }

  // In a line it moves along that, else it would be over a title on its way.
  const away = (ems) => `translate${element.closest(".sl-label") ? "X" : "Y"}(${ems}em)`;

  function show(notice) {
    const first = shown === null || shown.id !== notice.id;
    shown = notice;
    write(notice.text);
    element.hidden = false;
    if (first && !calm.matches) {
      element.animate([{ opacity: 0, transform: away(0.7) }, AT_REST], SOON);
    }
    clearTimeout(timer);
    timer = setTimeout(leave, SHOWN_MS);
  }

  function leave() {
    const next = () => {
      element.hidden = true;
      shown = null;
      follow();
    };
    if (calm.matches) {
      next();
      return;
    }
    const leaving = shown;
    // Unless more of the same came while it went.
    const gone = { opacity: 0, transform: away(0.4) };
    element.animate([AT_REST, gone], { ...SOON, duration: 260, fill: "none" }).finished.then(() => {
      if (shown === leaving) {
        next();
      }
    });
  }

  function follow() {
    const now = performance.now();
    while (waiting.length > 0 && shown === null) {
      const notice = waiting.shift();
      if (now - notice.at < STALE_MS) {
        show(notice);
      }
    }
  }

  function hear(news) {
    // After a reconnect the stream tells again what is still fresh.
    for (const each of news.filter((notice) => notice.revision > newest)) {
      const notice = { ...each, at: performance.now() };
      const place = waiting.findIndex((other) => other.id === notice.id);
      if (shown?.id === notice.id) {
        show(notice);
      } else if (place >= 0) {
        waiting[place] = notice;
      } else {
        waiting.push(notice);
      }
    }
    newest = Math.max(newest, ...news.map((notice) => notice.revision));
    waiting.splice(0, waiting.length - MOST_WAITING);
    follow();
  }

  // A queue that was put back from a backup counts from there.
  const reached = (revision) => {
    newest = Math.min(newest, revision);
  };
  return { hear, reached };
}
