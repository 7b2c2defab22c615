from __future__ import annotations

import pytest

from state.track import LinkFault, LinkRefused, Platform, file_track, parse_link

ID = "dQw4w9WgXcQ"
SPOTIFY = "4uLU6hMCjMI75M1A2tKUQC"
LONG = "https://www.youtube.com/watch?v=" + ID + "&x=" + "a" * 500

SAME_SONG = [
    (
        f"youtube:{ID}",
        f"https://www.youtube.com/watch?v={ID}",
        [
            f"https://www.youtube.com/watch?v={ID}",
            f"http://youtube.com/watch?v={ID}",
            f"HTTPS://WWW.YouTube.COM/watch?v={ID}",
            f"https://m.youtube.com/watch?v={ID}&feature=share",
            f"https://music.youtube.com/watch?list=RDAMVM&v={ID}&si=abc",
            f"https://youtu.be/{ID}?si=QWERTY&t=12",
            f"youtu.be/{ID}",
            f"<https://youtu.be/{ID}>",
            f"  https://www.youtube.com/shorts/{ID}  ",
            f"https://www.youtube.com/live/{ID}?feature=shared",
            f"https://www.youtube-nocookie.com/embed/{ID}",
            f"https://www.youtube.com/watch?v={ID}#top",
        ],
    ),
    (
        f"spotify:{SPOTIFY}",
        f"https://open.spotify.com/track/{SPOTIFY}",
        [
            f"https://open.spotify.com/track/{SPOTIFY}?si=1234",
            f"https://open.spotify.com/intl-de/track/{SPOTIFY}",
            f"https://open.spotify.com/intl-pt-br/track/{SPOTIFY}/",
            f"https://open.spotify.com/embed/track/{SPOTIFY}",
        ],
    ),
    (
        "soundcloud:alice/night-bus",
        "https://soundcloud.com/alice/night-bus",
        [
            "https://soundcloud.com/alice/night-bus",
            "https://www.soundcloud.com/Alice/Night-Bus?in=alice/sets/ep&si=1&utm_source=clipboard",
            "https://m.soundcloud.com/alice/night-bus/",
        ],
    ),
    (
        "soundcloud:alice/night-bus",
        "https://soundcloud.com/alice/night-bus/s-AbC123",
        [
            "https://soundcloud.com/alice/night-bus/s-AbC123?si=1",
            "https://soundcloud.com/alice/night-bus?secret_token=s-AbC123",
        ],
    ),
    (
        "deezer:3135556",
        "https://www.deezer.com/track/3135556",
        [
            "https://www.deezer.com/track/3135556",
            "https://www.deezer.com/en/track/3135556?utm_campaign=x",
            "https://deezer.com/pt-br/track/03135556",
        ],
    ),
    (
        "ditto:night-bus",
        "https://ditto.fm/night-bus",
        ["https://ditto.fm/night-bus", "http://www.ditto.fm/Night-Bus"],
    ),
]


@pytest.mark.parametrize(
    ("id_", "url", "link"), [(id_, url, link) for id_, url, links in SAME_SONG for link in links]
)
def test_every_form_of_a_link_is_the_same_song(id_: str, url: str, link: str) -> None:
    track = parse_link(link)
    assert track is not None
    assert (track.id, track.url) == (id_, url)
    assert parse_link(track.url) == track


@pytest.mark.parametrize(
    ("link", "id_"),
    [
        ("https://on.soundcloud.com/Ab12Cd?utm=1", "soundcloud:short:Ab12Cd"),
        ("https://spotify.link/ZyXw", "spotify:short:ZyXw"),
        ("https://deezer.page.link/aBc-9", "deezer:short:aBc-9"),
        ("https://link.deezer.com/s/31abC", "deezer:short:31abC"),
    ],
)
def test_short_links_keep_their_code(link: str, id_: str) -> None:
    track = parse_link(link)
    assert track is not None and track.id == id_
    assert track.url == link.partition("?")[0]


@pytest.mark.parametrize(
    "link",
    [
        "https://example.com/song",
        "https://evil.tld/?youtube",
        "https://evil.tld/youtube.com/watch?v=" + ID,
        "https://youtube.com.evil.tld/watch?v=" + ID,
        "https://notyoutube.com/watch?v=" + ID,
        "https://youtube.com-evil.tld/watch?v=" + ID,
        "https://evil.tld/#https://youtu.be/" + ID,
        "https://notapple.com/song",
        "https://bandcamp.com/x",
    ],
)
def test_other_hosts_are_no_song_whatever_they_mention(link: str) -> None:
    assert parse_link(link) is None


