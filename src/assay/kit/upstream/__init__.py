"""The one way to call somebody else's service: patient, but never a burden to it or to us.

Failed calls are repeated after jittered pauses that grow and that honour Retry-After; a host that
keeps failing is left alone for a while (circuit breaker); only so many calls to a host run at a
time; every attempt is counted for /metrics and traced. `assay.kit.upstream.http` does HTTP; a
library that brings its own client is wrapped by `Upstreams.call`.
"""

from assay.kit.upstream.breaker import Breaker, State
from assay.kit.upstream.calling import UPSTREAMS, Failure, Upstreams
from assay.kit.upstream.patience import Patience

__all__ = ["UPSTREAMS", "Breaker", "Failure", "Patience", "State", "Upstreams"]
