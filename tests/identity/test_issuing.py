"""What is in a credential is what was sealed, and nothing about its holder is kept."""

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import select
from tests.identity.desk import NOW, ROWS, Clock, Desk, publish, read_part

from assay import identity, ledger
from assay.identity import Installation, Reason, store
from assay.identity.compute.encoding import decode_base64url
from assay.identity.compute.keys import compress_key
from assay.identity.service.installation import load_signer
from assay.kit.database import Database
from assay.kit.errors import BadInput, KeyUnusable, NotFound
from assay.kit.home import Home
from assay.kit.keyring import P256, Keyring
from assay.verifier import parse_inclusion


def test_the_row_is_the_sealed_one_byte_for_byte(desk: Desk) -> None:
    for place, row in enumerate(ROWS):
        text = desk.issue(row=place, subject=None).credential
        evidence = identity.read_credential(text)["evidence"]
        assert evidence["row"].encode() == orjson.dumps(row, option=orjson.OPT_SORT_KEYS)
        assert evidence["row"].encode() in desk.said.rows
        assert parse_inclusion(evidence["proof"].encode()).index == 0


def test_what_is_always_disclosed_says_nothing_of_the_row(desk: Desk) -> None:
    token = desk.issue().credential.split("~")[0]
    claims = read_part(token, 1)
    assert set(claims) == {
        "iss", "iat", "exp", "vct", "status", "cnf", "publication", "kind", "as_of",
        "published_at", "origin", "log_key", "said", "_sd", "_sd_alg",
    }  # fmt: skip
    assert set(claims["said"]) == {"_sd"}
    assert len(claims["said"]["_sd"]) == len(ROWS[1])
    assert "ETH" not in json.dumps(claims)
    assert claims["iat"] == int(NOW.timestamp())
    assert claims["exp"] - claims["iat"] == 30 * 86_400
    assert read_part(token, 0).keys() == {"alg", "typ", "kid"}


def test_two_credentials_of_one_row_share_no_digest(desk: Desk) -> None:
    found = [read_part(desk.issue().credential, 1)["said"]["_sd"] for _ in range(2)]
    assert not set(found[0]) & set(found[1])


def test_the_origin_is_that_of_the_header_also_for_what_was_said_late(desk: Desk) -> None:
    late = publish(desk.database, NOW, day=(NOW - timedelta(days=90)).date())
    text = desk.issue(publication_id=late.publication_id).credential
    verified = desk.verify(desk.present(text))
    assert verified.claims["origin"] == "backfilled"
    for name, value in (("origin", "live"), ("as_of", "2026-03-01"), ("publication", "x")):
        forged = desk.resign(text, None, **{name: value})
        desk.refuse(Reason.CONTRADICTS_ROW, desk.present(forged))


def test_even_the_issuer_cannot_disclose_what_was_not_sealed(desk: Desk) -> None:
    """A row of claims that the issuer signed itself, beside the true evidence."""
    text = desk.issue().credential
    for said in ({"grade": "99.00"}, {"capped": 0}, {"more": "x"}, "x"):
        forged = desk.resign(text, said=said)
        kept = [part for part in forged.split("~")[1:-1] if is_evidence(part)]
        shown = "~".join([forged.split("~")[0], *kept, ""])
        desk.refuse(Reason.CONTRADICTS_ROW, shown, is_bound=False)


def is_evidence(disclosure: str) -> bool:
    return b'"evidence"' in decode_base64url(disclosure)


@pytest.mark.parametrize("what", ["row", "proof"])
def test_a_proof_that_does_not_hold_is_refused(desk: Desk, what: str) -> None:
    text = desk.issue().credential
    evidence: dict[str, Any] = dict(identity.read_credential(text)["evidence"])
    other = identity.read_credential(desk.issue(subject="BTC").credential)["evidence"]
    claims = {name: item for name, item in read_part(text, 1).items() if name != "_sd"}
    wrong: object
    for wrong in (other[what], evidence[what][:-9], "", None, evidence[what].replace("0", "1")):
        forged = desk.resign(text, **claims, _sd=..., evidence={**evidence, what: wrong})
        desk.refuse(Reason.WRONG_PROOF, forged.split("~")[0] + "~", is_bound=False)


def test_a_proof_by_another_log_is_refused(desk: Desk, public_desk: Desk) -> None:
    text = desk.present(desk.issue().credential)
    stranger = identity.read_credential(public_desk.issue().credential)["log_key"]
    desk.refuse(Reason.WRONG_PROOF, text, log_keys=(stranger,))
    desk.refuse(Reason.WRONG_PROOF, text, log_keys=("no key",))
    own = identity.read_credential(text)["log_key"]
    verified = desk.verify(text, log_keys=(stranger, own))
    assert verified.proof is not None
    assert verified.proof.keys_from == "caller"


def test_evidence_that_was_not_shown_can_be_asked_for(desk: Desk) -> None:
    text = desk.present(desk.issue().credential, ["grade"])
    desk.refuse(Reason.NO_PROOF, text, has_proof=True)


# --- what can be ordered -----------------------------------------------------------------------


def test_a_row_is_found_by_what_it_is_about(desk: Desk) -> None:
    for subject in ("eth", "ETH", "3376", " Coin ETH "):
        assert desk.issue(subject=subject).record.row_index == 1
    for unknown in ("DOGE", "", None):
        with pytest.raises(NotFound):
            desk.issue(subject=unknown)
    for row in (-1, 5):
        with pytest.raises(NotFound, match="5 rows"):
            desk.issue(row=row, subject=None)
    with pytest.raises(NotFound):
        desk.issue(publication_id="grades.trader-2026-03-01-000000000000")


