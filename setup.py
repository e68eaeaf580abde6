"""The one part of the build that pyproject.toml cannot say: the optional compiled kernels."""

from pathlib import Path

from setuptools import Extension, setup

SOURCES = Path("seqnet/kernels/src")

setup(
    ext_modules=[
        Extension(
            "seqnet.kernels._compiled",
            sources=sorted(map(str, SOURCES.rglob("*.c"))),
            depends=sorted(map(str, SOURCES.rglob("*.h"))),
            # fused multiplications would round differently from processor to processor
            extra_compile_args=[
                *("-std=c11", "-O3", "-ffp-contract=off", "-Wall", "-Wextra"),
                "-Werror=implicit-function-declaration",  # not in the limited API, or not C11
            ],
            py_limited_api=True,
            optional=True,  # without a compiler the numpy twins run instead
        )
    ],
    options={"bdist_wheel": {"py_limited_api": "cp311"}},
)
