"""Signed notes and verifier keys: the specifications' examples, and all that is not quite one."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from assay import ledger
from assay.ledger.compute.notes import Checkpoint, format_vkey, name_key, sign_checkpoint, sign_line
from assay.verifier import (
    COSIGNATURE,
    SIGNATURE,
    Malformed,
    NotVerified,
    VerifierKey,
    check_signed,
    list_signatures,
    parse_checkpoint,
    parse_key,
    parse_note,
)

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw()
ORIGIN = "example.com/log"
HEAD = Checkpoint(ORIGIN, 3, bytes(32))
NOTE = sign_checkpoint(HEAD, [KEY])
LOG = VerifierKey(ORIGIN, SIGNATURE, PUBLIC)

COSIGNED = """\
example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa \
Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— witness.example.com/w1 \
jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==
""".encode()
"""The example of c2sp.org/tlog-cosignature."""

PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PETER_NOTE = """\
If you think cryptography is the answer to your problem,
then you don't know what your problem is.

— PeterNeumann \
x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=
""".encode()
"""The example of golang.org/x/mod/sumdb/note, which the specification grew from."""


def test_the_key_and_note_of_the_first_implementation() -> None:
    key = parse_key(PETER)
    assert (key.name, key.kind, str(key)) == ("PeterNeumann", SIGNATURE, PETER)
    note = parse_note(PETER_NOTE)
    assert list_signatures(note, key) == [0]
    forged = parse_note(PETER_NOTE.replace(b"don't know", b"do know"))
    with pytest.raises(NotVerified, match="does not belong"):
        list_signatures(forged, key)


def test_the_example_of_a_cosigned_checkpoint() -> None:
    head = parse_checkpoint(COSIGNED)
    assert (head.origin, head.size) == ("example.com/behind-the-sofa", 20852163)
    assert base64.b64encode(head.root) == b"CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="
    [_, (name, _, blob)] = head.note.signatures
    assert name == "witness.example.com/w1"
    assert (int.from_bytes(blob[:8]), len(blob)) == (1679315147, 72)


def test_what_we_write_is_what_we_read() -> None:
    head = parse_checkpoint(NOTE)
    assert (head.origin, head.size, head.root) == (HEAD.origin, HEAD.size, HEAD.root)
    assert head.note.text == HEAD.body
    assert parse_key(format_vkey(ORIGIN, PUBLIC)) == LOG
    assert name_key(ORIGIN, PUBLIC) == LOG.key_id == NOTE_ID
    assert check_signed(head, [LOG]) == (ORIGIN,)
    assert ledger.parse_vkey(ledger.format_vkey(ORIGIN, PUBLIC)) == LOG


NOTE_ID = base64.b64decode(NOTE.split()[-1])[:4]


def test_every_key_of_an_overlap_signs() -> None:
    other = Ed25519PrivateKey.generate()
    head = parse_checkpoint(sign_checkpoint(HEAD, [KEY, other]))
    second = VerifierKey(ORIGIN, SIGNATURE, other.public_key().public_bytes_raw())
    assert check_signed(head, [second]) == check_signed(head, [LOG]) == (ORIGIN,)
    assert check_signed(head, [LOG, second]) == (ORIGIN, ORIGIN)


def test_signatures_of_others_are_ignored_and_false_ones_in_a_known_name_refused() -> None:
    stranger = Ed25519PrivateKey.generate()
    strange = NOTE + sign_line("stranger.example", stranger, b"something else\n")
    assert check_signed(parse_checkpoint(strange), [LOG]) == (ORIGIN,)
    with pytest.raises(NotVerified, match="No given key"):
        check_signed(parse_checkpoint(strange), [parse_key(PETER)])
    blob = base64.b64encode(LOG.key_id + stranger.sign(HEAD.body)).decode()
    forged = NOTE + f"\N{EM DASH} {ORIGIN} {blob}\n".encode()
    with pytest.raises(NotVerified, match="does not belong"):
        check_signed(parse_checkpoint(forged), [LOG])


def test_a_cosignature_signs_the_time_and_is_no_signature_of_the_log() -> None:
    witness = VerifierKey("w.example", COSIGNATURE, PUBLIC)
    signature = KEY.sign(b"cosignature/v1\ntime 1700000000\n" + HEAD.body)
    for seconds, is_right in ((1_700_000_000, True), (1_700_000_001, False)):
        blob = base64.b64encode(witness.key_id + seconds.to_bytes(8) + signature).decode()
        note = parse_note(NOTE + f"\N{EM DASH} w.example {blob}\n".encode())
        if is_right:
            assert list_signatures(note, witness) == [seconds]
            with pytest.raises(NotVerified, match="No given key"):
                check_signed(parse_checkpoint(NOTE), [witness])
        else:
            with pytest.raises(NotVerified, match="does not belong"):
                list_signatures(note, witness)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name",
        "name+00000000",
        PETER.replace("c74f20a3", "c74f20a4"),
        PETER.replace("c74f20a3", "C74F20A3"),
        PETER.replace("PeterNeumann", "Peter Neumann"),
        PETER.replace("PeterNeumann", ""),
        PETER[:-4],
        PETER + "=",
        PETER.replace("+ARpc", "+BRpc"),
        PETER.replace("PeterNeumann", "Peter\N{NO-BREAK SPACE}Neumann"),
    ],
)
def test_what_is_no_verifier_key(text: str) -> None:
    with pytest.raises(Malformed, match="no verifier key"):
        parse_key(text)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"\n\n", b"\n"),
        (b"\n3\n", b"\n03\n"),
        (b"\n3\n", b"\n+3\n"),
        (b"\n3\n", b"\n-3\n"),
        (b"\n3\n", b"\n 3\n"),
        (b"\n3\n", b"\n3 \n"),
        (b"\n3\n", "\n٣\n".encode()),
        (b"\n3\n", b"\n\n"),
        (b"\n3\n", b"\n99999999999999999999\n"),
        (b"example.com/log\n3", b"\n3"),
        (b"AAA=\n\n", b"AAB=\n\n"),
        (b"AAA=\n\n", b"A==\n\n"),
        (b"AAA=\n\n", b"AAA\n\n"),
        (b"AAA=\n\n", b"AAA= \n\n"),
        (b"AAA=\n\n", b"AAA=\n\textension\n\n"),
        (b"AAA=\n\n", b"AAA=\n\nextension\n\n"),
        (b"\n3\n", b"\r\n3\n"),
        ("\N{EM DASH} ".encode(), b"- "),
        ("\N{EM DASH} ".encode(), "\N{EM DASH}".encode()),
        ("\N{EM DASH} example".encode(), "\N{EM DASH} exa+mple".encode()),
        ("\N{EM DASH} example".encode(), "\N{EM DASH}  example".encode()),
        (b"example.com/log", b"example.com/\xff"),
    ],
)
def test_what_is_no_checkpoint(old: bytes, new: bytes) -> None:
    assert old in NOTE
    with pytest.raises(Malformed, match=r"no (checkpoint|signed note)"):
        parse_checkpoint(NOTE.replace(old, new, 1))


@pytest.mark.parametrize("raw", [b"", b"\n", b"\n\n", NOTE[:-1], NOTE + b"\n", HEAD.body + b"\n"])
def test_what_is_cut_short_is_no_checkpoint(raw: bytes) -> None:
    with pytest.raises(Malformed):
        parse_checkpoint(raw)


def test_extension_lines_are_signed_and_many_signatures_read() -> None:
    body = HEAD.body + b"more\nto say\n"
    raw = body + b"\n" + sign_line(ORIGIN, KEY, body)
    assert check_signed(parse_checkpoint(raw), [LOG]) == (ORIGIN,)
    line = sign_line("w.example", KEY, HEAD.body)
    assert len(parse_checkpoint(NOTE + line * 99).note.signatures) == 100
    with pytest.raises(Malformed, match="more than 100"):
        parse_checkpoint(NOTE + line * 100)


@given(st.binary(max_size=80), st.integers(0, len(NOTE)), st.integers(0, 80))
def test_reading_never_fails_otherwise(noise: bytes, start: int, length: int) -> None:
    for raw in (noise, NOTE[:start] + noise + NOTE[start + length :]):
        try:
            check_signed(parse_checkpoint(raw), [LOG])
        except NotVerified:
            continue
        assert raw.startswith(HEAD.body + b"\n")
