"""Command line: placeholder."""


def main() -> None:
    """Nothing yet."""
