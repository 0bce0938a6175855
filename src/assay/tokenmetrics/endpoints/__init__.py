"""The endpoints of the contract, one file a family: what each reads and how its rows are named."""
