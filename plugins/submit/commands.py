"""`/submit`: artists hand in a song by link, as a file, in a form, or one of theirs again."""

from __future__ import annotations

import alluka
import hikari
import tanjun

from bot.router import Router, Submission, encode
from components import submission
from components.song_option import demand_song, matches, tier_choices
from components.submission import FORM
from components.texts import describe, say
from components.who import Caller
from persistence.archive import Archive
from persistence.files import FileStore
from plugins.submit.history import hand_in_again, past_songs
from plugins.submit.intake import Artist, check_file, hand_in_file, hand_in_link
from state.configure import Configuration
from state.queue import Queue
from state.track import LONGEST_LINK

routes = Router()
submit = tanjun.slash_command_group(
    "submit", describe("submit.description"), default_to_ephemeral=True, dm_enabled=False
)


async def offer_skips(
    ctx: tanjun.abc.AutocompleteContext, typed: str, configuration: alluka.Injected[Configuration]
) -> None:
    """The guild's paid tiers."""
    caller = Caller.of(ctx.interaction)
    await ctx.set_choices(tier_choices(await configuration.ladder(caller.guild), typed, paid_only=True))


def artist_of(caller: Caller) -> Artist:
    """The caller as the one who hands in, for the interaction's own sake."""
    return Artist(caller.guild, caller.actor, caller.request, caller.locale)


@tanjun.with_str_slash_option(
    "tier", describe("submit.tier_option"), default=None, autocomplete=offer_skips, max_length=100
)
@tanjun.with_str_slash_option(
    "note", describe("submit.note_option"), default=None, max_length=submission.NOTE_LIMIT
)
@tanjun.with_str_slash_option(
    "title", describe("submit.title_option"), min_length=1, max_length=submission.NAME_LIMIT
)
@tanjun.with_str_slash_option(
    "artist", describe("submit.artist_option"), min_length=1, max_length=submission.NAME_LIMIT
)
@tanjun.with_str_slash_option("url", describe("submit.url_option"), max_length=LONGEST_LINK)
@submit.as_sub_command("link", describe("submit.link_description"))
async def link(
    ctx: tanjun.abc.SlashContext,
    url: str,
    artist: str,
    title: str,
    note: str | None,
    tier: str | None,
    queue: alluka.Injected[Queue],
) -> None:
    """Submits a song by its link."""
    artist_ = artist_of(Caller.of(ctx.interaction))
    words = submission.read_words(title, artist, note, artist_.locale)
    track = submission.read_link(url, artist_.locale)
    taken = await hand_in_link(artist_, queue, words, track, tier)
    text = taken.confirmation(artist_.locale)
    await ctx.respond(text, user_mentions=False, role_mentions=False, mentions_everyone=False)


@tanjun.with_str_slash_option(
    "tier", describe("submit.tier_option"), default=None, autocomplete=offer_skips, max_length=100
)
@tanjun.with_str_slash_option(
    "note", describe("submit.note_option"), default=None, max_length=submission.NOTE_LIMIT
)
@tanjun.with_str_slash_option(
    "title", describe("submit.title_option"), min_length=1, max_length=submission.NAME_LIMIT
)
@tanjun.with_str_slash_option(
    "artist", describe("submit.artist_option"), min_length=1, max_length=submission.NAME_LIMIT
)
@tanjun.with_attachment_slash_option("file", describe("submit.file_option"))
@submit.as_sub_command("file", describe("submit.file_description"))
async def file_(
    ctx: tanjun.abc.SlashContext,
    file: hikari.Attachment,
    artist: str,
    title: str,
    note: str | None,
    tier: str | None,
    queue: alluka.Injected[Queue],
    files: alluka.Injected[FileStore],
) -> None:
    """Submits an audio file, which is kept in our own store before the song is."""
    artist_ = artist_of(Caller.of(ctx.interaction))
    words = submission.read_words(title, artist, note, artist_.locale)
    check_file(file, artist_.locale)
    await ctx.defer(ephemeral=True)
    taken = await hand_in_file(artist_, queue, files, file, words, tier)
    await ctx.edit_initial_response(
        taken.confirmation(artist_.locale), user_mentions=False, role_mentions=False, mentions_everyone=False
    )


async def offer_past(
    ctx: tanjun.abc.AutocompleteContext,
    typed: str,
    queue: alluka.Injected[Queue],
    archive: alluka.Injected[Archive],
) -> None:
    """The caller's own songs that are over."""
    caller = Caller.of(ctx.interaction)
    await ctx.set_choices(
        matches(await past_songs(caller.guild, caller.actor.id, queue, archive) or (), typed)
    )


@tanjun.with_str_slash_option(
    "tier", describe("submit.tier_option"), default=None, autocomplete=offer_skips, max_length=100
)
@tanjun.with_str_slash_option(
    "note", describe("submit.note_option"), default=None, max_length=submission.NOTE_LIMIT
)
@tanjun.with_str_slash_option("song", describe("submit.song_option"), autocomplete=offer_past, max_length=100)
@submit.as_sub_command("again", describe("submit.again_description"))
async def again(
    ctx: tanjun.abc.SlashContext,
    song: str,
    note: str | None,
    tier: str | None,
    queue: alluka.Injected[Queue],
    archive: alluka.Injected[Archive],
    files: alluka.Injected[FileStore],
) -> None:
    """Submits a song of the caller's own history once more."""
    artist = artist_of(Caller.of(ctx.interaction))
    number = demand_song(song, artist.locale)
    taken = await hand_in_again(artist, number, queue, archive, files, note=note, tier=tier)
    await ctx.respond(
        taken.confirmation(artist.locale), user_mentions=False, role_mentions=False, mentions_everyone=False
    )


@submit.as_sub_command("form", describe("submit.form_description"))
async def form(ctx: tanjun.abc.SlashContext) -> None:
    """Opens the form. Its id is fixed and it is routed, so it outlives a restart of the bot."""
    caller = Caller.of(ctx.interaction)
    await ctx.create_modal_response(
        say("submit.form_title", caller.locale), encode(FORM), components=submission.form_rows(caller.locale)
    )


@routes.modal(FORM)
async def form_sent(sent: Submission) -> None:
    """Submits what was filled in."""
    fields, artist = sent.values, artist_of(Caller.of(sent.interaction))
    words = submission.read_words(
        fields.get(submission.TITLE, ""),
        fields.get(submission.ARTIST, ""),
        fields.get(submission.NOTE),
        artist.locale,
    )
    track = submission.read_link(fields.get(submission.URL, ""), artist.locale)
    taken = await hand_in_link(artist, sent.get(Queue), words, track, fields.get(submission.TIER))
    await sent.respond(taken.confirmation(artist.locale))
