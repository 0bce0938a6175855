# pragma version 0.4.3
# pragma evm-version paris
# SPDX-License-Identifier: Apache-2.0
"""
@title Roots of one transparency log
@notice Keeps the root of each anchored size. Only the owner anchors, and only ever larger trees, so
        nobody can take back or replace what the log showed at an earlier block's time.
"""

event Anchored:
    origin: indexed(bytes32)
    size: indexed(uint256)
    root: bytes32

owner: public(immutable(address))
origin: public(immutable(bytes32))  # SHA-256 of the log's origin line, without its newline
size: public(uint256)
root_at: public(HashMap[uint256, bytes32])


@deploy
def __init__(log_origin: bytes32):
    owner = msg.sender
    origin = log_origin


@external
def anchor(size: uint256, root: bytes32):
    assert msg.sender == owner, "not the owner"
    assert size > self.size, "the size must grow"
    assert root != empty(bytes32), "no root"
    self.size = size
    self.root_at[size] = root
    log Anchored(origin=origin, size=size, root=root)
