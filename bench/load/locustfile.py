"""How developers use the API, for Locust: mostly small reads, some histories, a little of the rest.

The runner gives by environment: LOAD_KEY (an API key), LOAD_RATE (requests a second of each user;
empty: as fast as they are answered), LOAD_OUT (where the times of every request are written).
"""

import json
import os
from collections import defaultdict

from locust import FastHttpUser, constant, constant_throughput, events, task

KEY = os.environ["LOAD_KEY"]
RATE = os.environ.get("LOAD_RATE", "")
SYMBOLS = [f"COIN{number}" for number in range(40)]
WARM_S = 2.0
times = defaultdict(list)
failures = defaultdict(int)


@events.request.add_listener
def keep(request_type, name, response_time, exception, start_time, **_):
    """Locust itself rounds to whole milliseconds, which is more than an answer takes here."""
    if exception is None:
        times[name].append((start_time, response_time))
    else:
        failures[f"{name}: {exception}"] += 1


@events.quitting.add_listener
def write(environment, **_):
    begun = min((at for found in times.values() for at, _ in found), default=0.0) + WARM_S
    warm = {name: [ms for at, ms in found if at >= begun] for name, found in times.items()}
    span = max((at for found in times.values() for at, _ in found), default=begun) - begun
    with open(os.environ["LOAD_OUT"], "w") as file:
        json.dump({"times": warm, "failures": failures, "seconds": span}, file)


class Developer(FastHttpUser):
    """One program with a key, on a connection that it keeps."""

    wait_time = constant_throughput(float(RATE)) if RATE else constant(0)
    number = 0

    def on_start(self):
        self.client.client.default_headers = {}
        self.headers = {"x-api-key": KEY, "accept-encoding": "gzip"}
        self.etag = self.get("/v1/grades/trader?limit=100", "list").headers["etag"]

    def get(self, path, name, **headers):
        sent = {**self.headers, **headers}
        with self.client.get(path, name=name, headers=sent, catch_response=True) as answer:
            # A gate lets only so many bulk answers be made at a time; others are told to come back.
            turned_away = name == "bulk" and answer.status_code == 503
            if answer.status_code in (200, 304) or turned_away:
                answer.success()
            else:
                answer.failure(f"{answer.status_code}")
        return answer

    def symbol(self):
        self.number += 1
        return SYMBOLS[self.number % len(SYMBOLS)]

    @task(300)
    def one(self):
        self.get(f"/v1/grades/trader/{self.symbol()}?limit=1", "one")

    @task(200)
    def list_of_a_day(self):
        self.get("/v1/grades/trader?limit=100", "list")

    @task(250)
    def unchanged(self):
        self.get("/v1/grades/trader?limit=100", "unchanged (304)", **{"if-none-match": self.etag})

    @task(120)
    def history(self):
        self.get(f"/v1/grades/trader/{self.symbol()}?limit=30", "history")

    @task(80)
    def token_metrics(self):
        path = f"/tokenmetrics/v2/trader-grades?symbol={self.symbol()}&limit=10"
        self.get(path, "Token Metrics")

    @task(5)
    def bulk(self):
        self.get("/v1/grades/trader", "bulk", accept="application/vnd.apache.arrow.stream")

    @task(2)
    def write(self):
        body = json.dumps({"name": "load", "scopes": ["read"]})
        sent = {**self.headers, "content-type": "application/json"}
        with self.client.post(
            "/v1/keys", data=body, name="write", headers=sent, catch_response=True
        ) as made:
            if made.status_code != 201:
                made.failure(f"{made.status_code}")
                return
            made.success()
            key_id = made.json()["data"]["key_id"]
        self.client.delete(f"/v1/keys/{key_id}", name="write", headers=self.headers)
