import numpy as np
import pytest

from seqnet.errors import SeqnetError
from seqnet.formats.tracks.finished_contigs import Parts


def test_parts_are_read_back_and_removed(tmp_path):
    values = np.random.default_rng(0).random((7, 3)).astype(np.float32)
    values[2] = np.nan
    folder = tmp_path / "p" / "q"
    parts = Parts(str(folder), {"tile": 50})
    parts.write(4, [values[:5], values[5:]])
    again = Parts(str(folder), {"tile": 50})
    assert [again.has(4, 7, 3), again.has(4, 8, 3), again.has(3, 7, 3)] == [True, False, False]
    pieces = list(again.read(4, 3, 2))
    assert [len(piece) for piece in pieces] == [2, 2, 2, 1]
    np.testing.assert_array_equal(np.concatenate(pieces), values)
    (folder / "other").write_text("kept")
    again.remove()
    assert [path.name for path in folder.iterdir()] == ["other"]


def test_a_part_that_failed_is_not_there(tmp_path):
    parts = Parts(str(tmp_path / "p"), {})

    def pieces():
        yield np.zeros((2, 2), np.float32)
        raise SeqnetError("broken")

    with pytest.raises(SeqnetError, match="broken"):
        parts.write(0, pieces())
    assert [path.name for path in (tmp_path / "p").iterdir()] == ["parts.json"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"tile": 50}', "p: holds parts of another run: tile was 50 and is 20"),
        ("{", r"parts\.json: is no JSON: "),
        ("[]", r"parts\.json: is no JSON object"),
        ('{"tile": 20, "x": 1}', "x was 1 and is None"),
        (None, "p: holds other files; choose an empty folder"),
    ],
)
def test_folders_of_something_else_are_refused(tmp_path, text, message):
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / ("a" if text is None else "parts.json")).write_text(text or "")
    with pytest.raises(SeqnetError, match=message):
        Parts(str(tmp_path / "p"), {"tile": 20})