def test_rows_that_speak_of_no_one_thing(desk: Desk) -> None:
    twins = publish(desk.database, NOW, rows=[ROWS[0], ROWS[0]], day=(NOW.date()))
    with pytest.raises(BadInput, match="2 rows"):
        desk.issue(publication_id=twins.publication_id, subject="BTC")
    bare = publish(desk.database, NOW, rows=["a", "b"], day=NOW.date() - timedelta(days=9))
    with pytest.raises(BadInput, match="no one thing"):
        desk.issue(publication_id=bare.publication_id, row=0, subject=None)


def test_a_lifetime_has_bounds(desk: Desk) -> None:
    for wrong in (timedelta(0), timedelta(days=367), timedelta(days=-1)):
        with pytest.raises(BadInput, match="lasts"):
            desk.issue(lifetime=wrong)


def test_a_private_key_is_not_taken_for_a_public_one(desk: Desk) -> None:
    jwk = {**identity.write_jwk(desk.holder.public_key()), "d": "A" * 43}
    with pytest.raises(BadInput, match="private"):
        desk.issue(holder=jwk)
    with desk.database.read() as connection:
        assert not connection.execute(select(store.credentials)).all()


# --- what is kept ------------------------------------------------------------------------------


def test_nothing_about_the_holder_is_kept(desk: Desk) -> None:
    issued = desk.issue()
    x = identity.write_jwk(desk.holder.public_key())["x"]
    assert x in json.dumps(read_part(issued.credential, 1))
    with desk.database.read() as connection:
        rows = connection.exec_driver_sql("SELECT * FROM identity_credentials").all()
        columns = connection.exec_driver_sql("PRAGMA table_info(identity_credentials)").all()
    assert len(rows) == 1
    assert x not in str(rows)
    assert {column[1] for column in columns} == {
        "credential_id", "sequence", "row_index", "key_number", "list_number", "list_index",
        "issued_at_us", "expires_at_us", "withdrawn_at_us",
    }  # fmt: skip
    files = b"".join(path.read_bytes() for path in desk.database.home.path.glob("assay.db*"))
    assert x.encode() not in files
    assert compress_key(desk.holder.public_key()) not in files


def test_key_files_are_their_owners_only(desk: Desk) -> None:
    desk.issue()
    path = desk.database.home.keys / "credentials-1.pem"
    assert path.stat().st_mode & 0o777 == 0o600


def test_another_key_file_does_not_take_over_silently(desk: Desk) -> None:
    issued = desk.issue()
    path = desk.database.home.keys / "credentials-1.pem"
    path.unlink()
    with pytest.raises(KeyUnusable, match="missing"):
        desk.issue()
    Keyring(desk.database.home).create("credentials-1", P256)
    with pytest.raises(KeyUnusable, match="not the one"):
        desk.issue()
    identity.rotate_key(desk.installation)
    after = desk.issue()
    desk.verify(desk.present(after.credential))
    # The list of what the lost key signed can be signed by nobody: so it does not hold.
    with pytest.raises(KeyUnusable):
        desk.verify(desk.present(issued.credential))


@pytest.fixture
def each_database(each_home: Home) -> Iterator[Database]:
    database = Database(each_home)
    yield database
    database.close()


@pytest.mark.slow
def test_the_same_on_each_database_from_several_threads(each_database: Database) -> None:
    said = publish(each_database, NOW)
    desk = Desk(Installation(each_database, Clock()), Clock(), said)
    made: list[Any] = []

    def issue() -> None:
        made.extend(desk.issue() for _ in range(5))

    threads = [threading.Thread(target=issue) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({issued.record.list_index for issued in made}) == 20
    assert {issued.issuer for issued in made} == {load_signer(desk.installation).issuer}
    gone = made[3]
    identity.withdraw_credential(desk.installation, gone.record.credential_id)
    desk.refuse(Reason.WITHDRAWN, desk.present(gone.credential))
    desk.verify(desk.present(made[4].credential))
    challenge = identity.create_challenge(desk.installation)
    taken: list[bool] = []

    def take() -> None:
        with each_database.write() as connection:
            taken.append(store.take_challenge(connection, challenge.nonce, challenge.audience, NOW))

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == [False, False, False, True]
    listed = identity.list_credentials(desk.installation, None, 100)
    assert len(listed) == 20
    with each_database.read() as connection:
        assert ledger.list_overruled(connection, [said.sequence, 7, 8]) == set()
    publish(each_database, NOW + timedelta(seconds=1), corrects=said.publication_id)
    with each_database.read() as connection:
        assert ledger.list_overruled(connection, [said.sequence, 7, 8]) == {said.sequence}


def test_what_is_listed_for_a_type(public_desk: Desk, tmp_path: Path) -> None:
    described = identity.describe_type(public_desk.installation, "grades.trader")
    assert described["vct"] == public_desk.issue().vct
    paths = {tuple(claim["path"]): claim["sd"] for claim in described["claims"]}
    assert paths["origin",] == "never"
    assert paths["evidence",] == "always"
    with pytest.raises(NotFound):
        identity.describe_type(public_desk.installation, "signals")


def test_a_local_installation_has_no_document(desk: Desk) -> None:
    for describe in (identity.describe_issuer, identity.describe_issuer_keys):
        with pytest.raises(NotFound, match="no public name"):
            describe(desk.installation)
