"""Small real archives, made in the lab by `tests/lab/make_data`."""

from pathlib import Path

DATA = Path(__file__).parent
DEMO = DATA.parent.parent / "tui" / "demo" / "shop.tar.zst"
