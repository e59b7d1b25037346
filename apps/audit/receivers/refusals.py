from datetime import timedelta


class NotTaken(Exception):
    """The receiver has not taken it, or not surely. The sentence is ours: no address, no answer of the other side."""

    def __init__(self, sentence: str, *, wait: timedelta | None = None) -> None:
        """`wait` is how long the receiver asks to be left alone."""
        super().__init__(sentence)
        self.wait = wait
