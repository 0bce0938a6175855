"""What both clients share: requests, retries, paging, decoding, errors. No network, no sleeping."""
