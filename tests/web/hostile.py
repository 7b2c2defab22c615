"""Text of people who mean no good, and what a page must look like in spite of it."""

from __future__ import annotations

from typing import Final

SCRIPT: Final = (
    "</p><img src=x onerror=\"window.canary='img'\"><script>window.canary='script'</script>"
    "<svg onload=\"window.canary='svg'\"><iframe srcdoc=\"<script>parent.canary='frame'</script>\">"
)
BACKWARDS: Final = "\u202e\u2067\u200fgnihton \u0645\u0637\u0631 \u0639\u0644\u0649 " * 12
LONG: Final = "W" * 4000
ZALGO: Final = "".join(letter + "\u0301\u0316\u0334\u0489\u035c\u0360" * 30 for letter in "Zalgo comes") * 3

TEXTS: Final = {"script": SCRIPT, "backwards": BACKWARDS, "long": LONG, "zalgo": ZALGO}

# What of it fits into the name of a tier, 32 characters.
TIERS: Final = (
    "<script>canary=1</script>",
    "\u202e\u2067\u0645\u0637\u0631 gnihton",
    "W" * 32,
    "Z\u0301\u0316\u0334\u0489" * 6,
)

UNTOUCHED: Final = "!('canary' in window) && !document.querySelector('img, main script, svg, iframe')"
"""Nothing of it ran, and nothing of it became an element."""

FAULTS: Final = """(() => {
    const texts = ".sl-now-label, .sl-next-label, .sl-waiting, .sl-title, .sl-artist, .sl-facts > *, " +
        ".sl-place, .sl-row-title, .sl-row-artist, .sl-row-facts > *, .sl-empty, .sl-notice";
    // Songs that change places pass one another on their way.
    for (const each of document.getAnimations()) {
        if (each.effect.target.matches(".sl-row")) each.finish();
    }
    const seen = [...document.querySelectorAll(texts)].flatMap((element) => {
        const own = element.getBoundingClientRect();
        const card = element.closest(".sl-now, .sl-next")?.getBoundingClientRect() ?? own;
        const left = Math.max(own.left, card.left), right = Math.min(own.right, card.right);
        const top = Math.max(own.top, card.top), bottom = Math.min(own.bottom, card.bottom);
        const shown = element.checkVisibility() && right - left > 1 && bottom - top > 1;
        return shown ? [{ name: element.className, left, right, top, bottom }] : [];
    });
    const faults = [];
    for (const [place, one] of seen.entries()) {
        if (one.left < -1 || one.right > innerWidth + 1 || one.top < -1 || one.bottom > innerHeight + 1) {
            faults.push(`${one.name} is outside: ${JSON.stringify(one)}`);
        }
        for (const other of seen.slice(place + 1)) {
            const wide = Math.min(one.right, other.right) - Math.max(one.left, other.left);
            const high = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top);
            if (wide > 1 && high > 1) faults.push(`${one.name} covers ${other.name}`);
        }
    }
    if (document.documentElement.scrollWidth > innerWidth) faults.push("the page is wider than the window");
    return seen.length === 0 ? ["nothing is shown"] : faults;
})()"""
"""What of an overlay's texts is outside of the picture or over one another."""
