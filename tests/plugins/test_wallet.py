"""`/wallet` and `/skip`: one's own coins, what they buy, and what managers give and take."""

from __future__ import annotations

import secrets

import pytest

from persistence.errors import Unavailable
from sandbox.discord import Message, Person
from state.scripts import Actor
from tests.plugins.reviewing import archived, order, submitted
from tests.stage import Stage


async def run(stage: Stage, name: str, /, person: Person | None = None, **values: object) -> Message:
    reply = await (person or stage.alice).command(name, channel=stage.submissions, **values)
    assert reply.ephemeral, reply
    return await reply.settled()


async def fill(stage: Stage, person: Person, coins: int) -> None:
    wallet, who = stage.app.stores.wallet, Actor(0, "test")
    await wallet.give(stage.id, secrets.token_hex(8), who, int(person.id), coins, reason="a start")


async def coins(stage: Stage, person: Person) -> int:
    return await stage.app.stores.wallet.balance(stage.id, int(person.id))


async def test_the_wallet_shows_what_is_in_it_and_what_it_buys(stage: Stage) -> None:
    assert "You have **0** Luxury Coins" in (await run(stage, "wallet show")).text
    await fill(stage, stage.alice, 1200)
    await stage.app.stores.configuration.change(stage.id, "p", Actor(0, "test"), {"price:20": "0"})
    told = (await run(stage, "wallet show")).text
    assert "You have **1,200** Luxury Coins" in told
    assert "25+ Skip: 300" in told and "5 Skip: 50" in told and "\n20 Skip" not in told
    assert "You have **0**" in (await run(stage, "wallet show", stage.bruno)).text


async def test_managers_give_and_take_and_the_history_says_why(stage: Stage) -> None:
    told = await run(stage, "wallet give", stage.mod, user=stage.alice, amount=120, reason="first *prize*")
    assert "got 120 Luxury Coins (first \\*prize\\*), which makes **120**" in told.text
    told = await run(stage, "wallet give", stage.owner, user=stage.alice, amount=-20, reason="a mistake")
    assert "20 Luxury Coins were taken" in told.text and "**100**" in told.text
    told = await run(stage, "wallet give", stage.mod, user=stage.alice, amount=-101, reason="more")
    assert "has only **100** Luxury Coins" in told.text
    assert (
        "other than 0"
        in (await run(stage, "wallet give", stage.mod, user=stage.alice, amount=0, reason="x")).text
    )
    assert await coins(stage, stage.alice) == 100
    for person in (stage.alice, stage.host):
        refused = await run(stage, "wallet give", person, user=person, amount=5, reason="mine")
        assert "may manage this server" in refused.text
    await archived(stage)
    history = (await run(stage, "wallet history")).text
    assert "**-20** taken by those who manage the server (a mistake) → 100" in history
    assert "**+120** from those who manage the server (first \\*prize\\*) → 120" in history
    assert history.index("a mistake") < history.index("first")
    assert "Nothing has changed" in (await run(stage, "wallet history", stage.bruno)).text
    audit = await stage.host.command("audit show", channel=stage.review)
    assert "took" in (text := (await audit.settled()).text) and "20 Luxury Coins from" in text


async def test_a_long_history_has_pages_of_the_presser(stage: Stage) -> None:
    for amount in range(1, 24):
        await fill(stage, stage.alice, amount)
    await archived(stage)
    first = await run(stage, "wallet history")
    assert "**+23**" in first.text and "Page 1 of 3" in first.text
    await (await stage.alice.press(first, label="Last")).settled()
    assert "**+1**" in first.text and "Page 3 of 3" in first.text
    other = await stage.bruno.press(first, first.custom_ids[0], forge=True)
    await other.settled()
    assert "Nothing has changed" in first.text


async def test_without_postgres_the_balance_is_told(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    await fill(stage, stage.alice, 7)

    async def away(*_: object, **__: object) -> None:
        raise Unavailable

    monkeypatch.setattr("persistence.ledger.Ledger.of_user", away)
    told = (await run(stage, "wallet history")).text
    assert "cannot be read right now" in told and "**7** Luxury Coins" in told


async def test_a_skip_is_bought_after_a_question_and_once(stage: Stage) -> None:
    first = await submitted(stage, stage.bruno, "First", tier=5)
    mine = await submitted(stage, stage.alice, "Mine")
    await fill(stage, stage.alice, 120)
    choices = await stage.alice.autocomplete("skip buy", "tier", "", stage.submissions)
    assert choices[-2:] == [("10 Skip: 100 Luxury Coins", "10"), ("5 Skip: 50 Luxury Coins", "5")]
    asked = await run(stage, "skip buy", tier="10")
    assert "Pay **100** Luxury Coins" in asked.text and "20 stay" in asked.text
    assert await coins(stage, stage.alice) == 120 and await order(stage) == [first, mine]
    stolen = await stage.bruno.press(asked, asked.custom_ids[0], forge=True)
    assert "of somebody else" in (await stolen.settled()).text
    assert await coins(stage, stage.alice) == 120
    yes = asked.custom_ids[0]
    await (await stage.alice.press(asked, label="Pay 100")).settled()
    assert "Paid 100 Luxury Coins" in asked.text and "place 1" in asked.text
    await (await stage.alice.press(asked, yes, forge=True)).settled()
    assert await coins(stage, stage.alice) == 20 and await order(stage) == [mine, first]
    assert "costs **100** Luxury Coins and you have 20" in (await run(stage, "skip buy", tier="15")).text
    assert "as good or better" in (await run(stage, "skip buy", tier="5")).text
    choices = await stage.alice.autocomplete("skip buy", "tier", "1", stage.submissions)
    assert choices == [("15 Skip: 100 Luxury Coins", "15")]
    undone = await stage.host.command("review undo", channel=stage.review)
    assert "a skip paid with Luxury Coins" in (await undone.settled()).text
    assert await coins(stage, stage.alice) == 120 and await order(stage) == [first, mine]
    await archived(stage)
    history = (await run(stage, "wallet history")).text
    assert f"a skip for #{mine}" in history and "a move was taken back" in history


async def test_who_says_no_or_names_another_song_pays_nothing(stage: Stage) -> None:
    assert "no song that could go up" in (await run(stage, "skip buy", tier="5")).text
    theirs = await submitted(stage, stage.bruno, "Theirs")
    await submitted(stage, stage.alice, "Mine")
    await fill(stage, stage.alice, 60)
    assert "no song of yours" in (await run(stage, "skip buy", tier="5", song=f"#{theirs}")).text
    assert "no tier of that name" in (await run(stage, "skip buy", tier="7")).text
    songs = await stage.alice.autocomplete("skip buy", "song", "", stage.submissions)
    assert len(songs) == 1 and "Mine" in songs[0][0]
    asked = await run(stage, "skip buy", tier="5 Skip", song=songs[0][1])
    await (await stage.alice.press(asked, label="No, leave it")).settled()
    assert asked.text == "Nothing was changed." and await coins(stage, stage.alice) == 60
    asked = await run(stage, "skip buy", tier="5")
    await stage.app.stores.configuration.change(stage.id, "p", Actor(0, "test"), {"price:5": "60"})
    pressed = await stage.alice.press(asked, label="Pay 50")
    told = pressed.followups[0].text if pressed.followups else (await pressed.settled()).text
    assert "price is 60" in told and await coins(stage, stage.alice) == 60
    await stage.app.stores.configuration.change(stage.id, "q", Actor(0, "test"), {"price:5": "0"})
    assert "cannot be bought" in (await run(stage, "skip buy", tier="5")).text
