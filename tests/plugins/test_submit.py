from __future__ import annotations

from tests.stage import Stage


async def test_a_link(stage: Stage) -> None:
    reply = await stage.alice.command(
        "submit link",
        stage.submissions,
        url="https://soundcloud.com/alice/night-bus?si=1",
        artist="Alice",
        title="Night Bus",
    )
    assert reply.ephemeral, reply
    print(reply.text)
