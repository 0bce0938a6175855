"""Senders: what goes over the network to a channel."""
