"""Takes a picture of a page, and takes it the same again."""

from __future__ import annotations

import time
from urllib.parse import quote

from tests.pictures.shots import Shot
from tests.pictures.stream import backdrop
from tests.sandbox.page.browser import Tab

CLOCK = "2026-11-21T20:15:00Z"
"""When every picture is taken."""

# Moments of the evening are shown as one moment, two minutes ago, so that two runs give the same picture.
STILL = """(() => {
    const [clock, began, ended] = [Date.parse("%s"), %d, %d];
    const Real = Date;
    const kept = (at) => (at > began && at < ended ? clock - 120000 : at);
    globalThis.Date = class extends Real {
        constructor(...given) {
            if (given.length === 0) super(clock);
            else if (given.length === 1) super(kept(new Real(given[0]).getTime()));
            else super(...given);
        }
        static now() { return clock; }
        static parse(text) { return kept(Real.parse(text)); }
    };
    const { get } = Object.getOwnPropertyDescriptor(MessageEvent.prototype, "data");
    const markup = (text) => text
        .replace(/<t:(\\d+)/g, (_, at) => `<t:${kept(at * 1000) / 1000}`)
        .replace(/\\b\\d{13}\\b/g, (at) => kept(Number(at)))
        .replace(/waited [\\d.]+ s\\b/g, "waited 1 min");
    Object.defineProperty(MessageEvent.prototype, "data", {
        get() { const data = get.call(this); return typeof data === "string" ? markup(data) : data; },
    });
})()"""

# A face has the colour of its id, which every run gives anew, and which message was edited is chance.
SAME = """
    const hues = ["#e8634f", "#e0a13a", "#5aa867", "#4f9bd9", "#9a7be0", "#d96aa5", "#4fb3ab"];
    for (const face of document.querySelectorAll(".face"))
        face.style.setProperty("--hue", hues[face.textContent.codePointAt(0) % hues.length]);
    for (const mark of document.querySelectorAll("#log small[title]"))
        mark.hidden = mark.textContent === "edited";
"""
# What was changed is drawn.
PAINTED = """
    document.fonts.ready.then(() => new Promise((done) =>
        requestAnimationFrame(() => requestAnimationFrame(() => done(true)))))
"""


async def prepare(page: Tab, began: float) -> None:
    """What makes two runs alike: one clock, one zone, one language."""
    still = STILL % (CLOCK, (began - 60) * 1000, (time.time() + 600) * 1000)
    await page.call("Page.addScriptToEvaluateOnNewDocument", source=still)
    await page.call("Emulation.setTimezoneOverride", timezoneId="UTC")
    await page.call("Emulation.setLocaleOverride", locale="en-GB")


async def taken(page: Tab, shot: Shot, addresses: dict[str, str]) -> bytes:
    """One picture."""
    width, height = shot.size
    await page.call(
        "Emulation.setEmulatedMedia",
        features=[
            {"name": "prefers-reduced-motion", "value": "reduce"},
            {"name": "prefers-color-scheme", "value": "dark" if shot.dark else "light"},
        ],
    )
    await page.call(
        "Emulation.setDeviceMetricsOverride",
        width=width, height=height, deviceScaleFactor=shot.scale, mobile=width < 500,
    )  # fmt: skip
    await page.call("Page.navigate", url=shot.address.format(**addresses))
    try:
        await page.until(shot.ready)
    except TimeoutError:
        raise RuntimeError(f"{shot.name} was never ready: {page.complaints}") from None
    if shot.first:
        await page.run(shot.first)
    if shot.stream:
        svg = quote(backdrop(width, height))
        await page.run(
            f"document.documentElement.style.background = 'url(\"data:image/svg+xml,{svg}\") center / cover'"
        )
    await page.run(PAINTED)
    await page.run(SAME)
    if page.complaints:
        raise RuntimeError(f"{shot.name}: {page.complaints}")
    return await page.picture()
