"""The one part of the build that pyproject.toml cannot say: the optional compiled kernels."""

from setuptools import Extension, setup

setup(
    ext_modules=[
        Extension(
            "seqnet.kernels._compiled",
            sources=[f"seqnet/kernels/{name}.c" for name in ("_compiled", "fasta", "tails", "windows")],
            depends=[f"seqnet/kernels/{name}.h" for name in ("fasta", "tails", "windows")],
            # fused multiplications would round differently from processor to processor
            extra_compile_args=["-std=c11", "-O3", "-ffp-contract=off", "-Wall", "-Wextra"],
            py_limited_api=True,
            optional=True,  # without a compiler the numpy twins run instead
        )
    ],
    options={"bdist_wheel": {"py_limited_api": "cp311"}},
)
