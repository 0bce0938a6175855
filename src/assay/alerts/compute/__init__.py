"""What is decided of alerts. Pure: no clock, network, disk, randomness."""
