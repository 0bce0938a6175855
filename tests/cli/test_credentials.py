"""assay credential: from a holder's key to a verdict, as it is typed."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.identity.desk import publish
from typer.testing import CliRunner, Result

from assay import identity
from assay.cli.app import app
from assay.cli.credentials import read_private_key, read_public_key
from assay.kit.clock import SystemClock
from assay.kit.database import Database
from assay.kit.errors import BadInput
from assay.kit.home import Home
from assay.kit.keyring import SECP256K1
from assay.ledger import Publication

ASKED = ("--audience", "https://verifier.example", "--nonce", "n-1")


@pytest.fixture
def said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Publication]:
    monkeypatch.setenv("ASSAY_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)
    database = Database(Home(tmp_path / "home"))
    try:
        yield publish(database, SystemClock().now())
    finally:
        database.close()


def assay(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["credential", *arguments])


def do(*arguments: str) -> str:
    done = assay(*arguments)
    assert done.exit_code == 0, done.output
    return done.output


def test_from_key_to_verdict(said: Publication) -> None:
    public = json.loads(do("keygen", "holder.pem"))
    assert public["crv"] == "P-256"
    assert Path("holder.pem").stat().st_mode & 0o777 == 0o600
    do("issue", said.publication_id, "--subject", "BTC", "--holder-key", "holder.pem",
       "--out", "btc.sd-jwt")  # fmt: skip
    shown = json.loads(do("show", "btc.sd-jwt"))
    assert shown["said"]["symbol"] == "BTC"
    assert shown["cnf"]["jwk"] == public
    do("present", "btc.sd-jwt", "--disclose", "symbol,grade", "--holder-key", "holder.pem",
       *ASKED, "--out", "shown.sd-jwt")  # fmt: skip
    verified = assay("verify", "shown.sd-jwt", *ASKED)
    assert verified.exit_code == 0, verified.output
    assert json.loads(verified.stdout)["said"] == {"symbol": "BTC", "grade": "80.50"}
    assert "shown by its holder" in verified.stderr
    assert "place in the log was not shown" in verified.stderr

    replayed = assay("verify", "shown.sd-jwt", *ASKED[:3], "n-2")
    assert replayed.exit_code == 1
    assert "not valid wrong-nonce" in replayed.stderr
    unproved = assay("verify", "shown.sd-jwt", *ASKED, "--require-proof")
    assert "no-proof" in unproved.stderr
    do("present", "btc.sd-jwt", "--holder-key", "holder.pem", *ASKED, "--out", "whole.sd-jwt")
    whole = assay("verify", "whole.sd-jwt", *ASKED, "--require-proof")
    assert "row 0 stands in log" in whole.stderr, whole.output


def test_withdrawal_and_rotation(said: Publication) -> None:
    do("issue", said.publication_id, "--row", "1", "--bearer", "--out", "b.sd-jwt")
    credential_id = do("list").split("cred_")[1].split()[0]
    do("verify", "b.sd-jwt", "--bearer")
    do("rotate-key")
    do("verify", "b.sd-jwt", "--bearer")
    assert json.loads(do("show", f"cred_{credential_id}"))["withdrawn_at"] is None
    do("withdraw", f"cred_{credential_id}")
    refused = assay("verify", "b.sd-jwt", "--bearer")
    assert refused.exit_code == 1
    assert "withdrawn" in refused.stderr
    do("issue", said.publication_id, "--row", "1", "--bearer", "--out", "c.sd-jwt")
    do("rotate-key", "--stolen")
    assert "issuer-not-trusted" in assay("verify", "c.sd-jwt", "--bearer").stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["issue", "ID", "--row", "0"], "--holder-key"),
        (["issue", "ID", "--bearer"], "--row"),
        (["issue", "ID", "--row", "0", "--subject", "BTC", "--bearer"], "--row"),
        (["issue", "nix", "--row", "0", "--bearer"], "No publication"),
        (["present", "nothing.sd-jwt"], "no file"),
        (["verify", "nothing.sd-jwt"], "--audience"),
        (["verify", "nothing.sd-jwt", "--bearer"], "no file"),
        (["withdraw", "cred_0000000000000000"], "No credential"),
        (["show", "cred_0000000000000000"], "No credential"),
    ],
)
def test_what_is_missing_is_said(said: Publication, arguments: list[str], words: str) -> None:
    done = assay(*[said.publication_id if one == "ID" else one for one in arguments])
    assert done.exit_code == 2, done.output
    assert words in done.stderr


def test_nothing_is_overwritten(said: Publication) -> None:
    do("keygen", "holder.pem")
    before = Path("holder.pem").read_bytes()
    assert assay("keygen", "holder.pem").exit_code == 1
    assert Path("holder.pem").read_bytes() == before


def test_holder_keys_come_in_several_forms(tmp_path: Path) -> None:
    key = SECP256K1.create()
    do("keygen", str(tmp_path / "a.pem"))
    private = read_private_key(tmp_path / "a.pem")
    jwk = identity.write_jwk(private.public_key())
    public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "b.pem").write_bytes(public)
    (tmp_path / "c.json").write_text(json.dumps(jwk))
    for name in ("a.pem", "b.pem", "c.json"):
        assert identity.write_jwk(read_public_key(tmp_path / name)) == jwk
    other = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    for payload in (other, b"x", b"{}", b"{", b"-----BEGIN PRIVATE KEY-----"):
        (tmp_path / "x").write_bytes(payload)
        with pytest.raises(BadInput):
            read_public_key(tmp_path / "x")