@pytest.mark.parametrize(
    ("link", "fault"),
    [
        ("", LinkFault.NOT_A_LINK),
        ("my song", LinkFault.NOT_A_LINK),
        ("https://", LinkFault.NOT_A_LINK),
        ("https://localhost/x", LinkFault.NOT_A_LINK),
        ("https://127.0.0.1/x", LinkFault.NOT_A_LINK),
        ("https://[::1]/x", LinkFault.NOT_A_LINK),
        ("https://[::1/x", LinkFault.NOT_A_LINK),
        ("https://youtu.be:port/x", LinkFault.NOT_A_LINK),
        (f"https://youtu.be/{ID} and more", LinkFault.NOT_A_LINK),
        (f"https://youtu.be/{ID}\nhttps://evil.tld", LinkFault.NOT_A_LINK),
        (f"https://you\ttu.be/{ID}", LinkFault.NOT_A_LINK),
        (f"https:\\\\youtu.be\\{ID}", LinkFault.NOT_A_LINK),
        (f"https://evil.tld\\@youtu.be/{ID}", LinkFault.NOT_A_LINK),
        (f"https://youtu.be/\u202e{ID}", LinkFault.NOT_A_LINK),
        (f"https://youtu.be\u200b/{ID}", LinkFault.NOT_A_LINK),
        ("//youtu.be/" + ID, LinkFault.NOT_A_LINK),
        (LONG, LinkFault.TOO_LONG),
        ("javascript:alert(1)", LinkFault.NOT_THE_WEB),
        ("data:text/html,x", LinkFault.NOT_THE_WEB),
        ("file:///etc/passwd", LinkFault.NOT_THE_WEB),
        (f"ftp://youtube.com/watch?v={ID}", LinkFault.NOT_THE_WEB),
        (f"spotify:track:{SPOTIFY}", LinkFault.NOT_THE_WEB),
        (f"https://youtube.com@evil.tld/watch?v={ID}", LinkFault.DISGUISED),
        (f"https://evil.tld@youtube.com/watch?v={ID}", LinkFault.DISGUISED),
        (f"https://youtube.com:443@evil.tld/watch?v={ID}", LinkFault.DISGUISED),
        (f"https://youtu.be:8080/{ID}", LinkFault.DISGUISED),
        (f"https://youtu.be:/{ID}", LinkFault.DISGUISED),
        (f"https://y\u043eutube.com/watch?v={ID}", LinkFault.DISGUISED),
        (f"https://xn--yutube-wqf.com/watch?v={ID}", LinkFault.DISGUISED),
        (f"https://\uff59outube.com/watch?v={ID}", LinkFault.DISGUISED),
        ("https://music.apple.com/us/album/x/1?i=2", LinkFault.APPLE),
        ("https://itunes.apple.com/us/album/x", LinkFault.APPLE),
        ("https://geo.music.apple.com/x", LinkFault.APPLE),
        ("https://apple.co/x", LinkFault.APPLE),
        ("https://itun.es/x", LinkFault.APPLE),
        ("https://www.youtube.com/", LinkFault.NOT_A_TRACK),
        ("https://www.youtube.com/@alice", LinkFault.NOT_A_TRACK),
        ("https://www.youtube.com/watch?v=short", LinkFault.NOT_A_TRACK),
        (f"https://www.youtube.com/watch?v={ID}&v=aaaaaaaaaaa", LinkFault.NOT_A_TRACK),
        ("https://www.youtube.com/redirect?q=https://evil.tld", LinkFault.NOT_A_TRACK),
        ("https://www.youtube.com/playlist?list=PL1", LinkFault.NOT_A_TRACK),
        ("https://open.spotify.com/album/4uLU6hMCjMI75M1A2tKUQC", LinkFault.NOT_A_TRACK),
        ("https://open.spotify.com/track/../redirect", LinkFault.NOT_A_TRACK),
        ("https://soundcloud.com/alice", LinkFault.NOT_A_TRACK),
        ("https://soundcloud.com/alice/sets/ep", LinkFault.NOT_A_TRACK),
        ("https://soundcloud.com/alice/night-bus/likes", LinkFault.NOT_A_TRACK),
        ("https://soundcloud.com/search/sounds", LinkFault.NOT_A_TRACK),
        ("https://soundcloud.com/alice/%2e%2e", LinkFault.NOT_A_TRACK),
        ("https://www.deezer.com/en/album/1", LinkFault.NOT_A_TRACK),
        ("https://ditto.fm/", LinkFault.NOT_A_TRACK),
        ("https://on.soundcloud.com/", LinkFault.NOT_A_TRACK),
    ],
)
def test_what_is_no_song_is_refused_with_its_reason(link: str, fault: LinkFault) -> None:
    with pytest.raises(LinkRefused) as refused:
        parse_link(link)
    assert refused.value.fault is fault
    assert (refused.value.platform is not None) == (fault is LinkFault.NOT_A_TRACK)


def test_a_fullwidth_link_never_becomes_a_platform() -> None:
    # Browsers take these dots and letters for plain ones; we do not follow them there.
    for link in ("https://youtube\u3002com/watch?v=" + ID, "https://youtube\uff0ecom/watch?v=" + ID):
        with pytest.raises(LinkRefused):
            parse_link(link)


def test_a_file_is_known_by_its_bytes() -> None:
    assert file_track("ab" * 32) == "file:" + "ab" * 16
    assert Platform("file")
