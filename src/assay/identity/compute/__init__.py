"""Tokens, disclosures, DIDs, status lists and the claims of a credential. Pure."""
