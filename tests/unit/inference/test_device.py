import ctypes
import subprocess
import sys

import pytest

SCRIPT = """
import resource, sys
import torch
from seqnet.inference.device import keep_freed

if sys.argv[1] == "kept":
    keep_freed()
def step():
    for rows in (1, 9, 25):  # 4, 36 and 100 MB
        torch.zeros(rows << 20)
for _ in range(5):
    step()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(5):
    step()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallopt"), reason="not glibc")
def test_blocks_that_come_again_touch_no_new_pages():
    plain, kept = (
        int(subprocess.run([sys.executable, "-c", SCRIPT, way], capture_output=True, check=True).stdout)
        for way in ("plain", "kept")
    )
    assert plain > 100  # where the system gives huge pages; else a thousand times as many
    assert kept < plain / 10
