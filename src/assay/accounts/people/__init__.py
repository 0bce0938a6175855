"""The verbs of people: sign up, sign in, prove a wallet, change, export, delete."""
