"""The version, which every output names."""

__version__ = "0.2.0.dev0"
