"""Organs."""


def paint(canvas, body) -> None:
    return None


def paint_head(canvas, body) -> None:
    return None


def paint_canal(canvas, body) -> None:
    return None
