"""Where the server listens, and that a real one answers as the application does."""

import socket
from pathlib import Path

import httpx
import pytest
from tests.api.serving import running
from tests.api.world import NOW, FakeGrades, FakeMarkets, make_world

from assay.api import check_host, serve
from assay.api.serve import name_url, open_socket
from assay.kit.clock import FixedClock
from assay.kit.errors import BadInput, Conflict
from assay.kit.home import Home
from assay.kit.settings import Settings


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.9", "::1", "localhost", "LOCALHOST"])
def test_loopback_may_be_listened_on(host: str) -> None:
    assert check_host(Settings(host=host)) == host


@pytest.mark.parametrize("host", ["10.0.0.1", "::", "192.168.1.4"])
def test_keyed_mode_may_listen_anywhere_if_its_names_are_listed(host: str) -> None:
    assert check_host(Settings(host=host, keys=True, allowed_hosts="api.example.com")) == host
    assert check_host(Settings(host=host, keys=True, public_url="https://a.example")) == host
    with pytest.raises(BadInput, match="ASSAY_ALLOWED_HOSTS"):
        check_host(Settings(host=host, keys=True))


@pytest.mark.parametrize("host", ["192.168.1.4", "::", "example.com", "", "10.0.0.1", "localhost."])
def test_anything_else_is_refused_before_the_home_is_touched(host: str, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home", host=host, port=0)
    with pytest.raises(BadInput, match="ASSAY_HOST"):
        serve(
            Home(tmp_path / "home"),
            settings,
            FixedClock(NOW),
            grades=FakeGrades(),
            markets=FakeMarkets(),
        )
    assert not (tmp_path / "home").exists()


def test_a_taken_port_says_what_to_do() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        pytest.raises(Conflict, match="ASSAY_PORT"),
    ):
        open_socket("127.0.0.1", taken.getsockname()[1])


def test_the_address_is_named_as_people_open_it() -> None:
    with open_socket("localhost", 0) as listener:
        assert name_url(listener) == f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.mark.slow
def test_a_real_server_answers_with_etags_and_codings(tmp_path: Path) -> None:
    world = make_world(tmp_path, tokens=60)
    with running(world.app) as url, httpx.Client(base_url=url, trust_env=False) as client:
        plain = client.get("/v1/grades/trader?limit=1000", headers={"accept-encoding": "identity"})
        assert plain.status_code == 200
        for coding in ("gzip", "zstd"):
            for _ in range(2):
                coded = client.get(
                    "/v1/grades/trader?limit=1000", headers={"accept-encoding": coding}
                )
                assert coded.headers["content-encoding"] == coding
                assert coded.content == plain.content
        wanted = {"if-none-match": plain.headers["etag"], "accept-encoding": "identity"}
        unchanged = client.get("/v1/grades/trader?limit=1000", headers=wanted)
        assert (unchanged.status_code, unchanged.content) == (304, b"")
        head = client.head("/v1/grades/trader?limit=1000", headers={"accept-encoding": "identity"})
        assert head.headers["content-length"] == str(len(plain.content))
        assert client.get("/v1/tokens", headers={"host": "evil.example"}).status_code == 421
        assert "server" not in plain.headers
