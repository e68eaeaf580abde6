from xml.etree import ElementTree

from seqnet.reports.curves import learning_curve


def test_the_curve_is_the_same_svg_every_time():
    first = learning_curve([1, 2, 3], [0.7, 0.5, 0.4], [0.7, 0.6, 0.65], 2)
    assert first == learning_curve([1, 2, 3], [0.7, 0.5, 0.4], [0.7, 0.6, 0.65], 2)
    assert first != learning_curve([1, 2, 3], [0.7, 0.5, 0.4], [0.7, 0.6, 0.5], 3)
    texts = {"".join(element.itertext()) for element in ElementTree.fromstring(first).iterfind(".//{*}text")}
    assert {"epoch", "loss", "train", "valid", "best epoch (2)"} <= texts
    assert b"dc:date" not in first


def test_the_curve_is_drawn_in_other_formats_too():
    assert learning_curve([1, 2], [0.7, 0.5], [0.7, 0.6], 2, image="png").startswith(b"\x89PNG")
    assert learning_curve([1, 2], [0.7, 0.5], [0.7, 0.6], 2, image="pdf").startswith(b"%PDF")
