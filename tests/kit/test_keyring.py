"""Private keys: made once, for their owner only, encrypted under a passphrase, never told."""

import logging
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from assay.kit.errors import KeyUnusable
from assay.kit.home import Home
from assay.kit.keyring import ED25519, P256, SECP256K1, Keyring

WORDS = "correct horse battery staple"

MAKE = """
import sys
from pathlib import Path
from assay.kit.home import Home
from assay.kit.keyring import ED25519, Keyring
sys.stdin.readline()
key = Keyring(Home(Path(sys.argv[1]))).load_or_create("log", ED25519)
print(key.public_key().public_bytes_raw().hex())
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home").create()


def lock(home: Home, words: str = WORDS) -> Home:
    """The same home with the passphrase `words`."""
    file = home.path.with_name("passphrase")
    file.write_text(f"{words}\nthe second line counts for nothing\n")
    return Home(home.path, keys_passphrase_file=file)


def test_a_key_is_made_once_and_its_owner_alone_may_read_it(home: Home) -> None:
    first = Keyring(home).load_or_create("log", ED25519)
    again = Keyring(home).load_or_create("log", ED25519)
    assert first.private_bytes_raw() == again.private_bytes_raw()
    assert stat.S_IMODE(Keyring(home).find_path("log").stat().st_mode) == 0o600
    assert stat.S_IMODE(home.keys.stat().st_mode) == 0o700
    assert [path.name for path in home.keys.iterdir()] == ["log.pem"]
    with pytest.raises(FileExistsError):
        Keyring(home).create("log", ED25519)


@pytest.mark.parametrize("words", ["", WORDS])
def test_each_kind_comes_back_as_it_was(home: Home, words: str) -> None:
    ring = Keyring(lock(home, words) if words else home)
    for kind in (P256, SECP256K1):
        made, loaded = ring.create(kind.name.lower(), kind), ring.load(kind.name.lower(), kind)
        assert made.private_numbers() == loaded.private_numbers()
        assert loaded.curve.key_size == 256
    with pytest.raises(KeyUnusable, match="no Ed25519 key"):
        ring.load("p-256", ED25519)
    with pytest.raises(KeyUnusable, match="no P-256 key"):
        ring.load("secp256k1", P256)


def test_a_missing_key_is_named_and_never_made_by_loading(home: Home) -> None:
    with pytest.raises(KeyUnusable, match=r"log\.pem is missing.*from the host that has it"):
        Keyring(home).load("log", ED25519)
    assert not Keyring(home).has("log")


def test_under_a_passphrase_keys_are_encrypted_and_plain_ones_become_so(home: Home) -> None:
    plain = Keyring(home).create("log", ED25519)
    path = Keyring(home).find_path("log")
    assert b"BEGIN PRIVATE KEY" in path.read_bytes()
    ring = Keyring(lock(home))
    assert ring.load("log", ED25519).private_bytes_raw() == plain.private_bytes_raw()
    sealed = path.read_bytes()
    assert b"BEGIN ENCRYPTED PRIVATE KEY" in sealed
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert ring.load("log", ED25519).private_bytes_raw() == plain.private_bytes_raw()
    assert path.read_bytes() == sealed


def test_a_wrong_passphrase_is_named_and_nothing_secret_is_said(
    home: Home, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    caplog.set_level(logging.DEBUG)
    key = Keyring(lock(home)).create("log", ED25519)
    told = []
    with pytest.raises(KeyUnusable, match="another passphrase") as wrong:
        Keyring(lock(home, "a wrong one")).load("log", ED25519)
    told.append(wrong.value)
    with pytest.raises(KeyUnusable, match="ASSAY_KEYS_PASSPHRASE_FILE") as locked:
        Keyring(home).load("log", ED25519)
    told.append(locked.value)
    (tmp_path / "passphrase").write_text("")
    with pytest.raises(KeyUnusable, match="holds no passphrase") as empty:
        Keyring(Home(home.path, keys_passphrase_file=tmp_path / "passphrase")).load("log", ED25519)
    told.append(empty.value)
    said = caplog.text + "".join(f"{error} {error!r} {error.__cause__}" for error in told)
    private = key.private_bytes_raw()
    for secret in (WORDS, "a wrong one", private.hex(), repr(private)):
        assert secret not in said


@pytest.mark.parametrize("cut", [0, 40, 80])
def test_a_damaged_key_is_named(home: Home, cut: int) -> None:
    Keyring(home).create("log", ED25519)
    path = Keyring(home).find_path("log")
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(KeyUnusable, match="is damaged"):
        Keyring(home).load("log", ED25519)


def test_openssl_opens_a_sealed_key_with_what_the_first_line_says(home: Home) -> None:
    """So nobody needs Assay to get at a key of their own."""
    made = Keyring(lock(home)).create("log", ED25519)
    path = Keyring(home).find_path("log")
    words = dict(word.split("=") for word in path.read_text().splitlines()[0].split()[2:])
    derive = ["openssl", "kdf", "-keylen", "32", "-kdfopt", f"pass:{WORDS}"]
    for name in ("n", "r", "p"):
        derive += ["-kdfopt", f"{name}:{words[name]}"]
    derive += ["-kdfopt", f"hexsalt:{words['salt']}", "-kdfopt", f"maxmem_bytes:{2**28}", "SCRYPT"]
    told = subprocess.run(derive, capture_output=True, text=True, check=True).stdout
    password = told.replace(":", "").strip().lower()
    opened = subprocess.run(
        ["openssl", "pkey", "-in", str(path), "-passin", f"pass:{password}", "-pubout"],
        capture_output=True,
        check=True,
    )
    public = made.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    assert opened.stdout == public


@pytest.mark.slow
def test_of_processes_that_start_at_once_one_makes_the_key(home: Home) -> None:
    command = [sys.executable, "-c", MAKE, str(home.path)]
    started = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    told = {process.communicate("go\n")[0] for process in started}
    assert len(told) == 1
    assert told != {""}
