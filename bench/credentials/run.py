"""Credentials a second: issued, shown and checked, beside openvc-core in the same run.

    python bench/credentials/run.py

Ours issues with a durable database row and an inclusion proof of a log of 1,000 publications, and
checks signature, key binding, status list, database, row and log; openvc signs and checks the same
disclosures and key binding in memory, without status or proof. So the ratio says what these cost.
"""

import asyncio
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path

from openvc.keys import P256SigningKey
from openvc.proof.sd_jwt import SdJwtVcProofSuite

from assay import identity, ledger
from assay.kit.clock import SystemClock
from assay.kit.database import Database
from assay.kit.home import Home
from assay.kit.keyring import P256
from assay.ledger import Draft, Kind, canonical_json

KIND = Kind("grades.trader", timedelta(hours=24), timedelta(days=1))
ROWS = [
    {"token_id": place, "symbol": f"T{place}", "name": f"Coin {place}", "grade": "71.23",
     "label": "Buy", "rank": place + 1, "probability": "0.51", "no_view": None}
    for place in range(300)
]  # fmt: skip


def rate(work, count):
    """(calls a second, CPU microseconds of this thread a call)."""
    start, began = time.perf_counter(), time.thread_time()
    for _ in range(count):
        work()
    return count / (time.perf_counter() - start), (time.thread_time() - began) / count * 1e6


async def directly(work, *args, **named):
    return work(*args, **named)


def measure_ours(folder):
    database, clock = Database(Home(Path(folder))), SystemClock()
    rows, now = canonical_json(ROWS), clock.now()
    with ledger.write_ledger(database) as writer:
        for day in range(1_000):
            draft = Draft(
                KIND, date(2023, 1, 1) + timedelta(day), rows, "ab" * 32, now, "m", f"c{day}"
            )
            said = writer.save(draft, now, is_replay=False)
    holder = P256.create()
    installation = identity.Installation(database, clock)
    jwk = identity.write_jwk(holder.public_key())
    order = identity.Order(said.publication_id, jwk, row=77)
    issued = identity.issue_credential(installation, order)

    def present(disclosed):
        return identity.present_credential(
            issued.credential, disclosed, holder, audience="v", nonce="n", now=clock.now()
        )

    def check(shown):
        expected = identity.Expected("v", "n")
        return identity.verify_credential(installation, shown, expected, run=directly)

    loop = asyncio.new_event_loop()

    def check_now(shown):
        loop.run_until_complete(check(shown))

    part, whole = present(["symbol", "grade"]), present(None)
    found = {
        "issue": rate(lambda: identity.issue_credential(installation, order), 200),
        "present": rate(lambda: present(["symbol", "grade"]), 1_000),
        "verify a part": rate(lambda: check_now(part), 500),
        "verify with row and log": rate(lambda: check_now(whole), 500),
        "status list signed": rate(
            lambda: (
                installation.published.forget(installation.locate_list(1)),
                identity.publish_list(installation, 1),
            ),
            100,
        ),
    }
    print(f"bytes: credential {len(issued.credential)}, part {len(part)}, whole {len(whole)},"
          f" status list {len(identity.publish_list(installation, 1))}")  # fmt: skip
    loop.close()
    database.close()
    return found


def measure_peer():
    issuer, holder = P256SigningKey.generate(kid="i"), P256SigningKey.generate(kid="h")
    suite, names = SdJwtVcProofSuite(), list(ROWS[0])
    claims = {"iss": "https://issuer.example", **ROWS[77]}

    def issue():
        return suite.issue(
            dict(claims), signing_key=issuer, disclosable=names, holder_jwk=holder.public_jwk(),
            vct="v", expires_in_s=3_600,
        )  # fmt: skip

    issued = issue()

    def present():
        return suite.create_presentation(issued, holder_key=holder, audience="v", nonce="n")

    shown = present()

    def verify():
        suite.verify(
            shown, public_key_jwk=issuer.public_jwk(), audience="v", nonce="n",
            require_key_binding=True, expected_vct="v",
        )  # fmt: skip

    return {"issue": rate(issue, 500), "present": rate(present, 1_000), "verify": rate(verify, 500)}


def main():
    with tempfile.TemporaryDirectory() as folder:
        ours = measure_ours(folder)
    peer = measure_peer()
    for name, (per_s, cpu_us) in ours.items():
        other = peer.get(name.split()[0])
        beside = f"   openvc in memory {other[0]:7.0f}/s {other[1]:6.0f} us" if other else ""
        print(f"{name:<24} {per_s:7.0f}/s {cpu_us:6.0f} us CPU{beside}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
