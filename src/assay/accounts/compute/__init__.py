"""Pure rules of this room: what a good password, e-mail, signature request or wait is."""
