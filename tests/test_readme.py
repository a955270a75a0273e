"""The README says what the code says."""

from tests.readme import README, updated


def test_the_generated_parts_are_up_to_date() -> None:
    text = README.read_text()
    assert updated(text) == text, "run `make readme`"


def test_the_pictures_exist() -> None:
    names = [part.partition(")")[0] for part in README.read_text().split("](")[1:]]
    missing = [
        name
        for name in names
        if not name.startswith("http") and not (README.parent / name).exists()
    ]
    assert not missing
