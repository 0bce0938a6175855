"""How each venue's changes follow each other. Sources of the rules: docs/method/feeds.md."""

from assay.feeds.types import Applied, BookDelta, SequenceRule


def check_range(last_id: int, is_first: bool, first: int, last: int) -> Applied:
    """Binance: the first after a snapshot covers `last_id + 1`, each later one begins there."""
    if last <= last_id:
        return Applied.OLD
    if first == last_id + 1 or (is_first and first <= last_id):
        return Applied.APPLIED
    return Applied.GAP


def _check_previous(last_id: int, is_first: bool, delta: BookDelta) -> Applied:
    previous = delta.previous_id
    if previous is None:
        return Applied.GAP
    if previous == last_id:
        # Also OKX's sign of life, which repeats its number, and its restart, which counts lower.
        return Applied.APPLIED
    if is_first and delta.last_id <= last_id:
        return Applied.OLD
    if is_first and previous <= last_id:
        return Applied.APPLIED
    return Applied.GAP


def _check_counted(last_id: int, delta: BookDelta) -> Applied:
    # A change numbered 1 comes from a venue that has restarted (Bybit), not from the past.
    if delta.last_id == last_id + 1:
        return Applied.APPLIED
    return Applied.OLD if 1 < delta.last_id <= last_id else Applied.GAP


def check(rule: SequenceRule, last_id: int, is_first: bool, delta: BookDelta) -> Applied:
    """What is to become of a change, given the number of the last one in the book: APPLIED, OLD,
    GAP, or MALFORMED where the venue sends no changes at all.
    """
    if rule is SequenceRule.RANGE:
        if delta.first_id > delta.last_id:
            return Applied.MALFORMED
        return check_range(last_id, is_first, delta.first_id, delta.last_id)
    if rule is SequenceRule.PREVIOUS:
        return _check_previous(last_id, is_first, delta)
    if rule is SequenceRule.COUNTED:
        return _check_counted(last_id, delta)
    return Applied.APPLIED if rule is SequenceRule.CHECKSUM else Applied.MALFORMED
