"""The one part of the build that pyproject.toml cannot say: the optional compiled kernels."""

from setuptools import Extension, setup

setup(
    ext_modules=[
        Extension(
            "seqnet.kernels._compiled",
            sources=["seqnet/kernels/_compiled.c", "seqnet/kernels/fasta.c"],
            depends=["seqnet/kernels/fasta.h"],
            extra_compile_args=["-std=c11", "-O3", "-Wall", "-Wextra"],
            py_limited_api=True,
            optional=True,  # without a compiler the numpy twins run instead
        )
    ],
    options={"bdist_wheel": {"py_limited_api": "cp311"}},
)
