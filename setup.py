"""The one part of the build that pyproject.toml cannot say: the optional compiled kernels."""

from setuptools import Extension, setup

# fmt: off
KERNELS = (
    "blocks", "fasta", "gather", "kmers", "maxima", "screen", "shuffle", "tails", "text", "windows",
    "word_maxima",
)
# fmt: on
# each looks for its processor itself and is empty on others
SCREENS = ("screen_portable", "screen_avx2", "screen_avx512")

setup(
    ext_modules=[
        Extension(
            "seqnet.kernels._compiled",
            sources=[f"seqnet/kernels/{name}.c" for name in ("_compiled", *KERNELS, *SCREENS)],
            depends=[f"seqnet/kernels/{name}.h" for name in (*KERNELS, "screen_pass")],
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
