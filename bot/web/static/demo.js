// Plays the scenes of a made-up queue, so that an overlay can be looked at without one.
export async function rehearse(draw, hear, only) {
  const { scenes, empty } = await (await fetch("scenes")).json();
  if (only === "empty") {
    draw(empty);
    return;
  }
  const round = scenes.length;
  for (let turn = 0; ; turn += 1) {
    const { snapshot, notices, seconds } = scenes[turn % round];
    const passed = Math.floor(turn / round) * round;
    const later = (each) => ({ ...each, id: `${passed}-${each.id}`, revision: each.revision + passed });
    draw(later(snapshot));
    hear(notices.map(later));
    await new Promise((done) => setTimeout(done, seconds * 1000));
  }
}
