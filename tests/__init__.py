"""Our tests, as a package: another one of this name, which a peer installs, must not come first."""
