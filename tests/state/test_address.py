"""Addresses of a Redis: what each form means, and what is said of a wrong one."""

from __future__ import annotations

from pathlib import Path

import pytest

from state.address import Address, BadAddress, Form, mismatch, parse

SECRET = "hunter2"


@pytest.mark.parametrize(
    ("url", "form", "tls", "nodes", "service", "options"),
    [
        ("redis://localhost", Form.SERVER, False, (("localhost", 6379),), "", {}),
        (
            "rediss://mia:p%40ss%2F@cache:6380/3?ssl_check_hostname=no&ssl_cert_reqs=none&client_name=a",
            Form.SERVER,
            True,
            (("cache", 6380),),
            "",
            {
                "username": "mia",
                "password": "p@ss/",
                "db": 3,
                "ssl_check_hostname": False,
                "ssl_cert_reqs": "none",
                "client_name": "a",
            },
        ),
        ("unix:///run/a%20b.sock?db=2", Form.SOCKET, False, (), "", {"path": "/run/a b.sock", "db": 2}),
        (
            "redis+sentinel://:secret@one,two:26380,[::1]/shows/2?socket_timeout=3",
            Form.SENTINEL,
            False,
            (("one", 26379), ("two", 26380), ("::1", 26379)),
            "shows",
            {"password": "secret", "db": 2, "socket_timeout": 3.0},
        ),
        ("rediss+cluster://one,two:7000/0", Form.CLUSTER, True, (("one", 6379), ("two", 7000)), "", {}),
    ],
)  # fmt: skip
def test_every_form(
    url: str,
    form: Form,
    tls: bool,
    nodes: tuple[tuple[str, int], ...],
    service: str,
    options: dict[str, object],
) -> None:
    found = parse(url)
    assert (found.form, found.tls, found.nodes, found.service) == (form, tls, nodes, service)
    assert dict(found.options) == options


@pytest.mark.parametrize("rest", ["://host:1/2", "+cluster://one,two", "+sentinel://one/shows/1"])
def test_valkey_is_another_word_for_redis(rest: str) -> None:
    assert parse(f"valkey{rest}") == parse(f"redis{rest}")
    assert parse(f"valkeys{rest}") == parse(f"rediss{rest}")


def test_sentinels_have_a_password_of_their_own_and_the_same_tls(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").touch()
    found = parse(
        f"rediss+sentinel://mia:one@a/shows?sentinel_username=sam&sentinel_password=two&ssl_ca_certs={tmp_path}/ca.pem"
    )
    assert dict(found.sentinel) == {
        "username": "sam", "password": "two", "ssl_ca_certs": f"{tmp_path}/ca.pem"
    }  # fmt: skip
    assert dict(found.options) == {
        "username": "mia", "password": "one", "ssl_ca_certs": f"{tmp_path}/ca.pem"
    }  # fmt: skip
    assert dict(parse("redis+sentinel://:one@a/shows").sentinel) == {}


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("redis://host", "one server"),
        ("rediss://host", "one server over TLS"),
        ("unix:///socket", "one server at a unix socket"),
        ("redis+sentinel://a/shows", "the server that a Sentinel calls shows"),
        ("rediss+sentinel://a,b/shows", "the server that 2 Sentinels call shows over TLS"),
        ("redis+cluster://a", "a cluster, found through one address"),
        ("redis+cluster://a,b,c", "a cluster, found through 3 addresses"),
    ],
)
def test_it_says_what_it_is(url: str, words: str) -> None:
    assert str(parse(url)) == words


@pytest.mark.parametrize(
    ("url", "says"),
    [
        (f"{SECRET}:6379", "must be an address such as redis://"),
        (f"http://{SECRET}", "redis+sentinel://host:26379"),
        (f"sentinel://{SECRET}/x", "redis+sentinel://host:26379"),
        ("redis://", "must name a host"),
        (f"redis://:{SECRET}/x@host", "special characters of a password"),
        (f"redis://:{SECRET}#x@host", "special characters of a password"),
        (f"redis://:{SECRET}?x@host", "special characters of a password"),
        (f"redis://user:12?{SECRET}=1@host", "an option that is not known"),
        (f"redis://[{SECRET}", "cannot be read"),
        (f"redis://{SECRET}:99999", "must name a host"),
        (f"redis://{SECRET}:0", "must name a host"),
        (f"redis://{SECRET},other", "names several hosts"),
        (f"redis+cluster://{SECRET},,other", "must name a host"),
        (f"redis://host/{SECRET}", "the number of a database"),
        (f"redis://host/1/{SECRET}", "the number of a database"),
        (f"redis+cluster://{SECRET}/1", "a cluster has only number 0"),
        (f"redis+cluster://{SECRET}?db=1", "a cluster has only number 0"),
        (f"redis+sentinel://{SECRET}", "the name the Sentinels know"),
        ("unix://run/redis.sock", "its whole path"),
        ("unix://", "its whole path"),
        (f"redis://host?ssl_ca_certs={SECRET}", "must begin with rediss"),
        (f"rediss://host?ssl_ca_certs=/{SECRET}", "names a file that is not there (ssl_ca_certs)"),
        (f"rediss://host?ssl_ca_cert={SECRET}", "perhaps ssl_ca_certs is meant"),
        (f"rediss://host?ssl_cert_reqs={SECRET}", "a wrong value (ssl_cert_reqs)"),
        (f"redis://host?socket_timeout={SECRET}", "a wrong value (socket_timeout)"),
        ("redis://host?protocol=4", "a wrong value (protocol)"),
        (f"redis://host?decode_responses={SECRET}", "an option that is not known"),
        (f"redis://host?sentinel_password={SECRET}", "of the other form, redis+sentinel://"),
        (f"redis+sentinel://host/x?sentinel_pasword={SECRET}", "perhaps sentinel_password is meant"),
    ],
)
def test_what_is_wrong_is_said_without_what_may_be_secret(url: str, says: str) -> None:
    with pytest.raises(BadAddress) as caught:
        parse(url)
    assert says in str(caught.value)
    assert SECRET not in str(caught.value) and not str(caught.value).endswith(".")


def test_nothing_secret_is_shown() -> None:
    found = parse(f"redis+sentinel://mia:{SECRET}@host/shows?sentinel_password={SECRET}2")
    assert SECRET not in repr(found) + str(found)


@pytest.mark.parametrize(
    ("mode", "form", "what"),
    [
        ("standalone", Form.SERVER, None),
        ("standalone", Form.SENTINEL, None),
        ("cluster", Form.CLUSTER, None),
        ("cluster", Form.SERVER, "is one server of a cluster"),
        ("cluster", Form.SENTINEL, "is one server of a cluster"),
        ("sentinel", Form.SERVER, "is a Sentinel"),
    ],
)
def test_a_server_of_another_form(mode: str, form: Form, what: str | None) -> None:
    for name in ("redis_mode", "server_mode"):
        found = mismatch(Address(form, False), {name: mode})
        assert (found and found[0]) == what
